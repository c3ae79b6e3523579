"""Which function answers which request."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from . import placing, queries, references
from .answers import Answer
from .faults import Fault
from .layouts import Values
from .requests import Request

if TYPE_CHECKING:
    from .gateway import Gateway
    from .session import Session

Handler: TypeAlias = "Callable[[Gateway, Session, Values, Fault | None], None]"
"""Answers one request of a session; a fault that is the handler's to make comes along."""


def _ids(gateway: "Gateway", session: "Session", values: Values, fault: Fault | None) -> None:
    next_id = gateway.brokerage.book.next_id(session.client_id)
    session.tell(Answer.NEXT_VALID_ID, {"orderId": next_id})


def _accounts(gateway: "Gateway", session: "Session", values: Values, fault: Fault | None) -> None:
    session.tell(Answer.MANAGED_ACCOUNTS, {"accounts": gateway.brokerage.account})


def _time(gateway: "Gateway", session: "Session", values: Values, fault: Fault | None) -> None:
    session.tell(Answer.CURRENT_TIME, {"time": int(gateway.clock.now().timestamp())})


def _nothing(gateway: "Gateway", session: "Session", values: Values, fault: Fault | None) -> None:
    """What is taken and has no effect here."""


HANDLERS: dict[Request, Handler] = {
    Request.MARKET_DATA: references.market_data,
    Request.CANCEL_MARKET_DATA: references.cancel_market_data,
    Request.PLACE_ORDER: placing.place,
    Request.CANCEL_ORDER: placing.cancel,
    Request.OPEN_ORDERS: queries.open_orders,
    Request.ACCOUNT_UPDATES: queries.account_updates,
    Request.EXECUTIONS: queries.executions,
    Request.IDS: _ids,
    Request.CONTRACT_DETAILS: references.contract_details,
    Request.SERVER_LOG_LEVEL: _nothing,
    Request.AUTO_OPEN_ORDERS: _nothing,
    Request.ALL_OPEN_ORDERS: queries.all_open_orders,
    Request.MANAGED_ACCOUNTS: _accounts,
    Request.HISTORICAL_DATA: references.historical_data,
    Request.CANCEL_HISTORICAL_DATA: _nothing,
    Request.CURRENT_TIME: _time,
    Request.GLOBAL_CANCEL: placing.cancel_all,
    Request.MARKET_DATA_TYPE: references.market_data_type,
    Request.POSITIONS: queries.positions,
    Request.ACCOUNT_SUMMARY: queries.account_summary,
    Request.CANCEL_ACCOUNT_SUMMARY: _nothing,
    Request.CANCEL_POSITIONS: queries.cancel_positions,
    Request.ACCOUNT_UPDATES_MULTI: queries.account_updates_multi,
    Request.CANCEL_ACCOUNT_UPDATES_MULTI: _nothing,
    Request.MATCHING_SYMBOLS: references.matching_symbols,
    Request.MARKET_RULE: references.market_rule,
    Request.COMPLETED_ORDERS: queries.completed_orders,
}

ID_OF: dict[Request, str] = {
    Request.PLACE_ORDER: "orderId",
    Request.CANCEL_ORDER: "orderId",
    Request.MARKET_DATA: "reqId",
    Request.EXECUTIONS: "reqId",
    Request.CONTRACT_DETAILS: "reqId",
    Request.HISTORICAL_DATA: "reqId",
    Request.ACCOUNT_SUMMARY: "reqId",
    Request.ACCOUNT_UPDATES_MULTI: "reqId",
    Request.MATCHING_SYMBOLS: "reqId",
}
"""The field that an error of a request names it by."""
