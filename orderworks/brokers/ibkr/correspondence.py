"""What was said between us and the broker about each order: from messages to reports. Pure.

Only what the broker said becomes a report. What carries a permId acknowledges; a status ends an order,
an error code never does; and an end waits for the executions that the broker counts. Of an order that may
rest longer than a day it may show none any more: such an end is told with their count.
"""

import logging
from datetime import datetime

from ib_async import Contract
from ib_async import Order as WireOrder

from orderworks.brokers.adapter import Report, ReportKind
from orderworks.brokers.ibkr.amounts import whole
from orderworks.brokers.ibkr.errors import Meaning, code_of, sentence_of
from orderworks.brokers.ibkr.executions import Executions
from orderworks.brokers.ibkr.orders import terms_of
from orderworks.brokers.ibkr.snapshot import ENDS_TODAY
from orderworks.brokers.ibkr.states import STANDING, Standing
from orderworks.brokers.ibkr.thread import Ending, Thread
from orderworks.brokers.ibkr.wire import (
    CommissionSaid,
    ErrorSaid,
    ExecutionSaid,
    Message,
    OrderShown,
    StatusSaid,
)
from orderworks.model.order import Replacement
from orderworks.model.state import OrderState

log = logging.getLogger(__name__)

END_OF = {
    OrderState.CANCELLED: ReportKind.CANCELLED,
    OrderState.REJECTED: ReportKind.REJECTED,
    OrderState.EXPIRED: ReportKind.EXPIRED,
}
ENDS = frozenset({Standing.CANCELLED, Standing.INACTIVE})


