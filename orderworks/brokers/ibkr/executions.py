"""Executions and their commissions, as they come over the wire, into fills. Pure.

A correction is a new execution whose id differs only behind the last period: the highest number there
stands. An execution and its commission come as two messages, in either order; a fill is told when both
are there. One whose commission does not come is told without it; if it comes after all, it is told as a
correction.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from orderworks.brokers.ibkr.amounts import whole
from orderworks.brokers.ibkr.wire import CommissionSaid, ExecutionSaid
from orderworks.model.fill import Fill
from orderworks.model.order import Side

SIDE = {"BOT": Side.BUY, "SLD": Side.SELL}
NO_COMMISSION = Decimal(0)
FEE = "/fee"
"""What the id of an execution is told with, when only its commission is corrected."""


def execution_key(exec_id: str) -> tuple[str, int]:
    """What all reports of one execution share, and which of them this is, counted from 1."""
    shared, dot, number = exec_id.rpartition(".")
    return (shared, int(number)) if dot and number.isdigit() else (exec_id, 1)


def first_report(exec_id: str) -> str:
    """The id that the first report of a corrected execution had, written as the correction's is."""
    shared, _, number = exec_id.rpartition(".")
    return f"{shared}.{1:0{len(number)}d}"


@dataclass(slots=True)
class Executions:
    """What the broker has said of executions, and which of it has been told on."""

    _said: dict[str, ExecutionSaid] = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)
    _commissions: dict[str, Decimal] = field(default_factory=dict)
    _told: dict[str, Decimal] = field(default_factory=dict)
    """By id, the commission that was told."""

    def hear(self, said: ExecutionSaid | CommissionSaid) -> None:
        """Takes a message in; the same one again changes nothing."""
        if isinstance(said, CommissionSaid):
            if said.exec_id:
                self._commissions[said.exec_id] = said.commission
        else:
            self._said.setdefault(said.exec_id, said)

    def name(self, exec_id: str, client_order_id: str) -> None:
        """Says which order of ours an execution is of."""
        self._names[exec_id] = client_order_id

    @property
    def waiting(self) -> list[str]:
        """The executions of ours that wait for their commission."""
        return [i for i in self._names if i not in self._told and i not in self._commissions]

    def net_filled(self, client_order_id: str) -> int:
        """The shares that an order has filled, corrections applied."""
        latest: dict[str, tuple[int, float]] = {}
        for exec_id, name in self._names.items():
            if name == client_order_id:
                shared, number = execution_key(exec_id)
                latest[shared] = max(
                    latest.get(shared, (0, 0.0)), (number, self._said[exec_id].shares)
                )
        return whole(sum(shares for _, shares in latest.values()), f"order {client_order_id}")

    def take(self, *, without_commission: bool = False) -> list[Fill]:
        """The fills that have not been told, and those whose commission came later.

        Args:
            without_commission: whether those that still wait for one are told with none.
        """
        fills = []
        for exec_id in sorted(self._names, key=execution_key):
            commission = self._commissions.get(exec_id)
            if exec_id in self._told:
                if commission is not None and commission != self._told[exec_id]:
                    fills.append(self._with_fee(exec_id, commission))
                continue
            if commission is None and not without_commission:
                continue
            fills.append(self._fill(exec_id))
            self._told[exec_id] = NO_COMMISSION if commission is None else commission
        return fills

    def shown(self, exec_ids: Iterable[str]) -> tuple[Fill, ...]:
        """Executions as a snapshot has them: each before what corrects it."""
        return tuple(self._fill(exec_id) for exec_id in sorted(set(exec_ids), key=execution_key))

    def lacks_commission(self, exec_ids: Iterable[str]) -> list[str]:
        """Which of these executions have no commission yet."""
        return [exec_id for exec_id in exec_ids if exec_id not in self._commissions]

    def _fill(self, exec_id: str) -> Fill:
        said = self._said[exec_id]
        return Fill(
            exec_id=exec_id,
            client_order_id=self._names.get(exec_id, ""),
            symbol=said.symbol,
            side=SIDE[said.side],
            quantity=whole(said.shares, f"execution {exec_id}"),
            price=said.price,
            commission=self._commissions.get(exec_id, NO_COMMISSION),
            ts=said.at,
            replaces=self._corrected_by(exec_id),
        )

    def _with_fee(self, exec_id: str, commission: Decimal) -> Fill:
        self._told[exec_id] = commission
        told = self._fill(exec_id)
        return Fill(
            *(exec_id + FEE, told.client_order_id, told.symbol, told.side, told.quantity),
            *(told.price, commission, told.ts),
            replaces=exec_id,
        )

    def _corrected_by(self, exec_id: str) -> str | None:
        """The report that this one stands for: the last before it that is known, or else the first."""
        shared, number = execution_key(exec_id)
        if number == 1:
            return None
        before = [
            (execution_key(one)[1], one)
            for one in self._said
            if execution_key(one)[0] == shared and execution_key(one)[1] < number
        ]
        return max(before)[1] if before else first_report(exec_id)
