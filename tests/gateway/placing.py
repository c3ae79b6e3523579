"""Orders that come: new ones, changes, cancels, and those that only ask what they would cost."""

from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from orderworks.brokers.simulated.commission import fixed_schedule
from orderworks.model.order import Order

from .account import margin_of
from .algos import working
from .answers import Answer
from .book import BookedOrder
from .errors import Refused
from .faults import CancelledByBroker, Fault, Hold, Refuse, SecondPermId, Silence
from .layouts import Values
from .orders import kind_of, number, terms_of, translated
from .shown import money, open_order, order_status

if TYPE_CHECKING:
    from .gateway import Gateway
    from .session import Session

FIXED = ("action", "symbol", "secType", "account")
"""What a change of an order cannot change."""
ALGORITHM = ("algoStrategy", "algoParams")
"""Nor this."""

TOO_LARGE = "Your order would exceed the funds that are available in the account."
"""What is remarked on an order that is only asked about."""

REJECTED = 201
"""The error of an order that the broker rejects; others are refused before they are orders."""


def place(gateway: "Gateway", session: "Session", values: Values, fault: Fault | None) -> None:
    """placeOrder.

    Raises:
        Refused: with the error that it is refused by.
    """
    broker = gateway.brokerage
    fields = _completed(gateway, values)
    if fields["whatIf"] == "1":
        if isinstance(fault, Refuse):
            raise Refused(fault.code, id=fields["orderId"])
        _what_if(gateway, session, fields)
        return
    order_id = int(fields["orderId"])
    known = broker.book.find(session.client_id, order_id)
    if isinstance(fault, Refuse) and not _is_booked(fault, known):
        raise Refused(fault.code, id=order_id)
    if known is not None and known.is_live:
        if not isinstance(fault, SecondPermId):
            _change(gateway, session, known, fields)
            return
    elif known is not None or order_id < broker.book.next_id(session.client_id):
        filled = known is not None and known.status == "Filled"
        raise Refused(104 if filled else 103)
    order = _taken(gateway, session, fields)
    if isinstance(fault, Refuse):
        order.transmitted = True
        reason = "refused by the broker"
        broker.end(order, "Inactive", reason, fault.code, shown=fault.inactive)
        return
    if isinstance(fault, Silence):
        session.muted.add(order.perm_id)
    if fields["transmit"] == "1":
        _transmit(gateway, session, order, fault)
        _warn(session, order)
    if isinstance(fault, CancelledByBroker):
        gateway.schedule(fault.seconds, lambda: broker.cancel(order))


def cancel(gateway: "Gateway", session: "Session", values: Values, fault: Fault | None) -> None:
    """cancelOrder.

    Raises:
        Refused: 10147 or 10148, where there is nothing to cancel.
    """
    order_id = int(values["orderId"])
    order = gateway.brokerage.book.find(session.client_id, order_id)
    if order is None:
        raise Refused(10147, id=order_id)
    if not order.is_live:
        raise Refused(10148, id=order_id, state=order.status)
    pending = order_status(order) | {"status": "PendingCancel"}
    session.tell(Answer.ORDER_STATUS, pending, order.perm_id)
    gateway.brokerage.cancel(order, *_children_not_sent(gateway, order))


def cancel_all(gateway: "Gateway", session: "Session", values: Values, fault: Fault | None) -> None:
    """globalCancel: the orders of every client."""
    gateway.brokerage.cancel(*gateway.brokerage.book.live())


def _is_booked(fault: Refuse, known: BookedOrder | None) -> bool:
    """Whether an order is refused by the broker, which books it, and not by the gateway already."""
    return known is None and (fault.inactive or fault.code == REJECTED)


def _completed(gateway: "Gateway", values: Values) -> Values:
    """The fields of an order with what IBKR adds: the account, and the words of its own spelling."""
    account = gateway.brokerage.account
    if values["account"] not in ("", account):
        raise Refused(321, reason=f"Invalid account code '{values['account']}'")
    listed = gateway.contracts.one(values)
    return values | {
        "account": account,
        "symbol": listed.symbol,
        "secType": "STK",
        "marketSymbol": listed.market_symbol,
        "whatIf": _flag(values["whatIf"]),
        "transmit": _flag(values["transmit"]),
        "conditions": values["conditions"] or "0",
        "ocaType": values["ocaType"] or "0",
        "parentId": values["parentId"] or "0",
    }


def _flag(text: str) -> str:
    return "1" if text in ("1", "True", "true") else "0"


def _taken(gateway: "Gateway", session: "Session", fields: Values) -> BookedOrder:
    """A new order in the book, once the exchange could be sent it."""
    book = gateway.brokerage.book
    parent = None
    if int(fields["parentId"]):
        parent = book.find(session.client_id, int(fields["parentId"]))
        if parent is None:
            raise Refused(10006)
    order = BookedOrder(
        perm_id=book.new_perm_id(),
        client_id=session.client_id,
        order_id=int(fields["orderId"]),
        market_symbol=fields["marketSymbol"],
        fields=fields,
        quantity=0,
        parent=None if parent is None else parent.perm_id,
    )
    order.quantity = _translated(gateway, order).quantity
    working(fields, gateway.brokerage.now)
    book.add(order)
    gateway.brokerage.save(order)
    return order


def _translated(gateway: "Gateway", order: BookedOrder) -> Order:
    return translated(
        order.fields,
        name=order.name,
        account=gateway.brokerage.account,
        symbol=order.market_symbol,
        attached_to=None if order.parent is None else str(order.parent),
        quote=lambda: gateway.brokerage.quote(order.market_symbol),
    )


