"""Values as JSON and back, by their types alone: a new field of a word of the model needs no code.

Decimals and ratios travel as text, times as ISO 8601 in UTC, records (dataclasses and named tuples) as
objects without what is None. What comes in is checked to the letter: nothing is built from a value that
does not fit its type.
"""

import types
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from fractions import Fraction
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")

WHOLE_BITS = 63
"""Whole numbers fit what a database and an array can hold."""
DECIMAL_DIGITS = 64
"""A decimal has no more digits, and its exponent is no larger, than any price or sum can need."""


class Malformed(ValueError):
    """What came does not fit the type that was expected; says where, and why."""

    def __init__(self, problem: str, place: str = "") -> None:
        super().__init__(f"{place}: {problem}" if place else problem)
        self.problem = problem
        self.place = place

    def within(self, outer: str) -> "Malformed":
        """The same problem, seen from the value around it."""
        between = "." if self.place and not self.place.startswith("[") else ""
        return Malformed(self.problem, outer + between + self.place)


def encode(value: object) -> Any:
    """``value`` as what ``json`` writes."""
    kind: Any = type(value)
    return _encoder(kind)(value)


def decode(kind: type[T], data: object) -> T:
    """The value of type ``kind`` that ``encode`` made ``data`` from.

    Raises:
        Malformed: naming the place that does not fit.
    """
    expected: Any = kind
    return cast("T", _decoder(expected)(data))


# Out --------------------------------------------------------------------------------------------


@cache
def _encoder(kind: type) -> Callable[[Any], Any]:
    if issubclass(kind, StrEnum):
        return lambda value: value.value
    if kind in (str, int, float, bool, types.NoneType):
        return lambda value: value
    if kind in (Decimal, Fraction):
        return str
    if kind is datetime:
        return _instant_out
    if kind is date:
        return date.isoformat
    if kind in (list, tuple):
        return lambda value: [encode(item) for item in value]
    if kind is dict:
        return lambda value: {str(encode(key)): encode(item) for key, item in value.items()}
    if _is_record(kind):
        names = list(_fields(kind))
        return lambda value: {
            name: encode(held) for name in names if (held := getattr(value, name)) is not None
        }
    raise TypeError(f"{kind.__name__} is no type that travels")


def _instant_out(value: datetime) -> str:
    if value.utcoffset() is None:
        raise ValueError(f"a time that travels must have a zone, not {value}")
    return value.astimezone(UTC).isoformat()


# In ---------------------------------------------------------------------------------------------


@cache
def _decoder(kind: Any) -> Callable[[Any], Any]:
    if kind in _PLAIN:
        return _PLAIN[kind]
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (types.UnionType, Union):
        return _optional(arguments)
    if origin in (list, tuple):
        return _sequence(origin, _decoder(arguments[0]))
    if origin is dict:
        return _mapping(_decoder(arguments[0]), _decoder(arguments[1]))
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return _enumeration(kind)
    if _is_record(kind):
        return _record(kind)
    raise TypeError(f"{kind} is no type that travels")


def _text(data: Any) -> str:
    if not isinstance(data, str):
        raise Malformed(f"must be text, not {_shown(data)}")
    # No database takes a NUL, nor half of a pair of UTF-16.
    if not data.isascii() and any("\ud800" <= letter <= "\udfff" for letter in data):
        raise Malformed("must be text that UTF-8 can write")
    if "\0" in data:
        raise Malformed("must be text without NUL")
    return data


def _whole(data: Any) -> int:
    if type(data) is not int or data.bit_length() > WHOLE_BITS:
        raise Malformed(f"must be a whole number of 64 bits, not {_shown(data)}")
    return data


def _truth(data: Any) -> bool:
    if not isinstance(data, bool):
        raise Malformed(f"must be true or false, not {_shown(data)}")
    return data


def _measure(data: Any) -> float:
    if type(data) not in (int, float) or not abs(data) <= 2**WHOLE_BITS:
        raise Malformed(f"must be a number, not {_shown(data)}")
    return float(data)


def _exact(data: Any) -> Decimal:
    try:
        value = Decimal(data) if isinstance(data, str) else None
    except InvalidOperation:
        value = None
    if value is None or not value.is_finite():
        raise Malformed(f"must be a decimal written as text, not {_shown(data)}")
    _, digits, exponent = value.as_tuple()
    if len(digits) > DECIMAL_DIGITS or abs(int(exponent)) > DECIMAL_DIGITS:
        raise Malformed(f"must be a decimal of at most {DECIMAL_DIGITS} digits")
    return value


