"""The reports of the home, as they were written: shown and never run."""

import re
from ipaddress import ip_address
from pathlib import Path

from starlette.responses import FileResponse

from orderworks.model.loopback import LOOPBACK

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\.html", re.ASCII)

CONFINED = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; sandbox; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""A report brings its own styles and pictures; nothing in it runs, sends or is fetched."""


def address_of(host: str, port: int, name: str) -> str | None:
    """Where a report can be seen from this machine while a blotter serves there; None at any port."""
    if not port:
        return None
    own = LOOPBACK if _is_every_address(host) else host
    shown = f"[{own}]" if ":" in own else own
    return f"http://{shown}:{port}/reports/{name}"


def _is_every_address(host: str) -> bool:
    """Whether a server there is reached on loopback, too."""
    try:
        return ip_address(host).is_unspecified
    except ValueError:
        return False


def names(folder: Path) -> list[str]:
    """Every report, the newest name first."""
    if not folder.is_dir():
        return []
    return sorted(
        (path.name for path in folder.iterdir() if _NAME.fullmatch(path.name) and path.is_file()),
        reverse=True,
    )


def served(folder: Path, name: str) -> FileResponse | None:
    """A report; None where the folder itself has none of this name."""
    path = folder / name
    if not _NAME.fullmatch(name) or path.is_symlink() or not path.is_file():
        return None
    return FileResponse(path, media_type="text/html", headers={"Content-Security-Policy": CONFINED})
