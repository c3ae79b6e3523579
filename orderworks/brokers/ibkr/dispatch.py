"""Orders, and changes of them, on their way out: what the broker would refuse does not leave.

Nothing leaves before the number that it goes out under is committed, and exits leave after their entries.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial

from orderworks.brokers.adapter import Report, ReportKind
from orderworks.brokers.ibkr import questions
from orderworks.brokers.ibkr.connection import Connection
from orderworks.brokers.ibkr.contracts import symbol_of
from orderworks.brokers.ibkr.correspondence import Correspondence
from orderworks.brokers.ibkr.late_exits import Placed, place_late_exits
from orderworks.brokers.ibkr.listed import Listed, contract_of, refusal_of
from orderworks.brokers.ibkr.order_ids import OrderNumbers
from orderworks.brokers.ibkr.orders import batch, names_as_sent, revised
from orderworks.brokers.ibkr.post import Post
from orderworks.ledger.connection import Ledger
from orderworks.ledger.orders import orders_by_id
from orderworks.model.crash_points import CrashPoint, crash_point
from orderworks.model.errors import Disconnected
from orderworks.model.order import Order, Replacement

BEFORE_EXITS = 0.05
"""Seconds between entries and the exits that name them: the broker must know them by then (10006)."""


class Dispatch:
    """What leaves over one connection to make an order, or to change one.

    Args:
        post: of that connection.
        now: what the time is.
    """

    def __init__(
        self, line: Connection, talk: Correspondence, post: Post, now: Callable[[], datetime]
    ) -> None:
        self._line = line
        self._talk = talk
        self._post = post
        self._now = now
        self._passed: set[int] = set()
        """The refused numbers that the next one is known to lie beyond."""

    async def learn_next_number(self) -> None:
        """Asks for it, once, after a number was refused: the gateway has seen that or a higher one.

        Raises:
            Unanswered, Disconnected: it is not known, and nothing was sent.
        """
        if refused := self._talk.burnt - self._passed:
            await questions.ask_next_number(self._line)
            self._passed |= refused

    async def submit(
        self,
        orders: Sequence[Order],
        listed: Mapping[str, Listed] | None,
        numbers: OrderNumbers,
        ledger: Ledger,
    ) -> list[Report]:
        """Sends orders; what becomes of them within the time for an answer.

        Args:
            listed: their symbols as the broker lists them; None where they are not examined.
            ledger: has the entries of exits that are not among the orders.

        Raises:
            Disconnected: nothing was sent.
        """
        refused = self._refused_before(orders, listed)
        sendable = [one for one in orders if one.client_order_id not in refused]
        placed = _placed(sendable, numbers, ledger)
        refused |= placed.refused
        names = names_as_sent(placed.orders)
        numbered = await self._number(names, numbers)
        crash_point(CrashPoint.NUMBERS_COMMITTED)
        first, exits = batch(placed.orders, numbered, placed.entries, partial(contract_of, listed))
        sent = await self._post.send(first, placed.shrunk)
        if exits and sent == len(first):
            crash_point(CrashPoint.ENTRIES_LEFT)
            await asyncio.sleep(BEFORE_EXITS)
            sent += await self._post.send(exits, placed.shrunk)
        if names and not sent:
            raise Disconnected(f"{self._line.doubt}; nothing was sent")
        crash_point(CrashPoint.ORDERS_LEFT)
        at = self._now()
        # None of these left, and what was sent of them before was looked for.
        reports = [
            Report(ReportKind.REJECTED, name, at, reason=reason, proven=True)
            for name, reason in refused.items()
        ]
        return reports + await self._post.answers(names, lambda one: one.acknowledged or one.ended)

    async def replace(
        self, replacements: Sequence[Replacement], listed: Mapping[str, Listed] | None
    ) -> list[Report]:
        """Changes orders; only what is known to rest: at the broker, a change of nothing is a new order.

        Args:
            listed: as ``submit`` has it.
        """
        reports, asked = [], []
        for terms in replacements:
            name, thread = terms.client_order_id, self._talk.threads.get(terms.client_order_id)
            if thread is None or not thread.acknowledged or thread.ended:
                reason = "the broker does not show that it rests"
            elif name in self._talk.doubled:
                reason = "the broker has two orders of this name"
            elif off := refusal_of(terms, symbol_of(thread.contract), listed):
                reason = off
            else:
                message = revised(thread.message, terms)
                await self._line.pace.take()
                if not self._line.is_sound:
                    break
                thread.asked = terms
                self._line.client.placeOrder(thread.order_id, thread.contract, message)
                asked.append(name)
                continue
            reports.append(Report(ReportKind.REPLACE_REFUSED, name, self._now(), reason=reason))
        crash_point(CrashPoint.CHANGES_LEFT)
        return reports + await self._post.answers(asked, lambda one: one.asked is None or one.ended)

    def _refused_before(
        self, orders: Sequence[Order], listed: Mapping[str, Listed] | None
    ) -> dict[str, str]:
        """Orders that the broker would not accept, or did not, and that no snapshot has shown since.

        Whoever sends one again has taken these snapshots; the same message would be refused again.
        """
        refused = {}
        for order in orders:
            thread = self._talk.threads.get(order.client_order_id)
            if thread is not None and thread.refused is not None and not thread.perm_ids:
                refused[order.client_order_id] = thread.refused
            elif reason := refusal_of(order, order.symbol, listed):
                refused[order.client_order_id] = reason
        return refused

    async def _number(self, names: Sequence[str], numbers: OrderNumbers) -> dict[str, int]:
        if not names:
            return {}
        await self.learn_next_number()
        return numbers.take(names, self._line.client, self._talk.burnt)


def _placed(orders: Sequence[Order], numbers: OrderNumbers, ledger: Ledger) -> Placed:
    sent = {order.client_order_id for order in orders}
    late = sorted({o.attached_to for o in orders if o.attached_to is not None} - sent)
    if not late:
        return Placed(list(orders), {}, set(), {})
    entries = orders_by_id(ledger, late, parents_too=False)
    return place_late_exits(orders, entries, numbers.latest(late))
