"""Which number each order is sent under: never one that the broker may take for another order's. Pure."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass


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
    """A number for each order that is about to be sent, in the order of ``names``.

    One that is sent again keeps its number where no other order was sent under a higher one: if the
    first message did arrive, the second changes that order into itself. Else it gets a new one, as the
    broker refuses numbers below the highest that it has seen.

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
    following = max([free, *(number + 1 for number in used)])
    for name in names:
        if latest.get(name) in kept:
            by_name[name] = latest[name]
        else:
            by_name[name] = fresh[name] = following
            following += 1
    return Numbers(by_name, fresh)
