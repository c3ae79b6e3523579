"""Messages of the wire about one order, as they are heard."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from gateway.gateway import PAPER_ACCOUNT
from ib_async import Contract, Order, Stock
from served_broker import limit

from orderworks.brokers.ibkr.correspondence import Correspondence
from orderworks.brokers.ibkr.orders import message_of
from orderworks.brokers.ibkr.wire import (
    CommissionSaid,
    CompletedShown,
    ErrorSaid,
    ExecutionSaid,
    OrderShown,
    StatusSaid,
)

AT = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
ACME: Contract = Stock("ACME", "SMART", "USD")
NUMBER, PERM_ID, CLIENT = 11, 900, 1


def wire_order(**changes: Any) -> Order:
    """The order of these messages as the broker shows it: to buy 100 at 99.5."""
    usual: dict[str, Any] = {
        "account": PAPER_ACCOUNT,
        "orderRef": "ow-a",
        "action": "BUY",
        "totalQuantity": 100.0,
        "orderType": "LMT",
        "lmtPrice": 99.5,
        "auxPrice": 0.0,
        "tif": "DAY",
    }
    return Order(**usual | changes)


def open_order(status: str = "Submitted", perm_id: int = PERM_ID, **changes: Any) -> OrderShown:
    return OrderShown(NUMBER, CLIENT, perm_id, status, wire_order(**changes), ACME)


def status(said: str, filled: float = 0, perm_id: int = PERM_ID, why_held: str = "") -> StatusSaid:
    return StatusSaid(NUMBER, CLIENT, perm_id, said, filled, why_held)


def execution(exec_id: str, shares: float, **changes: Any) -> ExecutionSaid:
    usual: dict[str, Any] = {
        "exec_id": exec_id,
        "order_id": NUMBER,
        "client_id": CLIENT,
        "perm_id": PERM_ID,
        "ref": "ow-a",
        "account": PAPER_ACCOUNT,
        "symbol": "ACME",
        "side": "BOT",
        "shares": shares,
        "price": Decimal("99.5"),
        "at": AT,
    }
    return ExecutionSaid(**usual | changes)


def commission(exec_id: str, paid: str = "1.0") -> CommissionSaid:
    return CommissionSaid(exec_id, Decimal(paid), "USD")


def error(code: int, order_id: int = NUMBER) -> ErrorSaid:
    return ErrorSaid(order_id, code, "as the broker says it")


def completed(status: str, said: str = "", **changes: Any) -> CompletedShown:
    order = wire_order(**changes)
    return CompletedShown(PERM_ID, status, said, "20261120 10:00:00 US/Eastern", order, ACME)


def talk_about_one_order() -> Correspondence:
    """We have sent the order, and nothing has been heard."""
    talk = Correspondence(PAPER_ACCOUNT, CLIENT)
    talk.begin("ow-a", NUMBER, ACME, message_of(limit("a", 100, "99.5")))
    return talk
