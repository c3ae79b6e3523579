"""Which point is reached in which scenario: all, but those that stand here with a reason."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from _pytest.mark import ParameterSet
from scenarios import SCENARIOS

from orderworks.model.crash_points import CrashPoint


@dataclass(frozen=True, slots=True)
class Never:
    """Points that a worker does not come to in some scenarios, as long as nobody kills it."""

    points: tuple[CrashPoint, ...]
    scenarios: frozenset[str]
    reason: str


def _but(*names: str) -> frozenset[str]:
    return frozenset(SCENARIOS) - set(names)


NEVER = (
    Never(
        (
            CrashPoint.CANCEL_BEFORE_MESSAGE,
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
        "an exchange in the worker's own process answers or dies with it",
    ),
    Never(
        (CrashPoint.ABSENCE_BOOKED,),
        _but("lost messages"),
        "only where a worker was killed before can an order have been permitted and not sent",
    ),
    Never((CrashPoint.KILL_THROWN,), _but("flatten"), "nobody throws the switch"),
)

Pair = tuple[str, CrashPoint]


def reached() -> Iterator[Pair]:
    """Every pair but those."""
    unreached = {
        (scenario, point) for one in NEVER for point in one.points for scenario in one.scenarios
    }
    return (
        (scenario, point)
        for scenario in SCENARIOS
        for point in CrashPoint
        if (scenario, point) not in unreached
    )


def as_case(pair: Pair, *marks: pytest.MarkDecorator) -> ParameterSet:
    """The pair as a case of a test."""
    return pytest.param(*pair, id="-".join(pair), marks=marks)
