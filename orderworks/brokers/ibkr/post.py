"""Sending messages at their pace, and waiting for what the broker answers."""

from collections.abc import Callable, Iterable, Sequence, Set
from time import monotonic

from orderworks.brokers.adapter import Report
from orderworks.brokers.ibkr.connection import Connection
from orderworks.brokers.ibkr.correspondence import Correspondence
from orderworks.brokers.ibkr.orders import Outgoing
from orderworks.brokers.ibkr.thread import Thread


class Post:
    """What leaves over one connection, and the answers to it.

    Args:
        answer_seconds: how long answers are waited for.
    """

    def __init__(self, line: Connection, talk: Correspondence, answer_seconds: float) -> None:
        self._line = line
        self._talk = talk
        self._answer_seconds = answer_seconds

    async def send(self, messages: Sequence[Outgoing], shrunk: Set[str]) -> int:
        """Sends orders for as long as the line is sound; how many left.

        Args:
            shrunk: the orders that are sent smaller than they were asked for.
        """
        for sent, one in enumerate(messages):
            await self._line.pace.take()
            if not self._line.is_sound:
                return sent
            thread = self._talk.begin(one.client_order_id, one.order_id, one.contract, one.message)
            thread.shrunk = one.client_order_id in shrunk
            self._line.client.placeOrder(one.order_id, one.contract, one.message)
        return len(messages)

    async def answers(
        self, names: Iterable[str], is_answered: Callable[[Thread], bool]
    ) -> list[Report]:
        """What the broker says until it has answered for each order, or time is over."""
        give_up = monotonic() + self._answer_seconds
        asked = [self._talk.threads[name] for name in names if name in self._talk.threads]
        reports: list[Report] = []
        while True:
            self._line.link.news.clear()
            reports += self._talk.take_reports()
            left = give_up - monotonic()
            if left <= 0 or not self._line.is_connected or all(map(is_answered, asked)):
                return reports
            await self._line.link.news_within(left)
