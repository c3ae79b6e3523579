"""What a client asks about orders, executions and the account, and its answers."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .account import account_values, currency_of, portfolio_values
from .answers import Answer
from .book import BookedExecution, BookedOrder
from .contracts import Listed
from .faults import Fault
from .layouts import Values
from .orders import moment_of
from .shown import NEW_YORK, commission, completed_order, execution

if TYPE_CHECKING:
    from .gateway import Gateway
    from .session import Session

BOUGHT_AND_SOLD = {"BUY": 1, "BOT": 1, "SELL": -1, "SLD": -1}


def open_orders(
    gateway: "Gateway", session: "Session", values: Values, fault: Fault | None
) -> None:
    """reqOpenOrders: those of this client."""
    _show_open(gateway, session, gateway.brokerage.book.live(session.client_id))


def all_open_orders(
    gateway: "Gateway", session: "Session", values: Values, fault: Fault | None
) -> None:
    """reqAllOpenOrders: those of every client."""
    _show_open(gateway, session, gateway.brokerage.book.live())


def completed_orders(
    gateway: "Gateway", session: "Session", values: Values, fault: Fault | None
) -> None:
    """reqCompletedOrders: those that ended in this session, of every client."""
    opens = gateway.brokerage.board.session.open
    for order in gateway.brokerage.book.ended():
        if order.ended_at is not None and order.ended_at >= opens:
            session.tell(Answer.COMPLETED_ORDER, completed_order(order))
    session.tell(Answer.COMPLETED_ORDERS_END)


def executions(gateway: "Gateway", session: "Session", values: Values, fault: Fault | None) -> None:
    """reqExecutions: since midnight, of every client unless the filter names one."""
    req_id, book = int(values["reqId"]), gateway.brokerage.book
    for one in book.executions:
        order = book.orders[one.perm_id]
        if _is_todays(gateway, one) and _passes(order, one, values):
            session.tell(Answer.EXECUTION, execution(order, one, req_id))
            session.tell(Answer.COMMISSION, commission(one))
    session.tell(Answer.EXECUTION_END, {"reqId": req_id})


def positions(gateway: "Gateway", session: "Session", values: Values, fault: Fault | None) -> None:
    """reqPositions: all, and from then on what changes."""
    session.sees_positions = True
    show_positions(gateway, session)
    session.tell(Answer.POSITION_END)


def show_positions(gateway: "Gateway", session: "Session", moved: Iterable[str] = ()) -> None:
    """Tells of every position, or of those that moved, even if there is nothing left of them."""
    held = gateway.brokerage.portfolio().positions
    for name in sorted(moved) or held:
        one = held.get(name)
        session.tell(
            Answer.POSITION,
            Listed(name).shown()
            | {
                "account": gateway.brokerage.account,
                "exchange": "",
                "position": 0 if one is None else one.quantity,
                "avgCost": 0 if one is None else one.share_cost,
            },
        )


def cancel_positions(
    gateway: "Gateway", session: "Session", values: Values, fault: Fault | None
) -> None:
    session.sees_positions = False


def account_updates(
    gateway: "Gateway", session: "Session", values: Values, fault: Fault | None
) -> None:
    """reqAccountUpdates: all, and from then on with every change of a position."""
    session.sees_account = values["subscribe"] in ("1", "True")
    if session.sees_account:
        show_account(gateway, session)


def show_account(gateway: "Gateway", session: "Session", moved: Iterable[str] = ()) -> None:
    """Tells of the account and what it holds, and of what moved even if nothing is left of it."""
    broker = gateway.brokerage
    for tag, value in account_values(broker).items():
        session.tell(
            Answer.ACCOUNT_VALUE,
            {"tag": tag, "value": value, "currency": currency_of(tag), "account": broker.account},
        )
    for row in portfolio_values(broker, moved):
        session.tell(Answer.PORTFOLIO_VALUE, row)
    local = broker.now.astimezone(NEW_YORK)
    session.tell(Answer.ACCOUNT_TIME, {"time": f"{local:%H:%M}"})
    session.tell(Answer.ACCOUNT_DOWNLOAD_END, {"account": broker.account})


def account_updates_multi(
    gateway: "Gateway", session: "Session", values: Values, fault: Fault | None
) -> None:
    """reqAccountUpdatesMulti, of the account's own model only."""
    broker = gateway.brokerage
    asked = {"reqId": values["reqId"], "account": broker.account, "modelCode": ""}
    for tag, value in account_values(broker).items():
        row = asked | {"tag": tag, "value": value, "currency": currency_of(tag)}
        session.tell(Answer.ACCOUNT_UPDATE_MULTI, row)
    session.tell(Answer.ACCOUNT_UPDATE_MULTI_END, {"reqId": values["reqId"]})


def account_summary(
    gateway: "Gateway", session: "Session", values: Values, fault: Fault | None
) -> None:
    """reqAccountSummary: the tags that are asked for."""
    broker, wanted = gateway.brokerage, values["tags"].split(",")
    for tag, value in account_values(broker).items():
        if tag in wanted:
            row = {"tag": tag, "value": value, "currency": currency_of(tag)}
            session.tell(
                Answer.ACCOUNT_SUMMARY,
                row | {"reqId": values["reqId"], "account": broker.account},
            )
    session.tell(Answer.ACCOUNT_SUMMARY_END, {"reqId": values["reqId"]})


def _show_open(gateway: "Gateway", session: "Session", orders: list[BookedOrder]) -> None:
    for order in orders:
        gateway.show(order, to=session)
    session.tell(Answer.OPEN_ORDER_END)


def _is_todays(gateway: "Gateway", one: BookedExecution) -> bool:
    return one.at.astimezone(NEW_YORK).date() == gateway.brokerage.board.session.date


def _passes(order: BookedOrder, one: BookedExecution, asked: Values) -> bool:
    return (
        int(asked["clientId"] or 0) in (0, order.client_id)
        and asked["acctCode"] in ("", order.fields["account"])
        and asked["symbol"] in ("", order.fields["symbol"])
        and asked["secType"] in ("", "STK")
        and asked["exchange"] in ("", order.fields["exchange"])
        and (not asked["side"] or BOUGHT_AND_SOLD.get(asked["side"]) == order.sign)
        and (not asked["time"] or one.at >= moment_of(asked["time"], "time"))
    )
