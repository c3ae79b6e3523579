"""The ledger against a broker's snapshot: a pure kernel.

What the snapshot proves becomes reports, booked like any other; what remains different is a
break. Nothing is concluded from silence: an order is only taken for absent where a complete
snapshot does not show it, and positions are never made to fit by inventing fills.
"""

from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from orderworks.brokers.adapter import BrokerOrder, Report, ReportKind, Snapshot
from orderworks.ledger.orders import OrderRecord
from orderworks.model.fill import Fill
from orderworks.model.order import OrderType, Replacement
from orderworks.model.portfolio import Portfolio
from orderworks.model.state import AT_BROKER, TERMINAL, OrderState


class BreakKind(StrEnum):
    """In what the books and the broker can differ."""

    MISSING_FILL = "missing_fill"
    UNKNOWN_ORDER = "unknown_order"
    WRONG_STATE = "wrong_state"
    QUANTITY = "quantity"
    PRICE = "price"
    POSITION = "position"
    CASH = "cash"
    FOREIGN_ORDER = "foreign_order"
    TWO_ORDERS = "two_orders"


@dataclass(frozen=True, slots=True)
class Break:
    """One difference: its kind, what it is about, both sides of it, and the symbol, if it has one."""

    kind: BreakKind
    subject: str
    ours: str
    theirs: str
    symbol: str | None = None


REPORT_OF_STATE = {
    OrderState.SUBMITTED: ReportKind.ACKNOWLEDGED,
    OrderState.PARTIALLY_FILLED: ReportKind.ACKNOWLEDGED,
    OrderState.FILLED: ReportKind.ACKNOWLEDGED,
    OrderState.CANCELLED: ReportKind.CANCELLED,
    OrderState.REJECTED: ReportKind.REJECTED,
    OrderState.EXPIRED: ReportKind.EXPIRED,
}


def evidence(
    snapshot: Snapshot,
    orders: Mapping[str, OrderRecord],
    asked: Mapping[str, Sequence[Replacement]],
    booked: Container[str] = (),
) -> list[Report]:
    """What a snapshot says of the ledger's orders, as reports in an order that can be booked.

    Executions come before the ends of orders, so that an order ends with what it filled; new terms
    come before executions, so that these fit into it. One that is held is acknowledged where it is
    shown, once: it is there after all. One of whose name another lives has not ended.

    Args:
        orders: every order of ours that the snapshot may be about, by client_order_id.
        asked: by order, the terms that the broker was asked for and has not confirmed.
        booked: the executions that the ledger has, or has a correction of: they prove nothing new.
    """
    changed = [
        Report(
            ReportKind.REPLACED,
            theirs.client_order_id,
            theirs.ts,
            theirs.broker_order_id,
            terms=terms,
        )
        for theirs in snapshot.orders
        for terms in asked.get(theirs.client_order_id, ())
        if _shows(theirs, terms)
    ]
    received = Counter(theirs.client_order_id for theirs in snapshot.orders)
    alive = {one.client_order_id for one in snapshot.orders if one.state not in TERMINAL}
    executions = [
        Report(ReportKind.FILLED, fill.client_order_id, fill.ts, fill=fill)
        for fill in snapshot.executions
        if fill.exec_id not in booked and fill.client_order_id in orders
    ]
    states = [
        Report(
            REPORT_OF_STATE[theirs.state],
            theirs.client_order_id,
            theirs.ts,
            theirs.broker_order_id,
            theirs.reason,
            proven=True,
        )
        for theirs in snapshot.orders
        if (ours := orders.get(theirs.client_order_id)) is not None
        and ours.state not in TERMINAL
        and (
            ours.state is not theirs.state or (ours.held and received[theirs.client_order_id] == 1)
        )
        and theirs.state in REPORT_OF_STATE
    ]
    acknowledgements = [r for r in states if r.kind is ReportKind.ACKNOWLEDGED]
    ends = [
        r
        for r in states
        if r.kind is not ReportKind.ACKNOWLEDGED and r.client_order_id not in alive
    ]
    return acknowledgements + changed + executions + ends


def late_commissions(
    snapshot: Snapshot, orders: Mapping[str, OrderRecord], booked: Mapping[str, Decimal | None]
) -> list[Report]:
    """What executions cost by a snapshot, where they were booked with something else: corrections of them.

    A commission of 0 says nothing: it may not be known yet. That of a correction may be what was corrected
    cost, and counts only where nothing was booked.

    Args:
        booked: the commissions of executions in the ledger, by exec_id; None of what does not stand there
            as it was told.
    """
    return [
        Report(ReportKind.FILLED, fill.client_order_id, fill.ts, fill=fill.as_late_commission())
        for fill in snapshot.executions
        if fill.client_order_id in orders
        and (cost := booked.get(fill.exec_id)) is not None
        and fill.commission not in (0, cost)
        and (fill.replaces is None or not cost)
    ]


def past(executions: Sequence[Fill], booked: Container[str]) -> set[str]:
    """The executions that one corrects which is booked: they stand for nothing, booked or not.

    Args:
        executions: each before what corrects it.
    """
    found: set[str] = set()
    for fill in reversed(executions):
        if fill.replaces is not None and (fill.exec_id in booked or fill.exec_id in found):
            found.add(fill.replaces)
    return found


