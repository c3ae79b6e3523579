"""Where an address that may hold a password is kept: an environment variable, or a block of Prefect's."""

import re
from typing import Literal, NamedTuple

_FORM = re.compile(r"(env:[A-Za-z_][A-Za-z0-9_]*|block:[a-z0-9][a-z0-9-]*)")

Place = Literal["env", "block"]


class Reference(NamedTuple):
    """``place``: env, a variable, or block, a Prefect Secret block; and its name there."""

    place: Place
    name: str


def require_address(text: str) -> str:
    """``text``, if it says where an address is.

    Raises:
        ValueError: without what was given: that may be the address, with its password.
    """
    if not _FORM.fullmatch(text):
        raise ValueError(
            "an address with its password is not written into settings; put it into an environment "
            "variable or a Prefect Secret block and name that here, as env:VARIABLE or block:NAME"
        )
    return text


def reference_of(text: str) -> Reference:
    """What ``require_address`` let pass, in its parts."""
    place, _, name = text.partition(":")
    return Reference("env" if place == "env" else "block", name)