class Correspondence:
    """Everything said about the orders of one account by one client, over all its connections."""

    def __init__(self, account: str, client_id: int) -> None:
        self.account = account
        self.client_id = client_id
        self.executions = Executions()
        self.threads: dict[str, Thread] = {}
        self.burnt: set[int] = set()
        """The numbers that the broker refused for an order."""
        self.doubled: set[str] = set()
        """The orders of which the broker has more than one."""
        self._by_number: dict[int, str] = {}
        self._by_perm_id: dict[int, str] = {}
        self._counted: dict[str, int] = {}
        self._arrived: list[Report] = []
        self._ending: dict[str, Thread] = {}

    def begin(self, name: str, order_id: int, contract: Contract, message: WireOrder) -> Thread:
        """Talks about an order from here on: one that is about to be sent, perhaps again."""
        thread = Thread(name, order_id, contract, message, terms_of(name, message))
        if name in self.threads:
            thread.perm_ids = self.threads[name].perm_ids
        self.threads[name] = thread
        self._ending.pop(name, None)
        self._by_number[order_id] = name
        return thread

    def hear(self, message: Message, at: datetime) -> None:
        """Takes in what the broker said at ``at``."""
        match message:
            case OrderShown():
                self._hear_order(message, at)
            case StatusSaid():
                self._hear_status(message, at)
            case ExecutionSaid() if message.account == self.account:
                self._hear_execution(message, at)
            case CommissionSaid():
                self.executions.hear(message)
            case ErrorSaid():
                self._hear_error(message, at)
            case _:
                pass

    def take_reports(self, *, without_commission: bool = False) -> list[Report]:
        """What has been heard and not told, executions before the ends of their orders.

        Args:
            without_commission: whether executions are told that still wait for what they cost.
        """
        reports, self._arrived = self._arrived, []
        for fill in self.executions.take(without_commission=without_commission):
            name = fill.client_order_id
            thread = self.threads.get(name)
            number = "" if thread is None else thread.broker_order_id
            reports.append(Report(ReportKind.FILLED, name, fill.ts, number, fill=fill))
        for thread in list(self._ending.values()):
            reports += self._ended(thread)
        # One that is only held lives, after all.
        held, self._arrived = self._arrived, []
        return reports + held

    @property
    def lacks_executions(self) -> bool:
        """Whether the broker counts more shares filled than it has shown executions of."""
        for name, count in list(self._counted.items()):
            if self.executions.has_shown(name, count):
                del self._counted[name]
        return bool(self._counted)

    def name_of(self, ref: str, perm_id: int, order_id: int, client_id: int) -> str | None:
        """Which order a message is about: by its name, by its permId, or by our number of it."""
        if ref:
            return ref
        if perm_id in self._by_perm_id:
            return self._by_perm_id[perm_id]
        return self._by_number.get(order_id) if client_id == self.client_id else None

    def numbers_of(self, name: str) -> list[int]:
        """Ours of an order, as it was sent and shown: more than one where the broker has it twice."""
        if name not in self.doubled:
            return [self.threads[name].order_id] if name in self.threads else []
        return sorted(number for number, named in self._by_number.items() if named == name)

    def _hear_order(self, shown: OrderShown, at: datetime) -> None:
        name = self.name_of(shown.ref, shown.perm_id, shown.order_id, shown.client_id)
        if name is None or not shown.perm_id:
            return
        thread = self.threads.get(name)
        if thread is None:
            if shown.client_id != self.client_id:
                return
            thread = self.begin(name, shown.order_id, shown.contract, shown.order)
        if shown.client_id == self.client_id:
            self._by_number.setdefault(shown.order_id, name)
        self._link(thread, shown.perm_id)
        if name in self.doubled:
            return
        self._stand(thread, shown.status, None, at)
        if thread.confirm(shown.order):
            self._tell(thread, ReportKind.REPLACED, at, terms=thread.terms)

    def _hear_status(self, said: StatusSaid, at: datetime) -> None:
        name = self.name_of("", said.perm_id, said.order_id, said.client_id)
        thread = None if name is None else self.threads.get(name)
        if thread is None or not said.perm_id:
            return
        self._link(thread, said.perm_id)
        if thread.client_order_id in self.doubled:
            return
        filled = whole(said.filled, f"order {thread.client_order_id}")
        if not self.executions.has_shown(thread.client_order_id, filled):
            self._counted[thread.client_order_id] = filled
        thread.held = thread.held or said.why_held == "locate"
        self._stand(thread, said.status, filled, at)

    def _hear_execution(self, said: ExecutionSaid, at: datetime) -> None:
        self.executions.hear(said)
        name = self.name_of(said.ref, said.perm_id, said.order_id, said.client_id)
        if name is None:
            return
        self.executions.name(said.exec_id, name)
        thread = self.threads.get(name)
        if thread is not None and said.perm_id:
            self._link(thread, said.perm_id)
            self._acknowledge(thread, at)

    def _link(self, thread: Thread, perm_id: int) -> None:
        self._by_perm_id[perm_id] = thread.client_order_id
        if perm_id in thread.perm_ids:
            return
        thread.perm_ids.append(perm_id)
        if len(thread.perm_ids) > 1:
            self.doubled.add(thread.client_order_id)
            permanent = " and ".join(map(str, thread.perm_ids))
            log.error("the broker has two orders %s: %s", thread.client_order_id, permanent)

    def _stand(self, thread: Thread, status: str, filled: int | None, at: datetime) -> None:
        standing = STANDING.get(status, Standing.UNKNOWN)
        if standing in (Standing.LIVE, Standing.FILLED):
            thread.rejected, thread.ending = False, None
            self._ending.pop(thread.client_order_id, None)
            self._acknowledge(thread, at)
        elif standing in ENDS and not thread.ended:
            if filled is None:
                filled = self.executions.net_filled(thread.client_order_id)
            thread.ending = Ending(status, filled, at)
            self._ending[thread.client_order_id] = thread

    def _acknowledge(self, thread: Thread, at: datetime) -> None:
        if not thread.acknowledged and not thread.ended:
            thread.acknowledged = True
            self._tell(thread, ReportKind.ACKNOWLEDGED, at)
            if thread.shrunk:
                self._tell(thread, ReportKind.REPLACED, at, terms=thread.terms)

    def _ended(self, thread: Thread) -> list[Report]:
        name, ending = thread.client_order_id, thread.ending
        if ending is None or self.executions.is_waiting(name):
            return []
        filled = self.executions.net_filled(name)
        counted = None
        if not self.executions.has_shown(name, ending.filled):
            if thread.message.tif in ENDS_TODAY:
                return []
            filled = counted = ending.filled
        state = thread.state_after(ending, filled)
        kind = END_OF.get(state)
        if kind is None:
            if state is not OrderState.UNKNOWN:
                self._acknowledge(thread, ending.at)
            return []
        thread.ended, thread.ending = True, None
        del self._ending[name]
        self._counted.pop(name, None)
        number, why = thread.broker_order_id, thread.why_ended
        return [Report(kind, name, ending.at, number, why, filled=counted)]

    def _hear_error(self, said: ErrorSaid, at: datetime) -> None:
        name = self._by_number.get(said.order_id)
        meaning = code_of(said.code).meaning
        sentence = sentence_of(said.code, said.text)
        if name is None:
            return
        thread = self.threads[name]
        log.warning("order %s: %s", name, sentence)
        if meaning is Meaning.NUMBER_USED:
            self.burnt.add(said.order_id)
        elif refused := thread.hear_error(meaning, sentence):
            self._tell(thread, refused, at, sentence)

    def _tell(
        self,
        thread: Thread,
        kind: ReportKind,
        at: datetime,
        reason: str | None = None,
        terms: Replacement | None = None,
    ) -> None:
        name, number = thread.client_order_id, thread.broker_order_id
        self._arrived.append(Report(kind, name, at, number, reason, terms=terms))