def _ratio(data: Any) -> Fraction:
    parts = data.split("/") if isinstance(data, str) and len(data) <= DECIMAL_DIGITS else []
    if not (1 <= len(parts) <= 2 and all(one.isascii() and one.isdigit() for one in parts)):
        raise Malformed(f"must be a ratio written as 2 or 3/2, not {_shown(data)}")
    if len(parts) == 2 and not int(parts[1]):
        raise Malformed(f"must be a ratio that does not divide by 0, not {_shown(data)}")
    return Fraction(data)


def _instant(data: Any) -> datetime:
    try:
        moment = datetime.fromisoformat(data) if isinstance(data, str) else None
        if moment is not None and moment.utcoffset() is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise Malformed(f"must be a time with a zone such as 2026-11-20T14:30:00Z, not {_shown(data)}")


def _day(data: Any) -> date:
    try:
        if isinstance(data, str):
            return date.fromisoformat(data)
    except ValueError:
        pass
    raise Malformed(f"must be a date such as 2026-11-20, not {_shown(data)}")


_PLAIN: dict[Any, Callable[[Any], Any]] = {
    str: _text,
    int: _whole,
    bool: _truth,
    float: _measure,
    Decimal: _exact,
    Fraction: _ratio,
    datetime: _instant,
    date: _day,
}


def _optional(arguments: tuple[Any, ...]) -> Callable[[Any], Any]:
    (present,) = (argument for argument in arguments if argument is not types.NoneType)
    inner = _decoder(present)
    return lambda data: None if data is None else inner(data)


def _sequence(kind: type, inner: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def read(data: Any) -> Any:
        if not isinstance(data, list):
            raise Malformed(f"must be a list, not {_shown(data)}")
        items: list[Any] = []
        try:
            for item in data:
                items.append(inner(item))
        except Malformed as error:
            raise error.within(f"[{len(items)}]") from None
        return kind(items)

    return read


def _mapping(of_key: Callable[[Any], Any], of_item: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def read(data: Any) -> Any:
        _require_object(data)
        read_so_far = {}
        for key, item in data.items():
            try:
                read_so_far[of_key(key)] = of_item(item)
            except Malformed as error:
                raise error.within(str(key)) from None
        return read_so_far

    return read


def _enumeration(kind: type[StrEnum]) -> Callable[[Any], Any]:
    members = {member.value: member for member in kind}

    def read(data: Any) -> StrEnum:
        member = members.get(data) if isinstance(data, str) else None
        if member is None:
            raise Malformed(f"must be one of {', '.join(members)}, not {_shown(data)}")
        return member

    return read


def _is_record(kind: Any) -> bool:
    return is_dataclass(kind) or hasattr(kind, "_field_defaults")


def _fields(kind: Any) -> dict[str, bool]:
    """The fields of a record, and whether each has a default."""
    if not is_dataclass(kind):
        return {name: name in kind._field_defaults for name in kind._fields}
    return {
        field.name: not (field.default is MISSING and field.default_factory is MISSING)
        for field in fields(kind)
    }


def _record(kind: Any) -> Callable[[Any], Any]:
    hints = get_type_hints(kind)
    defaults = _fields(kind)
    readers = {name: _decoder(hints[name]) for name in defaults}
    required = {name for name, has_default in defaults.items() if not has_default}
    # What is None does not travel, so its absence means None.
    absent = {name: None for name in required if types.NoneType in get_args(hints[name])}
    required -= absent.keys()

    def read(data: Any) -> Any:
        _require_object(data)
        if missing := required - data.keys():
            raise Malformed(f"{min(missing)} is missing")
        values: dict[str, Any] = dict(absent)
        for name, item in data.items():
            reader = readers.get(name)
            if reader is None:
                raise Malformed(f"{_shown(name)} is not known here")
            try:
                values[name] = reader(item)
            except Malformed as error:
                raise error.within(name) from None
        try:
            return kind(**values)
        except ValueError as error:
            raise Malformed(str(error)) from None

    return read


def _require_object(data: Any) -> None:
    if not isinstance(data, dict):
        raise Malformed(f"must be an object, not {_shown(data)}")


def _shown(data: Any) -> str:
    """What came, short enough for a sentence."""
    if isinstance(data, list | dict):
        return "a list" if isinstance(data, list) else "an object"
    if type(data) is int and data.bit_length() > WHOLE_BITS:
        return "a larger one"
    shown = repr(data)
    return shown if len(shown) <= 40 else shown[:37] + "..."
