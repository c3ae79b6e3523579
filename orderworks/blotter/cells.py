"""Values as a person reads them: rounded, in New York's time; '-' is what is not known."""

from datetime import UTC, date, datetime
from decimal import Decimal
from math import isfinite

from markupsafe import Markup

from orderworks.ledger.resource import Kind
from orderworks.market.calendar import NEW_YORK

MISSING = Markup('<span class="missing" title="not known">-</span>')

RIGHT = frozenset({Kind.INTEGER, Kind.MEASURE, Kind.MONEY})
SENTENCES = frozenset({"message", "reason", "resolution"})


def placed(name: str, kind: Kind) -> str:
    """How a column of these values stands: numbers to the right, sentences on several lines."""
    return "right" if kind in RIGHT else "sentence" if name in SENTENCES else ""


def cell(name: str, kind: Kind, value: object) -> str | Markup:
    """A value of the field ``name``."""
    match value:
        case None:
            return MISSING
        case float():
            return _measure(name, value) if isfinite(value) else MISSING
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case Decimal():
            return _money(value)
        case datetime():
            return moment(value)
        case date():
            return value.isoformat()
        case _ if name in ("state", "to_state", "from_state"):
            return Markup('<span class="state state-{}">{}</span>').format(
                str(value).lower(), str(value).replace("_", " ").capitalize()
            )
        case _ if name == "side":
            return Markup('<span class="side side-{}">{}</span>').format(value, value)
        case _:
            return str(value)


def moment(at: datetime) -> Markup:
    """A time of day in New York; the whole of it, in UTC, stands behind it."""
    whole = at.astimezone(UTC)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        whole.isoformat(),
        f"{whole:%Y-%m-%d %H:%M:%S.%f} UTC",
        f"{at.astimezone(NEW_YORK):%d %b %H:%M:%S}",
    )


def progress(filled: int, quantity: int, label: str) -> Markup:
    """A bar of what is filled; ``label`` says of what, to who does not see it."""
    per_cent = 100 * filled // quantity if quantity else 0
    return Markup(
        '<span class="progress"><progress max="{}" value="{}" aria-label="{}"></progress>'
        '<span class="per-cent">{} %</span></span>'
    ).format(quantity or 1, filled, label, per_cent)


def _measure(name: str, value: float) -> str:
    if name == "fill_rate":
        return f"{100 * value:.0f} %"
    if name.endswith("_ms"):
        return f"{value:,.0f}"
    return f"{value:+,.1f}" if abs(value) >= 0.05 else "0.0"


def _money(value: Decimal) -> str:
    """Two decimals, or up to four where it has them."""
    whole, _, rest = f"{value:,.4f}".partition(".")
    return f"{whole}.{rest.rstrip('0'):0<2}"
