"""What a snapshot is made of: the messages heard while it was asked for, put together. Pure.

What is open is taken from the messages themselves: the answers that ib_async gives are its own orders,
with what it made of them.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation

from ib_async import AccountValue, Position
from ib_async import Order as WireOrder
from ib_async.util import UNSET_DOUBLE

from orderworks.brokers.adapter import BrokerOrder
from orderworks.brokers.ibkr.amounts import price_or_none, to_decimal, whole
from orderworks.brokers.ibkr.contracts import is_us_stock, symbol_of
from orderworks.brokers.ibkr.executions import most_shares, net_shares
from orderworks.brokers.ibkr.orders import expiry_of, prices_of, read_moment
from orderworks.brokers.ibkr.states import Evidence, says_rejected, state_of
from orderworks.brokers.ibkr.thread import Thread
from orderworks.brokers.ibkr.wire import (
    CompletedShown,
    ExecutionSaid,
    Message,
    OrderShown,
    StatusSaid,
)
from orderworks.model.errors import SnapshotIncomplete
from orderworks.model.order import Side
from orderworks.model.portfolio import Position as Holding
from orderworks.model.state import OrderState

CASH = (("CashBalance", "USD"), ("TotalCashBalance", "USD"), ("TotalCashValue", "USD"))
"""Where the account's dollars are told, the best first: tag and currency."""

ENDS_TODAY = frozenset({"DAY", "IOC", "FOK", "OPG"})
"""Of what may rest longer, executions of earlier days are not shown any more."""


@dataclass(slots=True)
class Gathering:
    """What was heard of one account while it was asked for, by permId or execId, the latest of each."""

    account: str
    orders: dict[int, OrderShown] = field(default_factory=dict)
    statuses: dict[int, StatusSaid] = field(default_factory=dict)
    completed: dict[int, CompletedShown] = field(default_factory=dict)
    executions: dict[str, ExecutionSaid] = field(default_factory=dict)
    of_order: dict[int, dict[str, ExecutionSaid]] = field(default_factory=dict)
    on_its_way: set[str] = field(default_factory=set)

    def hear(self, message: Message) -> None:
        match message:
            case OrderShown() if message.order.account != self.account:
                pass
            case OrderShown() if not message.perm_id:
                self.on_its_way.add(message.ref or f"number {message.order_id}")
            case OrderShown():
                self.orders[message.perm_id] = message
            case StatusSaid():
                self.statuses[message.perm_id] = message
            case CompletedShown() if message.order.account == self.account:
                self.completed[message.perm_id] = message
            case ExecutionSaid() if message.account == self.account:
                self.executions[message.exec_id] = message
                self.of_order.setdefault(message.perm_id, {})[message.exec_id] = message
            case _:
                pass

    def name(self, ref: str, perm_id: int) -> str:
        """The name of an order: its own, or that under which its permId is known elsewhere."""
        if ref:
            return ref
        shown = (self.orders.get(perm_id), self.completed.get(perm_id))
        of_order = self.of_order.get(perm_id, {}).values()
        return next((one.ref for one in (*shown, *of_order) if one is not None and one.ref), "")

    def lacking_executions(self) -> list[str]:
        """The orders of today of which more has filled than executions are shown."""
        counted: list[tuple[OrderShown | CompletedShown, float]] = [
            (shown, _count(shown.order)) for shown in self.completed.values()
        ]
        counted += [
            (shown, self.statuses[perm_id].filled)
            for perm_id, shown in self.orders.items()
            if perm_id in self.statuses and perm_id not in self.completed
        ]
        return [
            shown.ref or f"permId {shown.perm_id}"
            for shown, filled in counted
            if shown.order.tif in ENDS_TODAY
            and filled > most_shares(self.of_order.get(shown.perm_id, {}).values())
        ]

    def moved_since(self, before: Set[str]) -> set[str]:
        """The symbols of the executions that were heard beside those given, by their ids."""
        return {self.executions[one].symbol for one in self.executions.keys() - before}

    def filled(self, perm_id: int) -> int:
        """The shares that an order has filled by its executions, corrections applied."""
        return net_shares(self.of_order.get(perm_id, {}).values())


