"""Which point is reached where in which scenario: all, but those that stand here with a reason."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

import pytest
from _pytest.mark import ParameterSet
from scenarios import SCENARIOS
from venues import EXCHANGE, GATEWAY

from orderworks.model.crash_points import CrashPoint


@dataclass(frozen=True, slots=True)
class Never:
    """Points that a worker does not come to in some scenarios, as long as nobody kills it."""

    points: tuple[CrashPoint, ...]
    scenarios: frozenset[str]
    reason: str


def _but(*names: str) -> frozenset[str]:
    return frozenset(SCENARIOS) - set(names)


EXCHANGES_OWN = (
    CrashPoint.EXCHANGE_BEFORE_CANCEL,
    CrashPoint.EXCHANGE_CANCELLED,
    CrashPoint.EXCHANGE_BEFORE_REPLACE,
    CrashPoint.EXCHANGE_REPLACED,
    CrashPoint.EXCHANGE_BEFORE_RECORD,
    CrashPoint.EXCHANGE_RECORDED,
    CrashPoint.EXCHANGE_WENT_ON,
)
WIRES_OWN = (
    CrashPoint.NUMBERS_COMMITTED,
    CrashPoint.ENTRIES_LEFT,
    CrashPoint.ORDERS_LEFT,
    CrashPoint.CANCELS_LEFT,
    CrashPoint.CHANGES_LEFT,
    CrashPoint.NEWS_HEARD,
)

NEVER_ANYWHERE = (
    Never(
        (
            CrashPoint.CANCEL_BEFORE_MESSAGE,
            CrashPoint.CANCELS_LEFT,
            CrashPoint.EXCHANGE_BEFORE_CANCEL,
            CrashPoint.EXCHANGE_CANCELLED,
            CrashPoint.CANCEL_ANSWERED,
            CrashPoint.CANCEL_BOOKED,
        ),
        _but("TWAP", "cancel and replace", "flatten"),
        "everything fills before it would have to give way",
    ),
    Never(
        (
            CrashPoint.REVISION_BEFORE_PERMIT,
            CrashPoint.REVISION_PERMITTED,
            CrashPoint.EXCHANGE_BEFORE_REPLACE,
            CrashPoint.EXCHANGE_REPLACED,
            CrashPoint.CHANGES_LEFT,
            CrashPoint.REVISION_ANSWERED,
            CrashPoint.REVISION_BOOKED,
        ),
        _but("bracket", "cancel and replace"),
        "nothing rests that is to have other terms",
    ),
    Never(
        (CrashPoint.SWEEP_PLANNED,),
        _but("TWAP", "cancel and replace"),
        "no worked parent has a rest shortly before the end of its horizon",
    ),
    Never((CrashPoint.ROOM_MADE,), _but("bracket"), "nothing closes a position beside its exits"),
    Never(
        (CrashPoint.SILENCE_BOOKED,),
        _but("lost messages"),
        "what is asked is answered unless a message is lost",
    ),
    Never(
        (CrashPoint.ABSENCE_BOOKED,),
        _but("lost messages"),
        "only where a worker was killed before can an order have been permitted and not sent",
    ),
    Never((CrashPoint.KILL_THROWN,), _but("flatten"), "nobody throws the switch"),
)

NEVER: Mapping[str, tuple[Never, ...]] = {
    EXCHANGE: (
        *NEVER_ANYWHERE,
        Never(WIRES_OWN, _but(), "the exchange is in the worker's own process"),
    ),
    GATEWAY: (
        *NEVER_ANYWHERE,
        Never(EXCHANGES_OWN, _but(), "the exchange is in the gateway's process, which lives on"),
        Never((CrashPoint.ENTRIES_LEFT,), _but("bracket", "flatten"), "no entry has exits"),
    ),
}

Pair = tuple[str, CrashPoint]


def reached(venue: str) -> Iterator[Pair]:
    """Every pair at a venue but those."""
    unreached = {
        (scenario, point)
        for one in NEVER[venue]
        for point in one.points
        for scenario in one.scenarios
    }
    return (
        (scenario, point)
        for scenario in SCENARIOS
        for point in CrashPoint
        if (scenario, point) not in unreached
    )


def as_cases(
    venue: str,
    among: Collection[CrashPoint] = tuple(CrashPoint),
    always: Collection[Pair] = (),
) -> list[ParameterSet]:
    """The pairs at a venue as cases of a test, for proof alone but for those that are ``always`` looked at.

    Args:
        among: the points that are meant.
    """
    return [
        pytest.param(
            *(venue, *pair),
            id="-".join(pair),
            marks=() if pair in always else pytest.mark.proof,
        )
        for pair in reached(venue)
        if pair[1] in among
    ]
