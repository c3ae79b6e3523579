"""What may be believed of an order that a broker has: the reports that were heard of it, without a ledger."""

from dataclasses import dataclass, field

from truthful_broker import ScriptedBroker

from orderworks.brokers.adapter import BrokerOrder, Report, ReportKind
from orderworks.model.state import TERMINAL, OrderState

UNCONFIRMED = frozenset({OrderState.PENDING, OrderState.UNKNOWN})


@dataclass(slots=True)
class Believed:
    """What was heard of one order that the broker may have.

    Attributes:
        quantity: shares that it was last sent with.
        attempts: how often it was sent.
        held: whether it waits for evidence or a person, as it may have arrived or not.
        executions: the shares of each report of an execution that stands.
        known: the executions that were heard of, and those that these replace.
    """

    quantity: int
    sent: bool = False
    attempts: int = 0
    held: bool = False
    confirmed: bool = False
    ended: OrderState | None = None
    executions: dict[str, int] = field(default_factory=dict)
    known: set[str | None] = field(default_factory=set)

    @property
    def filled(self) -> int:
        return sum(self.executions.values())

    @property
    def states(self) -> frozenset[OrderState]:
        """Where it may stand in the ledger."""
        if self.filled == self.quantity:
            return frozenset({OrderState.FILLED})
        if self.ended is not None:
            return frozenset({self.ended})
        if self.confirmed:
            partly = OrderState.PARTIALLY_FILLED if self.filled else OrderState.SUBMITTED
            return frozenset({partly})
        return UNCONFIRMED if self.sent else frozenset({OrderState.NEW})

    def hear(self, report: Report) -> None:
        if report.fill is not None:
            self._hear_of_execution(report)
        elif not self.states <= TERMINAL and report.kind is not ReportKind.CANCEL_REFUSED:
            self.confirmed, self.held = True, False
            if report.kind is not ReportKind.ACKNOWLEDGED:
                self.ended = OrderState(report.kind)

    def _hear_of_execution(self, report: Report) -> None:
        fill = report.fill
        assert fill is not None
        before = self.executions.get(fill.replaces or "", 0)
        if fill.exec_id in self.known or self.filled - before + fill.quantity > self.quantity:
            return
        was_filled = self.filled == self.quantity
        self.confirmed, self.held = True, False
        self.known |= {fill.exec_id, fill.replaces}
        self.executions.pop(fill.replaces or "", None)
        self.executions[fill.exec_id] = fill.quantity
        if was_filled and self.filled < self.quantity:
            self.ended = OrderState.CANCELLED

    def see(self, theirs: BrokerOrder, broker: ScriptedBroker) -> None:
        """Takes over what a complete snapshot shows."""
        own = {
            k: f
            for k, f in broker.executions.items()
            if f.client_order_id == theirs.client_order_id
        }
        self.sent, self.confirmed, self.held = True, True, False
        self.ended = theirs.state if theirs.state in TERMINAL - {OrderState.FILLED} else None
        self.known = {*own, *(one.replaces for one in own.values())}
        self.executions = {
            one.exec_id: one.quantity for one in broker.standing() if one.exec_id in own
        }
