"""What is answered, for the description: a model of each resource's rows, made from its fields."""

from datetime import date
from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, Field, create_model

from orderworks.ledger.resource import Kind, Resource

Exact = Annotated[str, Field(pattern=r"^-?\d+(\.\d+)?$", examples=["100.25"])]

_TYPES: dict[Kind, Any] = {
    Kind.TEXT: str,
    Kind.INTEGER: int,
    Kind.MEASURE: float,
    Kind.MONEY: Exact,
    Kind.TIME: AwareDatetime,
    Kind.DATE: date,
    Kind.FLAG: bool,
    Kind.OBJECT: dict[str, Any],
}


def row_model(resource: Resource) -> type[BaseModel]:
    """One row; every field is always there, and null where it is not known."""
    fields: dict[str, Any] = {
        name: (
            _TYPES[one.kind] | None if one.nullable else _TYPES[one.kind],
            Field(description=one.says),
        )
        for name, one in resource.fields.items()
    }
    return create_model(_title(resource), __doc__=resource.says, **fields)


def page_model(resource: Resource, row: type[BaseModel]) -> type[BaseModel]:
    """A page of rows."""
    following = Field(description="The cursor of the page that follows; null on the last one.")
    fields: dict[str, Any] = {"items": (list[row], ...), "next": (str | None, following)}  # type: ignore[valid-type]
    return create_model(f"{_title(resource)}Page", **fields)


class Account(BaseModel):
    """How an account stands."""

    account: str
    mode: str | None
    provider: str | None
    cash: Exact | None
    killed: bool
    kill_reason: str | None
    lease_holder: str | None
    lease_expires_at: AwareDatetime | None
    open_orders: int
    at_broker: int
    unknown: int
    held: int
    open_breaks: int
    alerts: int
    untold_alerts: int
    untold_since: AwareDatetime | None


class Accounts(BaseModel):
    """Every account, by name."""

    items: list[Account]


class Finding(BaseModel):
    """What is to be said of one subject."""

    level: str
    subject: str
    account: str | None
    sentence: str


class HealthAnswer(BaseModel):
    """Whether all is sound; docs/health.md lists what is judged."""

    sound: bool
    seconds: float
    ledger: dict[str, Any]
    findings: list[Finding]
    accounts: list[dict[str, Any]]


def _title(resource: Resource) -> str:
    return "".join(part.capitalize() for part in resource.noun.split())
