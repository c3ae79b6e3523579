"""Rows as the text that PostgreSQL reads: the lines of a COPY, and arrays of one column.

A column at a time: to adapt each value by itself costs as much as to store it. Values are None, text,
or what ``str`` spells as PostgreSQL does: numbers, times, booleans.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from types import NoneType
from typing import Any

from psycopg import Copy

BLOCK = 1_000
"""Rows a message: the server stores one while the next is spelled."""

_PLAIN = frozenset({int, bool, float, Decimal})
"""Types of which nothing is spelled with a character that means something else."""
_IN_COPY = {"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"}
_IN_ARRAY = {"\\": r"\\", '"': r"\""}


def send_rows(copy: Copy, columns: Sequence[Sequence[Any]]) -> None:
    """Sends rows, given by their columns, all of one length, to a COPY that reads text."""
    (count,) = set(map(len, columns))
    for start in range(0, count, BLOCK):
        block = [values[start : start + BLOCK] for values in columns]
        texts = [_spelled(values, r"\N", _escaped) for values in block]
        copy.write("\n".join(map("\t".join, zip(*texts, strict=True))) + "\n")


def said(columns: Mapping[str, Sequence[Any]]) -> dict[str, Sequence[Any]]:
    """The columns in which at least one row says something."""
    return {name: values for name, values in columns.items() if values.count(None) < len(values)}


def array(values: Sequence[Any]) -> str:
    """The values as an array, to be cast to the type that they have there."""
    return "{" + ",".join(_spelled(values, "NULL", _quoted)) + "}"


def _spelled(
    values: Sequence[Any], null: str, as_text: Callable[[Sequence[str]], Sequence[str]]
) -> Sequence[str]:
    """The values of one column."""
    kinds = set(map(type, values))
    if kinds == {NoneType}:
        return [null] * len(values)
    if NoneType in kinds:
        present = iter(_spelled([value for value in values if value is not None], null, as_text))
        return [null if value is None else next(present) for value in values]
    if kinds <= _PLAIN:
        return list(map(str, values))
    if kinds == {datetime}:
        spelled = {moment: str(moment) for moment in set(values)}
        return [spelled[moment] for moment in values]
    # What is a text of its own kind, as a member of an enum, is its text already.
    are_texts = all(issubclass(kind, str) for kind in kinds)
    return as_text(values if are_texts else list(map(str, values)))


def _escaped(texts: Sequence[str], escapes: dict[str, str] = _IN_COPY) -> Sequence[str]:
    # Most columns need none, and to look through all of one at once takes next to nothing.
    if not any(map("".join(texts).__contains__, escapes)):
        return texts
    table = str.maketrans(escapes)
    return [text.translate(table) for text in texts]


def _quoted(texts: Sequence[str]) -> Sequence[str]:
    return [f'"{text}"' for text in _escaped(texts, _IN_ARRAY)]