def _warn(session: "Session", order: BookedOrder) -> None:
    """What IBKR remarks on an order that it takes."""
    if not order.fields["tif"]:
        session.error(order.order_id, 10349, order.perm_id)
    if _flag(order.fields["outsideRth"]) == "1":
        session.error(order.order_id, 2109, order.perm_id)


def _transmit(
    gateway: "Gateway", session: "Session", order: BookedOrder, fault: Fault | None
) -> None:
    """An order goes to the broker with what waited for it; held back, after some time."""
    family = gateway.brokerage.book.family(order)
    for one in family:
        one.transmitted = True
    starts_in = _work_hours(gateway, family)
    if not isinstance(fault, Hold) and not starts_in:
        _send(gateway, family)
        return
    for one in family:
        if isinstance(fault, Hold):
            one.status, one.why_held = fault.status, fault.why_held
        gateway.show(one)
    gateway.brokerage.save(*family)
    if isinstance(fault, Hold) and fault.code is not None:
        session.error(order.order_id, fault.code, order.perm_id)
    seconds = max(starts_in, fault.seconds if isinstance(fault, Hold) else 0.0)
    gateway.schedule(seconds, lambda: _send(gateway, family))


def _work_hours(gateway: "Gateway", family: Sequence[BookedOrder]) -> float:
    """In how many seconds the algorithms of a family start; each is cancelled where it is to end."""
    now = gateway.brokerage.now
    starts_in = 0.0
    for one in family:
        hours = working(one.fields, now)
        if hours.starts_at is not None:
            starts_in = max(starts_in, (hours.starts_at - now).total_seconds())
        if hours.ends_at is not None:
            seconds = (hours.ends_at - now).total_seconds()
            gateway.schedule(seconds, partial(_end, gateway, one))
    return starts_in


def _end(gateway: "Gateway", order: BookedOrder) -> None:
    if order.is_live:
        gateway.brokerage.cancel(order, *_children_not_sent(gateway, order))


def _send(gateway: "Gateway", orders: Sequence[BookedOrder]) -> None:
    batch = [(one, _translated(gateway, one)) for one in orders if one.is_live]
    if batch:
        gateway.brokerage.submit(batch)


def _change(gateway: "Gateway", session: "Session", order: BookedOrder, fields: Values) -> None:
    if any(fields[name] != order.fields[name] for name in FIXED):
        raise Refused(105)
    if fields["orderType"] != order.fields["orderType"]:
        raise Refused(329)
    if any(fields.get(name) != order.fields.get(name) for name in ALGORITHM):
        raise Refused(440)
    asked = fields | {"orderId": order.fields["orderId"], "parentId": order.fields["parentId"]}
    terms = terms_of(
        asked, order.market_symbol, lambda: gateway.brokerage.quote(order.market_symbol)
    )
    if order.at_exchange:
        if kind_of(fields).follows and _trail_of(fields) != _trail_of(order.fields):
            raise Refused(105)
        gateway.brokerage.replace(order, asked, terms)
        return
    order.fields, order.quantity = asked, terms.quantity
    if order.transmitted:
        gateway.show(order)
    elif fields["transmit"] == "1":
        _transmit(gateway, session, order, None)


def _trail_of(fields: Values) -> tuple[Decimal | None, Decimal | None]:
    return number(fields["auxPrice"]) or None, number(fields["trailingPercent"])


def _children_not_sent(gateway: "Gateway", order: BookedOrder) -> list[BookedOrder]:
    """What is nothing without an order, and the exchange does not know of."""
    children = gateway.brokerage.book.children(order)
    return [one for one in children if one.is_live and not one.at_exchange]


def _what_if(gateway: "Gateway", session: "Session", fields: Values) -> None:
    """What an order would do to the account's margin: an openOrder that is no order.

    Its id is one as an order's is: it must be new, and is used by it.
    """
    broker, symbol = gateway.brokerage, fields["marketSymbol"]
    if int(fields["orderId"]) < broker.book.next_id(session.client_id):
        raise Refused(103)
    broker.book.use(session.client_id, int(fields["orderId"]))
    broker.save()
    order = BookedOrder(0, session.client_id, int(fields["orderId"]), symbol, fields, quantity=0)
    wanted = _translated(gateway, order)
    price = wanted.limit_price or wanted.stop_price or broker.board.mark(symbol, broker.now)
    if price is None:
        raise Refused(201, reason=f"no quote for {symbol}")
    shares = order.sign * wanted.quantity
    commission = fixed_schedule(wanted.quantity, wanted.quantity * price)
    before = margin_of(broker)
    after = margin_of(broker, (symbol, shares, -shares * price - commission))
    order.quantity = wanted.quantity
    margins = {
        f"{name}{when}": money(value)
        for name, b, a in (
            ("initMargin", before.initial, after.initial),
            ("maintMargin", before.maintenance, after.maintenance),
            ("equityWithLoan", before.equity, after.equity),
        )
        for when, value in (("Before", b), ("Change", a - b), ("After", a))
    }
    session.tell(
        Answer.OPEN_ORDER,
        open_order(order)
        | margins
        | {
            "whatIf": "1",
            "commission": money(commission),
            "minCommission": money(commission),
            "maxCommission": money(commission),
            "commissionCurrency": "USD",
            "warningText": "" if after.equity >= after.initial else TOO_LARGE,
        },
    )
