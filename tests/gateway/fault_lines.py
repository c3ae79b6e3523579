"""Faults as lines of text, for a gateway that is a process of its own.

``request.PLACE_ORDER 2 Say 10349`` befalls the second placeOrder, and without the number
``request.PLACE_ORDER Say 10349`` the next one; what a fault takes stands behind its name in order.
"""

from collections.abc import Callable, Iterable
from dataclasses import fields
from typing import Any, get_type_hints

from .answers import Answer
from .faults import BEFALLS, Fault, Faults, Kind
from .requests import Request

NAMED = {one.__name__: one for one in BEFALLS}
KINDS: dict[str, Kind] = {
    **{f"request.{one.name}": one for one in Request},
    **{f"answer.{one.name}": one for one in Answer},
}


def read_line(line: str) -> tuple[Kind, int | None, Fault]:
    """The kind of message, its number where there is one, and what befalls it.

    Raises:
        ValueError: saying what is wrong with the line.
    """
    kind, *rest = line.split()
    number = int(rest.pop(0)) if rest and rest[0].isdigit() else None
    if kind not in KINDS:
        raise ValueError(f"there is no message {kind}; they begin with request. or answer.")
    if not rest or rest[0] not in NAMED:
        raise ValueError(f"there is no fault {' '.join(rest[:1])}; there are {', '.join(NAMED)}")
    fault: Callable[..., Fault] = NAMED[rest[0]]
    types = get_type_hints(NAMED[rest[0]])
    given = zip((one.name for one in fields(NAMED[rest[0]])), rest[1:], strict=False)
    return KINDS[kind], number, fault(**{name: _value(types[name], text) for name, text in given})


def read_script(lines: Iterable[str]) -> Faults:
    """The faults of a file, one a line; an empty line and one that begins with # say nothing.

    Raises:
        ValueError: for a line that is no fault or has no number.
    """
    script = {}
    for line in lines:
        if not line.strip() or line.startswith("#"):
            continue
        kind, number, fault = read_line(line)
        if number is None:
            raise ValueError(f"which message of its kind is missing in: {line.strip()}")
        script[kind, number] = fault
    return Faults(script)


def _value(wanted: Any, text: str) -> object:
    if wanted is bool:
        return text == "true"
    return text if wanted is str else float(text) if wanted is float else int(text)