def _shows(theirs: BrokerOrder, terms: Replacement) -> bool:
    return (theirs.quantity, theirs.limit_price, theirs.stop_price) == (
        terms.quantity,
        terms.limit_price,
        terms.stop_price,
    )


def absent(snapshot: Snapshot, orders: Iterable[OrderRecord]) -> list[OrderRecord]:
    """The orders that the broker has, or may have, and that a complete snapshot does not show.

    One that is held is looked for no more: a person decides on it.
    """
    shown = {theirs.client_order_id for theirs in snapshot.orders}
    shown |= {fill.client_order_id for fill in snapshot.executions}
    return [
        order
        for order in orders
        if order.client_order_id not in shown
        and order.reaches_broker
        and order.state in AT_BROKER
        and not order.held
    ]


def differences(
    snapshot: Snapshot,
    orders: Mapping[str, OrderRecord],
    booked: Portfolio,
    booked_executions: Container[str],
) -> list[Break]:
    """What differs once everything that the snapshot proves has been booked.

    Args:
        orders: our orders that are open, and those that the snapshot names.
        booked: cash and positions by the ledger.
        booked_executions: those that the ledger has, or has a correction of.
    """
    breaks = [b for theirs in snapshot.orders for b in _order_breaks(theirs, orders)]
    received = Counter(theirs.client_order_id for theirs in snapshot.orders)
    breaks += [
        Break(BreakKind.TWO_ORDERS, name, "1 order", f"{count} orders", orders[name].symbol)
        for name, count in sorted(one for one in received.items() if one[1] > 1)
        if name in orders
    ]
    breaks += [
        Break(
            BreakKind.MISSING_FILL,
            fill.exec_id,
            "not booked",
            f"{fill.quantity} @ {fill.price}",
            fill.symbol,
        )
        for fill in snapshot.executions
        if fill.exec_id not in booked_executions
    ]
    breaks += [
        Break(
            BreakKind.WRONG_STATE,
            order.client_order_id,
            order.state.value,
            "not shown",
            order.symbol,
        )
        for order in orders.values()
        if order.client_order_id not in received
        and order.reaches_broker
        and (order.is_live or order.held)
    ]
    return breaks + _portfolio_breaks(booked, snapshot.portfolio)


def _order_breaks(theirs: BrokerOrder, orders: Mapping[str, OrderRecord]) -> list[Break]:
    name = theirs.client_order_id
    ours = orders.get(name)
    if ours is None:
        kind = BreakKind.UNKNOWN_ORDER if name.startswith("ow-") else BreakKind.FOREIGN_ORDER
        subject = name or theirs.broker_order_id
        return [Break(kind, subject, "none", f"{theirs.state}", theirs.symbol)]
    breaks = []
    # One that the broker shows and does not say of whether it lives is a person's to look at.
    if ours.state is not theirs.state or theirs.state is OrderState.UNKNOWN:
        states = ours.state.value, theirs.state.value
        breaks.append(Break(BreakKind.WRONG_STATE, name, *states, ours.symbol))
    if (ours.quantity, ours.filled_quantity) != (theirs.quantity, theirs.filled_quantity):
        breaks.append(
            Break(
                BreakKind.QUANTITY,
                name,
                f"{ours.filled_quantity} of {ours.quantity}",
                f"{theirs.filled_quantity} of {theirs.quantity}",
                ours.symbol,
            )
        )
    if ours.state not in TERMINAL and not _has_prices(theirs, ours):
        prices = _prices(ours), _prices(theirs)
        breaks.append(Break(BreakKind.PRICE, name, *prices, ours.symbol))
    return breaks


def _has_prices(theirs: BrokerOrder, ours: OrderRecord) -> bool:
    shown, wanted = (theirs.limit_price, theirs.stop_price), (ours.limit_price, ours.stop_price)
    # The stop of a trailing stop moves at the broker's.
    return shown == wanted or ours.order_type == OrderType.TRAILING_STOP


def _prices(order: OrderRecord | BrokerOrder) -> str:
    named = {"limit": order.limit_price, "stop": order.stop_price}
    said = [f"{name} {price:f}" for name, price in named.items() if price is not None]
    return ", ".join(said) or "no price"


def moved(booked: Portfolio, theirs: Portfolio) -> dict[str, tuple[int, int]]:
    """By symbol, what we and what the broker hold, where that differs."""
    held, shown = (
        {symbol: position.quantity for symbol, position in side.positions.items()}
        for side in (booked, theirs)
    )
    return {
        symbol: (held.get(symbol, 0), shown.get(symbol, 0))
        for symbol in held.keys() | shown.keys()
        if held.get(symbol, 0) != shown.get(symbol, 0)
    }


def _portfolio_breaks(booked: Portfolio, theirs: Portfolio) -> list[Break]:
    breaks = [
        Break(BreakKind.POSITION, symbol, str(ours_held), str(theirs_held), symbol)
        for symbol, (ours_held, theirs_held) in sorted(moved(booked, theirs).items())
    ]
    cent = Decimal("0.01")
    if abs(booked.cash - theirs.cash) >= cent:
        breaks.append(Break(BreakKind.CASH, booked.account, f"{booked.cash:f}", f"{theirs.cash:f}"))
    return breaks
