"""Which number each order is sent under: never one that the broker may take for another order's."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from ib_async import Client

from orderworks.ledger.broker_numbers import (
    highest_number,
    latest_numbers,
    numbers_from,
    record_numbers,
    seconds_since_number,
)
from orderworks.ledger.connection import Ledger

WHAT_IF = "what-if"
"""In whose name the numbers of questions are kept: no order is called so."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """``by_name``: the number of each order; ``fresh``: those that were not used before."""

    by_name: dict[str, int]
    fresh: dict[str, int]


def number_orders(
    names: Sequence[str],
    latest: Mapping[str, int],
    used: Iterable[int],
    free: int,
    burnt: Set[int] = frozenset(),
) -> Numbers:
    """A number for each order that is about to be sent, rising in the order of ``names``.

    One that is sent again keeps its number where no other order was sent under a higher one: if the
    first message did arrive, the second changes that order into itself. Else it gets a new one, as the
    broker refuses numbers below the highest that it has seen. Pure.

    Args:
        latest: the number that each was last sent under, if it was.
        used: every number from the lowest of those on that any order was sent under.
        free: the lowest number that the broker has not seen and that no request uses.
        burnt: numbers that the broker has refused.
    """
    again = {latest[name] for name in names if name in latest} - burnt
    kept = set()
    for number in sorted(set(used), reverse=True):
        if number not in again:
            break
        kept.add(number)
    by_name: dict[str, int] = {}
    fresh: dict[str, int] = {}
    following, before = max([free, *(number + 1 for number in used)]), 0
    for name in names:
        if latest.get(name) in kept and latest[name] > before:
            before = by_name[name] = latest[name]
        else:
            before = by_name[name] = fresh[name] = following
            following += 1
    return Numbers(by_name, fresh)


@dataclass(frozen=True, slots=True)
class OrderNumbers:
    """The numbers of one account's orders by one client, kept in the ledger."""

    ledger: Ledger
    account: str
    client_id: int

    def latest(self, names: Sequence[str]) -> dict[str, int]:
        """The number that each order was last sent under; without those that never were."""
        return latest_numbers(self.ledger, self.account, self.client_id, names)

    def go_beyond_the_highest(self, client: Client) -> None:
        """Lets a client count on from the highest number that was ever used: a gateway's may go back."""
        client.updateReqId(highest_number(self.ledger, self.account, self.client_id) + 1)

    def take_for_question(self, client: Client) -> int:
        """A number for a message that only asks, committed like an order's: none is ever equal to it.

        Raises:
            BrokerError: if another process has used it meanwhile.
        """
        number = int(client.getReqId())
        record_numbers(self.ledger, self.account, self.client_id, {WHAT_IF: number})
        return number

    def seconds_since_question(self) -> float | None:
        """How long ago the last of them was taken; None for never."""
        return seconds_since_number(self.ledger, self.account, self.client_id, WHAT_IF)

    def take(self, names: Sequence[str], client: Client, burnt: Set[int]) -> dict[str, int]:
        """The number of each order, committed: it may leave under it once this returns.

        Raises:
            BrokerError: if another process has used one meanwhile.
        """
        latest = self.latest(names)
        lowest = min(latest.values(), default=None)
        used = (
            []
            if lowest is None
            else numbers_from(self.ledger, self.account, self.client_id, lowest)
        )
        numbers = number_orders(names, latest, used, client.getReqId(), burnt)
        record_numbers(self.ledger, self.account, self.client_id, numbers.fresh)
        # Requests are numbered from the same count.
        client.updateReqId(max(numbers.by_name.values()) + 1)
        return numbers.by_name
