"""What goes wrong in a world, and where: drawn from its seed, so that it goes wrong again there.

A misfortune is drawn at each place that a process comes to, from the seed, the process, the place and
how often it was there before. No clock on a wall has a part in it.
"""

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from orderworks.brokers.simulated.faults import Fault, everywhere
from orderworks.brokers.simulated.latency import Latencies
from orderworks.brokers.simulated.messages import Message
from orderworks.model.crash_points import CrashPoint

ON_ITS_WAY = "the message {} is on its way"
ANSWERED = "the answer to {} is on its way"
"""The places before and after a message arrives at a far exchange."""


class Misfortune(StrEnum):
    """What can befall a process at a place."""

    CRASH = "crash"  # it dies as by kill -9
    DATABASE_RESTART = "database restart"  # every connection of every process is gone
    PAUSE = "pause"  # it stops, its lease runs out, and another worker takes the account over
    WAKE = "wake"  # while it works, a worker that was paused goes on, and believes to be the first
    LEASE_RAN_OUT = "lease ran out"  # it stopped for too long, and nobody has taken over yet
    KILL_SWITCH = "kill switch"  # a person stops the account


WEIGHTS = {
    # There are many of them.
    "before a commit": 0.25,
    "committed": 0.25,
    # Where it is not known whether an order has left, or arrived: what an order sent twice comes of.
    **dict.fromkeys(
        (
            CrashPoint.SEND_PERMITTED,
            CrashPoint.EXCHANGE_BEFORE_RECORD,
            CrashPoint.EXCHANGE_RECORDED,
            CrashPoint.SEND_ANSWERED,
            ON_ITS_WAY.format(Message.SUBMIT),
            ANSWERED.format(Message.SUBMIT),
        ),
        5.0,
    ),
}
"""How much oftener than elsewhere something goes wrong at a place."""


@dataclass(frozen=True, slots=True)
class Climate:
    """What may go wrong in one world, and how often.

    Attributes:
        rates: the probability of each misfortune at each place.
        refuses: whether orders are refused on their way.
        far: whether the exchange is a process of its own.
        begins_after: nothing goes wrong at so many places that the world comes to first.
        misfortunes: after so many of them nothing goes wrong any more.
        batch: how many orders are sent, and reports booked, in one transaction.
        person_cancels: whether who throws the kill switch gives up the orders as well.
    """

    seed: int
    rates: dict[Misfortune, float]
    line_rate: float
    refuses: bool
    latencies: Latencies
    far: bool
    begins_after: int
    misfortunes: int
    batch: int
    person_cancels: bool

    @property
    def line(self) -> dict[Message, dict[Fault, float]]:
        """The rates of what befalls the messages of its workers."""
        rates = everywhere(self.seed, self.line_rate).rates
        # An order that arrives twice is two: no client can undo it, and no sound line does it.
        rates[Message.SUBMIT].pop(Fault.DUPLICATE_REQUEST)
        # Few messages carry orders, and all depends on them.
        for fault in rates[Message.SUBMIT]:
            rates[Message.SUBMIT][fault] *= 3
        # A refusal of an order that was sent again is only believed where the exchange shows it, and what
        # is refused on its way is nowhere to be seen: a person would be asked. So a line does the one
        # or the other.
        rates[Message.SUBMIT].pop(Fault.HOLD_BACK if self.refuses else Fault.REJECT)
        return rates


def climate(seed: int) -> Climate:
    """The climate of a seed's world."""
    draws = random.Random(f"{seed}:climate")
    far = draws.random() < 0.6
    often = {
        Misfortune.CRASH: (0.01, 0.03, 0.1),
        Misfortune.DATABASE_RESTART: (0.0, 0.01, 0.02),
        Misfortune.PAUSE: (0.01, 0.04) if far else (0.0,),
        Misfortune.WAKE: (0.02, 0.2),
        Misfortune.LEASE_RAN_OUT: (0.0, 0.01),
        Misfortune.KILL_SWITCH: (0.0, 0.0, 0.01),
    }
    rates = {misfortune: draws.choice(choices) for misfortune, choices in often.items()}
    slow = draws.random() < 0.5
    milliseconds = [draws.choice((0, 20, 400, 2_500)) if slow else 0 for _ in range(5)]
    return Climate(
        seed,
        rates,
        line_rate=draws.choice((0.0, 0.02, 0.05)),
        refuses=draws.random() < 0.3,
        latencies=Latencies(*(timedelta(milliseconds=one) for one in milliseconds)),
        far=far,
        begins_after=draws.randrange(200),
        misfortunes=draws.randint(1, 10),
        batch=draws.choice((1, 2, 2_500)),
        person_cancels=draws.random() < 0.3,
    )


class Stream:
    """The misfortunes of a world as they come, until there were as many as its climate has."""

    def __init__(self, climate: Climate) -> None:
        self._climate = climate
        self._visits: Counter[tuple[str, str]] = Counter()
        self._to_pass = climate.begins_after
        self.left = climate.misfortunes

    def at(self, process: str, place: str, possible: Iterable[Misfortune]) -> Misfortune | None:
        """What befalls a process at a place, of what is possible there."""
        self._visits[process, place] += 1
        self._to_pass -= 1
        if not self.left or self._to_pass >= 0:
            return None
        source = f"{self._climate.seed}:{process}:{place}:{self._visits[process, place]}"
        drawn = random.Random(source).random() / WEIGHTS.get(place, 1.0)
        for misfortune in possible:
            drawn -= self._climate.rates[misfortune]
            if drawn < 0:
                self.left -= misfortune is not Misfortune.WAKE
                return misfortune
        return None
