"""What a list can be asked for: the query parameters of a resource, checked strictly.

A value is taken in its one documented form, so that nothing is guessed at: a date is 2026-11-20.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, create_model

from orderworks.ledger.resource import Filter, Kind, Resource

DEFAULT_LIMIT = 100
LARGEST_LIMIT = 1_000

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_WHOLE = re.compile(r"-?(0|[1-9]\d{0,17})", re.ASCII)


def _written_as(form: re.Pattern[str], example: str) -> BeforeValidator:
    def check(given: object) -> object:
        if isinstance(given, str) and not form.fullmatch(given):
            raise ValueError(f"it is written like {example}")
        return given

    return BeforeValidator(check)


Text = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Day = Annotated[date, _written_as(_DATE, "2026-11-20")]
Moment = Annotated[AwareDatetime, _written_as(_TIME, "2026-11-20T14:30:00Z")]
Flag = Annotated[bool, _written_as(re.compile("true|false"), "true or false")]
Limit = Annotated[int, Field(ge=1, le=LARGEST_LIMIT), _written_as(_WHOLE, "100")]

_TYPES: dict[Kind, Any] = {
    Kind.TEXT: Text,
    Kind.DATE: Day,
    Kind.TIME: Moment,
    Kind.FLAG: Flag,
}


class Asked(BaseModel):
    """The parameters of a list; the filters of its resource come to them."""

    model_config = ConfigDict(extra="forbid")

    sort: str | None = None
    limit: Limit = Field(DEFAULT_LIMIT, description="How many rows at most.")
    cursor: Annotated[str, Field(max_length=2_000)] | None = Field(
        None, description="What the page before gave as next; with the same filters and sort."
    )

    @property
    def filters(self) -> Mapping[str, Any]:
        """The values of the filters that were given."""
        return self.model_dump(exclude={"sort", "limit", "cursor"}, exclude_none=True)


def parameters_of(resource: Resource) -> type[Asked]:
    """The parameters that a list of the resource takes; anything else is refused."""
    fields: dict[str, Any] = {
        name: (_type(one) | None, Field(None, description=one.says))
        for name, one in resource.filters.items()
    }
    fields["sort"] = (
        Literal[resource.sorts],
        Field(resource.sort, description="The order; '-' is from the highest down."),
    )
    title = "".join(part.capitalize() for part in resource.name.split("-"))
    return create_model(f"{title}Asked", __base__=Asked, **fields)


def _type(asked: Filter) -> Any:
    one = Literal[asked.choices] if asked.choices else _TYPES[asked.kind]
    return list[one] if asked.many else one  # type: ignore[valid-type]