def broker_orders(
    gathered: Gathering, threads: Mapping[str, Thread], quantities: Mapping[str, int], at: datetime
) -> tuple[BrokerOrder, ...]:
    """Every order of the account that is open or has ended today, one a permId.

    Args:
        threads: what was said about our orders before.
        quantities: of ours that have ended, how large they were: the broker may have forgotten it.

    Raises:
        SnapshotIncomplete: if an order is on its way between the gateway and the broker.
    """
    if gathered.on_its_way:
        names = ", ".join(sorted(gathered.on_its_way))
        raise SnapshotIncomplete(
            f"the broker has not acknowledged {names} yet, and nothing is concluded before it has; if it "
            "stays so, cancel it in TWS"
        )
    open_ones = [
        _open(gathered, shown, threads, at)
        for perm_id, shown in gathered.orders.items()
        if perm_id not in gathered.completed
    ]
    ended = [
        _ended(gathered, shown, threads, quantities, at) for shown in gathered.completed.values()
    ]
    return (*open_ones, *ended)


def holdings(account: str, positions: Iterable[Position]) -> dict[str, Holding]:
    """The account's US shares; what is held beside them is not traded here and is left out.

    Raises:
        ValueError: if a part of a share is held.
    """
    return {
        symbol_of(one.contract): Holding(
            symbol_of(one.contract),
            whole(one.position, f"the position in {one.contract.symbol}"),
            to_decimal(one.avgCost),
        )
        for one in positions
        if one.account == account and is_us_stock(one.contract) and one.position
    }


def cash(account: str, values: Sequence[AccountValue]) -> Decimal:
    """The account's dollars.

    Raises:
        SnapshotIncomplete: if they were not told.
    """
    told = {(one.tag, one.currency): one.value for one in values if one.account == account}
    for place in CASH:
        if place in told:
            try:
                return Decimal(told[place])
            except InvalidOperation:
                break
    raise SnapshotIncomplete(
        f"the broker did not tell the cash of account {account} in US dollars; try again"
    )


def _open(
    gathered: Gathering, shown: OrderShown, threads: Mapping[str, Thread], at: datetime
) -> BrokerOrder:
    name = gathered.name(shown.ref, shown.perm_id)
    thread, said = threads.get(name), gathered.statuses.get(shown.perm_id)
    filled = gathered.filled(shown.perm_id)
    if said is not None:
        filled = max(filled, whole(said.filled, f"order {name}"))
    quantity = whole(shown.order.totalQuantity, f"order {name}")
    state = state_of(
        shown.status if said is None else said.status,
        Evidence(
            quantity,
            filled,
            rejected=thread is not None and thread.is_rejected,
            held=(thread is not None and thread.held)
            or (said is not None and said.why_held == "locate"),
        ),
    )
    # It has a permId: the broker has it, however far it has come.
    state = OrderState.SUBMITTED if state is OrderState.PENDING else state
    reason = None if thread is None else thread.reason
    return _order(name, shown, quantity, filled, state, reason, at)


def _ended(
    gathered: Gathering,
    shown: CompletedShown,
    threads: Mapping[str, Thread],
    quantities: Mapping[str, int],
    at: datetime,
) -> BrokerOrder:
    name = gathered.name(shown.ref, shown.perm_id)
    thread, order = threads.get(name), shown.order
    filled = max(whole(_count(order), f"order {name}"), gathered.filled(shown.perm_id))
    quantity = whole(order.totalQuantity, f"order {name}") or quantities.get(name, filled)
    ended_at = read_moment(shown.completed_time)
    state = state_of(
        shown.status,
        Evidence(
            quantity,
            filled,
            rejected=shown.status == "Inactive"
            or says_rejected(shown.completed_status)
            or (thread is not None and thread.is_rejected),
            expires_at=None if ended_at is None else expiry_of(order, ended_at),
            at=ended_at,
        ),
    )
    return _order(name, shown, quantity, filled, state, shown.completed_status, ended_at or at)


def _count(order: WireOrder) -> float:
    """What a completed order has filled; the statuses of those say 0."""
    return 0.0 if order.filledQuantity == UNSET_DOUBLE else float(order.filledQuantity)


def _order(
    name: str,
    shown: OrderShown | CompletedShown,
    quantity: int,
    filled: int,
    state: OrderState,
    reason: str | None,
    ts: datetime,
) -> BrokerOrder:
    order: WireOrder = shown.order
    limit, stop = prices_of(order)
    return BrokerOrder(
        broker_order_id=str(shown.perm_id),
        client_order_id=name,
        symbol=symbol_of(shown.contract),
        side=Side.BUY if order.action == "BUY" else Side.SELL,
        quantity=quantity,
        filled_quantity=filled,
        state=state,
        reason=reason or None,
        ts=ts,
        limit_price=limit,
        stop_price=stop,
        trail_amount=price_or_none(order.auxPrice) if order.orderType == "TRAIL" else None,
    )
