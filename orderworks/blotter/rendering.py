"""Templates filled in; every value is escaped, unless it is markup of our own."""

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

from orderworks.blotter.views import LISTS

LIVE = "live"
"""The block of a page that follows the session: it alone is asked for again."""

_TEMPLATES = Environment(
    loader=PackageLoader("orderworks.blotter"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.globals.update(views=LISTS)
_TEMPLATES.globals["parts"] = _TEMPLATES.get_template("_parts.html").module
LOGIN_STYLE = _TEMPLATES.get_template("login.css").render()
_TEMPLATES.filters.update(total=lambda value: f"{value:,.2f}", whole=lambda value: f"{value:,}")


def rendered(template: str, values: Mapping[str, Any], *, only_live: bool = False) -> HTMLResponse:
    """A page, or of it what follows the session.

    Args:
        values: ``status`` is that of the answer, 200 if there is none.
    """
    found = _TEMPLATES.get_template(template)
    filled = {"status": 200, **values}
    live = "".join(found.blocks[LIVE](found.new_context(filled))) if only_live else None
    text = found.render(filled) if live is None else live
    return HTMLResponse(text, int(filled["status"]))
