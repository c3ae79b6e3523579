"""Executions and their commissions, as they come over the wire, into fills. Pure.

A correction is a new execution whose id differs only behind the last period: the highest number there
stands. An execution and its commission come as two messages, in either order; a fill is told when both
are there. One whose commission does not come is told without it; if it comes after all, it is told as a
correction.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from ib_async.util import UNSET_DOUBLE

from orderworks.brokers.ibkr.amounts import whole
from orderworks.brokers.ibkr.wire import CommissionSaid, ExecutionSaid
from orderworks.model.fill import FEE, Fill
from orderworks.model.order import Side

SIDE = {"BOT": Side.BUY, "SLD": Side.SELL}
NO_COMMISSION = Decimal(0)
NOT_KNOWN_YET = frozenset({Decimal(-1), Decimal(repr(UNSET_DOUBLE))})
"""What a commission report says before the commission is known."""


def execution_key(exec_id: str) -> tuple[str, int]:
    """What all reports of one execution share, and which of them this is, counted from 1."""
    shared, dot, number = exec_id.rpartition(".")
    return (shared, int(number)) if dot and number.isdigit() else (exec_id, 1)


def first_report(exec_id: str) -> str:
    """The id that the first report of a corrected execution had, written as the correction's is."""
    shared, _, number = exec_id.rpartition(".")
    return f"{shared}.{1:0{len(number)}d}"


def net_shares(reports: Iterable[ExecutionSaid]) -> int:
    """What executions come to: of each, the latest report counts."""
    latest: dict[str, tuple[int, float]] = {}
    for one in reports:
        shared, number = execution_key(one.exec_id)
        latest[shared] = max(latest.get(shared, (0, 0.0)), (number, one.shares))
    return whole(sum(shares for _, shares in latest.values()), "an order's executions")


def most_shares(reports: Iterable[ExecutionSaid]) -> float:
    """What executions come to at most: whether the broker counts corrections is not known."""
    most: dict[str, float] = {}
    for one in reports:
        shared, _ = execution_key(one.exec_id)
        most[shared] = max(most.get(shared, 0.0), one.shares)
    return sum(most.values())


@dataclass(slots=True)
class Executions:
    """What the broker has said of executions, and which of it has been told on."""

    _said: dict[str, ExecutionSaid] = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)
    _of_order: dict[str, list[str]] = field(default_factory=dict)
    _untold: set[str] = field(default_factory=set)
    _commissions: dict[str, Decimal] = field(default_factory=dict)
    _without: set[str] = field(default_factory=set)
    """Those that were told without a commission, and still wait for it."""
    _with_fee: set[str] = field(default_factory=set)
    """Those whose commission was told later."""

    def hear(self, said: ExecutionSaid | CommissionSaid) -> None:
        """Takes a message in; the same one again changes nothing."""
        if isinstance(said, CommissionSaid):
            if said.exec_id and said.commission not in NOT_KNOWN_YET:
                self._commissions[said.exec_id] = said.commission
        else:
            self._said.setdefault(said.exec_id, said)

    def name(self, exec_id: str, client_order_id: str) -> None:
        """Says which order of ours an execution is of."""
        if exec_id not in self._names:
            self._names[exec_id] = client_order_id
            self._of_order.setdefault(client_order_id, []).append(exec_id)
            self._untold.add(exec_id)

    @property
    def waiting(self) -> bool:
        """Whether an execution of ours waits for its commission."""
        return any(exec_id not in self._commissions for exec_id in self._untold)

    def is_waiting(self, client_order_id: str) -> bool:
        """Whether an execution of this order has not been told."""
        return any(one in self._untold for one in self._of_order.get(client_order_id, ()))

    def net_filled(self, client_order_id: str) -> int:
        """The shares that an order has filled, corrections applied."""
        return net_shares(self._reports_of(client_order_id))

    def has_shown(self, client_order_id: str, shares: int) -> bool:
        """Whether an order's executions come to so many shares, corrected or not."""
        return most_shares(self._reports_of(client_order_id)) >= shares

    def _reports_of(self, client_order_id: str) -> list[ExecutionSaid]:
        return [self._said[exec_id] for exec_id in self._of_order.get(client_order_id, ())]

    def take(self, *, without_commission: bool = False) -> list[Fill]:
        """The fills that have not been told, and those whose commission came later.

        Args:
            without_commission: whether those that still wait for one are told with none.
        """
        fills = []
        for exec_id in sorted(self._untold, key=execution_key):
            if self._is_past(exec_id):
                self._untold.remove(exec_id)
                continue
            commission = self._commissions.get(exec_id)
            if commission is None and not without_commission:
                continue
            fills.append(self._fill(exec_id))
            self._untold.remove(exec_id)
            if commission is None:
                self._without.add(exec_id)
        return fills + self._late_commissions()

    def show(self, exec_ids: Iterable[str]) -> tuple[Fill, ...]:
        """Executions as a snapshot has them, each before what corrects it; they are told with that."""
        shown = sorted(set(exec_ids), key=execution_key)
        for exec_id in shown:
            if exec_id in self._untold and exec_id not in self._commissions:
                self._untold.remove(exec_id)
                self._without.add(exec_id)
        return tuple(self._fill(exec_id) for exec_id in shown)

    def lack_commission(self, exec_ids: Iterable[str]) -> bool:
        """Whether one of these executions of ours is to be told and waits for what it cost."""
        return any(one in self._untold and one not in self._commissions for one in exec_ids)

    def _fill(self, exec_id: str) -> Fill:
        said = self._said[exec_id]
        return Fill(
            exec_id=exec_id,
            client_order_id=self._names.get(exec_id, ""),
            symbol=said.symbol,
            side=SIDE[said.side],
            quantity=whole(said.shares, f"execution {exec_id}"),
            price=said.price,
            commission=self._commission(exec_id),
            ts=said.at,
            replaces=self._corrects(exec_id),
        )

    def _is_past(self, exec_id: str) -> bool:
        """Whether a correction came after one that corrects it, and that has been told."""
        shared, number = execution_key(exec_id)
        if number == 1:
            return False
        told = map(execution_key, self._names.keys() - self._untold)
        return any(of == shared and later > number for of, later in told)

    def _late_commissions(self) -> list[Fill]:
        """The commissions of executions that were told without, as corrections of these."""
        fills = []
        for exec_id in sorted(self._without & self._commissions.keys(), key=execution_key):
            self._without.remove(exec_id)
            told = self._fill(exec_id)
            corrected = any(self._corrects(one) == exec_id for one in self._said)
            if told.commission != self._commission_before(exec_id) and not corrected:
                fills.append(told.as_late_commission())
                self._with_fee.add(exec_id)
        return fills

    def _commission(self, exec_id: str) -> Decimal:
        """What an execution cost; a correction costs what it did before until its own is known."""
        own = self._commissions.get(exec_id)
        return self._commission_before(exec_id) if own is None else own

    def _commission_before(self, exec_id: str) -> Decimal:
        corrected = self._corrects(exec_id)
        if corrected is None:
            return NO_COMMISSION
        return self._commission(corrected.removesuffix(FEE))

    def _corrects(self, exec_id: str) -> str | None:
        """The report that this one stands for: the last before it that is known, or else the first."""
        shared, number = execution_key(exec_id)
        if number == 1:
            return None
        before = [
            (execution_key(one)[1], one)
            for one in self._said
            if execution_key(one)[0] == shared and execution_key(one)[1] < number
        ]
        corrected = max(before)[1] if before else first_report(exec_id)
        return corrected + FEE if corrected in self._with_fee else corrected
