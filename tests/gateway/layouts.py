"""Messages as data: which fields they have, in which order, at which server version.

A message on the wire is a length and fields of text, each ended by a NUL. A layout names its fields;
one function reads a message by it, another writes one.
"""

import struct
from asyncio import StreamReader
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Values = dict[str, Any]
"""The fields of a message by name: text, and for what is repeated a list of such."""

LONGEST = 1 << 20


class Unreadable(ValueError):
    """A message has fewer fields than its layout."""


@dataclass(frozen=True, slots=True)
class Constant:
    """A field that is always the same; what comes in its place is passed over."""

    text: str


class Since:
    """Fields that there are from a server version on."""

    def __init__(self, version: int, *items: "Item") -> None:
        self.version, self.items = version, items


class Before:
    """Fields that there were before a server version."""

    def __init__(self, version: int, *items: "Item") -> None:
        self.version, self.items = version, items


class When:
    """Fields that there are where an earlier one passes a test."""

    def __init__(self, name: str, test: Callable[[str], bool], *items: "Item") -> None:
        self.name, self.test, self.items = name, test, items


class Repeated:
    """A number, and so many times these fields."""

    def __init__(self, name: str, *items: "Item") -> None:
        self.name, self.items = name, items


Item: TypeAlias = str | Constant | Since | Before | When | Repeated
Layout = tuple[Item, ...]


def named(names: str) -> Layout:
    """A layout of plain fields from their names."""
    return tuple(names.split())


def read(layout: Layout, fields: Iterator[str], version: int) -> Values:
    """The fields of a message by name.

    Raises:
        Unreadable: if there are too few.
    """
    values: Values = {}
    try:
        _read(layout, fields, version, values)
    except StopIteration:
        raise Unreadable(f"a message ends after the fields {values}") from None
    return values


def _read(layout: Layout, fields: Iterator[str], version: int, values: Values) -> None:
    for item in layout:
        match item:
            case str():
                values[item] = next(fields)
            case Constant():
                next(fields)
            case Repeated():
                rows: list[Values] = []
                for _ in range(int(next(fields) or 0)):
                    row: Values = {}
                    _read(item.items, fields, version, row)
                    rows.append(row)
                values[item.name] = rows
            case _:
                if _applies(item, values, version):
                    _read(item.items, fields, version, values)


def write(layout: Layout, values: Mapping[str, Any], version: int) -> list[str]:
    """The fields of a message in order; one without a value is empty."""
    fields: list[str] = []
    for item in layout:
        match item:
            case str():
                fields.append(text(values.get(item)))
            case Constant():
                fields.append(item.text)
            case Repeated():
                rows = values.get(item.name) or []
                fields.append(str(len(rows)))
                for row in rows:
                    fields += write(item.items, row, version)
            case _:
                if _applies(item, values, version):
                    fields += write(item.items, values, version)
    return fields


def _applies(item: Since | Before | When, values: Mapping[str, Any], version: int) -> bool:
    match item:
        case Since():
            return version >= item.version
        case Before():
            return version < item.version
        case When():
            return item.test(text(values.get(item.name)))


def text(value: object) -> str:
    """A value as a field: nothing is empty, a truth value 1 or 0."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value)


def frame(fields: list[str]) -> bytes:
    """A message as it goes over the wire."""
    body = "".join(f"{field}\0" for field in fields).encode()
    return struct.pack(">I", len(body)) + body


async def read_frame(reader: StreamReader) -> list[str]:
    """The fields of the next message.

    Raises:
        asyncio.IncompleteReadError: where the line ends.
        Unreadable: where it cannot be a message.
    """
    (length,) = struct.unpack(">I", await reader.readexactly(4))
    if length > LONGEST:
        raise Unreadable(f"a message of {length} bytes is longer than {LONGEST}")
    body = await reader.readexactly(length)
    # The first message of all, the versions, is not ended.
    return body.decode().removesuffix("\0").split("\0")
