"""What can be read page by page: a resource is its fields, its filters and the order of its rows.

The API, the blotter and its exports are all made from these tables; a new column is one line here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What a value is, in the ledger and where it is served."""

    TEXT = "text"
    INTEGER = "integer"
    MEASURE = "measure"  # a float: basis points, milliseconds, a share of one
    MONEY = "money"  # exact: a price or an amount
    TIME = "time"
    DATE = "date"
    FLAG = "flag"
    OBJECT = "object"


LOWEST = {
    Kind.TEXT: "''",
    Kind.INTEGER: "'-9223372036854775808'::bigint",
    Kind.MEASURE: "'-Infinity'::double precision",
    Kind.MONEY: "'-Infinity'::numeric",
    Kind.TIME: "'-infinity'::timestamptz",
    Kind.DATE: "'-infinity'::date",
}
"""What is not known is sorted as if it were this: below all that is."""

TYPES = {
    Kind.TEXT: "text",
    Kind.INTEGER: "bigint",
    Kind.MEASURE: "double precision",
    Kind.MONEY: "numeric",
    Kind.TIME: "timestamptz",
    Kind.DATE: "date",
}


@dataclass(frozen=True, slots=True)
class Field:
    """A named value of each row.

    ``sql`` is how the query has it. What ``sorts`` can be sorted by; what is ``nullable`` may not be known.
    """

    sql: str
    kind: Kind
    says: str
    nullable: bool = False
    sorts: bool = False

    @property
    def sort_sql(self) -> str:
        """The expression that rows are ordered by, never null."""
        return f"coalesce({self.sql}, {LOWEST[self.kind]})" if self.nullable else self.sql


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition on rows: ``sql`` holds with the value in the place of ``{0}``.

    With ``choices`` the value is one of them; with ``many`` it is a list, of which one must hold.
    """

    sql: str
    kind: Kind
    says: str
    choices: tuple[str, ...] = ()
    many: bool = False


@dataclass(frozen=True, slots=True)
class Resource:
    """Rows of one kind.

    ``key`` names the fields that no two rows share, none of them nullable. ``sort`` is the order where
    none is asked for: a field, with '-' before it from the highest down. Its field never changes once a
    row is there, so that who reads on in it misses none.
    """

    name: str
    noun: str
    says: str
    source: str
    fields: Mapping[str, Field]
    key: tuple[str, ...]
    sort: str
    filters: Mapping[str, Filter] = field(default_factory=dict)

    @property
    def sorts(self) -> tuple[str, ...]:
        """Every order that can be asked for."""
        names = [name for name, one in self.fields.items() if one.sorts]
        return tuple(order for name in names for order in (name, f"-{name}"))


def column(
    name: str,
    kind: Kind,
    says: str,
    *,
    nullable: bool = False,
    sorts: bool = False,
    of: str = "",
) -> dict[str, Field]:
    """A field that is a column of the table ``of``, under its own name."""
    return {name: Field(f"{of}.{name}" if of else name, kind, says, nullable, sorts)}
