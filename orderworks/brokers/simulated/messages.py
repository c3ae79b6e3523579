"""What passes between the exchange and a client of it: one JSON object a line, both ways.

A request carries a number, and its answer the same one: ``{"id": 7, "ask": "advance", "until":
"2026-11-20T14:35:00Z"}`` is answered by ``{"id": 7, "now": "2026-11-20T14:35:00+00:00"}``, with
what was asked for, or by ``{"id": 7, "error": "..."}``. An answer without a number is about the
connection itself, or a line that has none: whoever gets it hangs up.
"""

import json
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from orderworks.brokers.adapter import BrokerOrder, MarginEffect, Report, Snapshot
from orderworks.brokers.simulated.wire import Malformed, decode, encode
from orderworks.model.order import Order, Replacement
from orderworks.model.portfolio import Portfolio

LINE_LIMIT = 64 * 2**20
"""Bytes; the snapshot of a session with 100,000 orders is shorter."""


class Message(StrEnum):
    """The kinds of requests."""

    HELLO = "hello"
    SUBMIT = "submit"
    CANCEL = "cancel"
    REPLACE = "replace"
    ADVANCE = "advance"
    ORDER = "order"
    PORTFOLIO = "portfolio"
    WHAT_IF = "what_if"
    SNAPSHOT = "snapshot"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Hello:
    """Takes the account over; whoever had it before is told and cut off."""

    account: str
    session: date | None = None


@dataclass(frozen=True, slots=True)
class Submit:
    orders: tuple[Order, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Cancel:
    client_order_ids: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Replace:
    replacements: tuple[Replacement, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Advance:
    """Goes on to a market time: the market moves by this alone."""

    until: datetime


@dataclass(frozen=True, slots=True)
class AskOrder:
    client_order_id: str


@dataclass(frozen=True, slots=True)
class AskPortfolio:
    pass


@dataclass(frozen=True, slots=True)
class AskWhatIf:
    """What orders would do to the margin; nothing is received."""

    orders: tuple[Order, ...]


@dataclass(frozen=True, slots=True)
class AskSnapshot:
    pass


@dataclass(frozen=True, slots=True)
class AskTime:
    """The market time; anyone may ask, without taking the account over."""


Request = (
    Hello
    | Submit
    | Cancel
    | Replace
    | Advance
    | AskOrder
    | AskPortfolio
    | AskWhatIf
    | AskSnapshot
    | AskTime
)

REQUEST_OF: dict[Message, type[Request]] = {
    Message.HELLO: Hello,
    Message.SUBMIT: Submit,
    Message.CANCEL: Cancel,
    Message.REPLACE: Replace,
    Message.ADVANCE: Advance,
    Message.ORDER: AskOrder,
    Message.PORTFOLIO: AskPortfolio,
    Message.WHAT_IF: AskWhatIf,
    Message.SNAPSHOT: AskSnapshot,
    Message.TIME: AskTime,
}
MESSAGE_OF: dict[type[Request], Message] = {kind: message for message, kind in REQUEST_OF.items()}

REPORTING = frozenset({Message.SUBMIT, Message.CANCEL, Message.REPLACE, Message.ADVANCE})
"""The requests whose answers carry reports."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was asked for, and the market time at which that is so."""

    now: datetime
    reports: tuple[Report, ...] = ()
    order: BrokerOrder | None = None
    portfolio: Portfolio | None = None
    snapshot: Snapshot | None = None
    effects: tuple[MarginEffect, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no answer, in a sentence; ``too_fast`` where another time there may be one."""

    error: str
    too_fast: bool = False


def request_line(number: int, request: Request) -> bytes:
    """A request as it travels."""
    return _line({"id": number, "ask": MESSAGE_OF[type(request)].value} | encode(request))


def read_request(line: bytes) -> tuple[int, Request]:
    """The number and the request of a line.

    Raises:
        Malformed: naming what is wrong with it.
    """
    fields = _fields(line)
    number = _number(fields)
    if number is None:
        raise Malformed("id is missing")
    asked = decode(Message, fields.pop("ask", None))
    return number, decode(REQUEST_OF[asked], fields)


def number_of(line: bytes) -> int | None:
    """The number of a request that cannot be read otherwise, where it can be told."""
    try:
        return _number(_fields(line))
    except Malformed:
        return None


def answer_line(number: int | None, answer: Answer | Refusal) -> bytes:
    """An answer as it travels."""
    return _line({"id": number} | encode(answer))


def read_answer(line: bytes) -> tuple[int | None, Answer | Refusal]:
    """The number and the answer of a line.

    Raises:
        Malformed: naming what is wrong with it.
    """
    fields = _fields(line)
    number = _number(fields)
    kind: type[Answer | Refusal] = Refusal if "error" in fields else Answer
    return number, decode(kind, fields)


def _line(fields: dict[str, object]) -> bytes:
    return json.dumps(fields, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def _fields(line: bytes) -> dict[str, object]:
    try:
        fields = json.loads(line, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise Malformed("the line must be one JSON object in UTF-8") from None
    if not isinstance(fields, dict):
        raise Malformed("the line must be one JSON object")
    return fields


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _number(fields: dict[str, object]) -> int | None:
    number = fields.pop("id", None)
    try:
        return None if number is None else decode(int, number)
    except Malformed as error:
        raise error.within("id") from None
