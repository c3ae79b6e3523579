"""What a handoff promises, as data: its columns and the rules that its rows keep."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from orderworks.handoffs.conditions import Condition

Kind = Literal["text", "number", "integer", "time"]
"""What a column holds. Times carry a zone. An ``integer`` may be stored as float or Decimal
(missing values make pandas do so): that each value is whole is a rule of its rows."""

Presence = Literal["required", "nullable", "optional"]
"""``required``: the column is there and every row has a value. ``nullable``: the column is there.
``optional``: the column may be absent, and a row without a value is sound."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a handoff."""

    name: str
    kind: Kind
    presence: Presence


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that must hold for each row, or for each row ``where`` all of the conditions hold.

    ``sentence`` tells a person what must hold. ``expectation`` is the type of the Great
    Expectations expectation that judges it and ``arguments`` are that expectation's own: they are
    names and values, so that a suite can be declared without importing Great Expectations.
    """

    sentence: str
    columns: tuple[str, ...]
    expectation: str
    arguments: Mapping[str, object]
    where: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Suite:
    """The columns and rules of one handoff. ``rules`` are those that its columns do not imply."""

    handoff: str
    columns: tuple[Column, ...]
    rules: tuple[Rule, ...]
    may_be_empty: bool = True

    def columns_in(self, names: Collection[str]) -> tuple[Column, ...]:
        """The suite's columns that a table with these column names has."""
        return tuple(column for column in self.columns if column.name in names)

    def rules_on(self, names: Collection[str]) -> tuple[Rule, ...]:
        """The rules that concern only these columns: an absent optional column breaks none."""
        return tuple(rule for rule in self.rules if set(rule.columns) <= set(names))


def required(kind: Kind, *names: str) -> tuple[Column, ...]:
    """Columns that must be there and in which every row has a value."""
    return tuple(Column(name, kind, "required") for name in names)


def nullable(kind: Kind, *names: str) -> tuple[Column, ...]:
    """Columns that must be there and in which a row may have no value."""
    return tuple(Column(name, kind, "nullable") for name in names)


def optional(kind: Kind, *names: str) -> tuple[Column, ...]:
    """Columns that may be absent."""
    return tuple(Column(name, kind, "optional") for name in names)
