"""What can go wrong between an exchange and its client, as a plan: pure, seeded, repeatable.

A fault is drawn for each message from the seed, the message's kind and how many of that kind went
before it; so the same plan does the same to the same messages, whenever and wherever it is used.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import compress
from operator import not_
from typing import TypeVar

from orderworks.brokers.simulated.messages import REPORTING, Message

T = TypeVar("T")


class Fault(StrEnum):
    """What can befall one message, in the order in which it does."""

    DELAY = "delay"  # it arrives later
    TOO_FAST = "too_fast"  # it is refused for coming too fast, and not looked at
    DISCONNECT_BEFORE = "disconnect_before"  # the line breaks before it arrives
    DROP_REQUEST = "drop_request"  # it never arrives
    REJECT = "reject"  # some of its orders are rejected on the way
    DUPLICATE_REQUEST = "duplicate_request"  # it arrives twice
    DUPLICATE_REPORTS = "duplicate_reports"  # some reports of its answer come twice
    HOLD_BACK = "hold_back"  # some reports come with a later answer that has reports
    REORDER_REPORTS = "reorder_reports"  # the reports of its answer come in another order
    DISCONNECT_AFTER = "disconnect_after"  # the line breaks after it arrived, before the answer
    DROP_ANSWER = "drop_answer"  # its answer is lost


ON_REPORTS = frozenset({Fault.DUPLICATE_REPORTS, Fault.HOLD_BACK, Fault.REORDER_REPORTS})


def can_befall(fault: Fault, message: Message) -> bool:
    """Whether a message has what the fault does something to."""
    if fault is Fault.REJECT:
        return message is Message.SUBMIT
    return fault not in ON_REPORTS or message in REPORTING


@dataclass(frozen=True, slots=True)
class Scripted:
    """A fault that befalls the ``occurrence``-th message of a kind, counted from 1."""

    message: Message
    occurrence: int
    fault: Fault


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """Which faults befall which messages.

    Attributes:
        rates: for each kind of message the probability of each fault.
        delay_seconds: how much later a delayed message arrives.
        id_rollback: by how much the sequence of the broker's order ids goes back when the exchange
            is started: that many old ids, or as many as there are, are given out again.

    Raises:
        ValueError: naming what cannot be.
    """

    seed: int
    rates: dict[Message, dict[Fault, float]] = field(default_factory=dict)
    script: tuple[Scripted, ...] = ()
    delay_seconds: float = 1.0
    id_rollback: int = 0

    def __post_init__(self) -> None:
        for message, rates in self.rates.items():
            for fault, rate in rates.items():
                _require_possible(fault, message)
                if not 0 <= rate <= 1:
                    raise ValueError(
                        f"the rate of {fault} for {message} must be from 0 to 1, not {rate}"
                    )
        for one in self.script:
            _require_possible(one.fault, one.message)
            if one.occurrence < 1:
                raise ValueError(f"an occurrence is counted from 1, not {one.occurrence}")
        if not self.delay_seconds >= 0:
            raise ValueError(f"delay_seconds must not be negative, not {self.delay_seconds}")
        if self.id_rollback < 0:
            raise ValueError(f"id_rollback must not be negative, not {self.id_rollback}")

    def fate(self, message: Message, occurrence: int) -> "Fate":
        """What befalls the ``occurrence``-th message of its kind, counted from 1."""
        scripted = {
            one.fault
            for one in self.script
            if (one.message, one.occurrence) == (message, occurrence)
        }
        source = f"{self.seed}:{message}:{occurrence}"
        drawn = {
            fault
            for fault, rate in self.rates.get(message, {}).items()
            if _draws(f"{source}:{fault}").random() < rate
        }
        return Fate(source, frozenset(drawn | scripted))


@dataclass(frozen=True, slots=True)
class Fate:
    """What befalls one message: its faults, and what of its content they hit."""

    source: str
    faults: frozenset[Fault]

    def part(self, fault: Fault, items: Sequence[T]) -> tuple[list[T], list[T]]:
        """Which of ``items`` a fault hits, at least one where there is one; and the others."""
        draws = _draws(f"{self.source}:{fault}:hits")
        hit = [draws.random() < 0.5 for _ in items]
        if items and not any(hit):
            hit[draws.randrange(len(items))] = True
        return list(compress(items, hit)), list(compress(items, map(not_, hit)))

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """``items`` in another order, where there is one."""
        order = list(items)
        _draws(f"{self.source}:order").shuffle(order)
        return order if order != list(items) else order[::-1]


def _draws(source: str) -> random.Random:
    # Not for secrets: the same message must always meet the same.
    return random.Random(source)  # noqa: S311


def everywhere(seed: int, rate: float, *faults: Fault) -> FaultPlan:
    """Each of ``faults``, or every one, at one rate for every message that it can befall."""
    return FaultPlan(
        seed,
        {
            message: {fault: rate for fault in faults or tuple(Fault) if can_befall(fault, message)}
            for message in Message
        },
    )


def _require_possible(fault: Fault, message: Message) -> None:
    if not can_befall(fault, message):
        raise ValueError(f"{fault} cannot befall the message {message}")
