"""How fast messages leave: never more in a second than permitted, and hardly ever fewer."""

import asyncio
from dataclasses import dataclass, field
from threading import Thread
from time import monotonic

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderworks.brokers.ibkr.pace import AHEAD, CLOSER, SECONDS, Pace
from orderworks.brokers.pacing import RECOVERY_SECONDS

LIMITS = st.integers(1, 60)
PAUSES = st.floats(0, 3)


@dataclass
class Sender:
    """Who sends at a pace, on a clock of its own."""

    limit: int
    now: float = 0.0
    left: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.pace = Pace(self.limit, lambda: self.now, self.sleep)

    async def sleep(self, seconds: float) -> None:
        self.now += seconds + 1e-9

    async def send(self, messages: int) -> None:
        for _ in range(messages):
            await self.pace.take()
            self.left.append(self.now)


def most_in_a_second(times: list[float]) -> int:
    """How many messages the fullest second has, whenever it begins."""
    times, first, most = sorted(times), 0, 0
    for last, ends in enumerate(times):
        while ends - times[first] >= 1.0:
            first += 1
        most = max(most, last - first + 1)
    return most


@given(
    limit=LIMITS,
    batches=st.lists(st.tuples(PAUSES, st.integers(1, 80)), max_size=8),
    late=st.lists(st.floats(0, CLOSER * 0.99), min_size=1),
)
async def test_no_second_has_too_many_however_late_some_of_them_arrive(
    limit: int, batches: list[tuple[float, int]], late: list[float]
) -> None:
    sender = Sender(limit)
    for pause, batch in batches:
        sender.now += pause
        await sender.send(batch)
    arrived = [at + late[n % len(late)] for n, at in enumerate(sender.left)]
    assert most_in_a_second(sender.left) <= limit
    assert most_in_a_second(arrived) <= limit


@given(limit=st.integers(10, 60), pauses=st.lists(st.floats(0, 0.05), min_size=1, max_size=20))
async def test_who_works_between_batches_still_comes_near_the_limit(
    limit: int, pauses: list[float]
) -> None:
    sender, messages, n = Sender(limit), limit * 20, 0
    while len(sender.left) < messages:
        room = await sender.pace.room_for(messages - len(sender.left))
        sender.now += pauses[n % len(pauses)]
        await sender.send(room)
        n += 1
    # The first second's worth leaves at once, and the rest at the pace.
    assert sender.now <= (messages - limit) / (0.95 * limit) + 1e-6


@given(limit=LIMITS, sent=st.integers(0, 100), pause=PAUSES)
async def test_there_is_room_for_what_leaves_before_a_permission_is_old(
    limit: int, sent: int, pause: float
) -> None:
    sender = Sender(limit)
    await sender.send(sent)
    sender.now += pause
    room = await sender.pace.room_for(1_000)
    began = sender.now
    assert 1 <= room <= limit
    await sender.send(room)
    assert sender.now - began <= AHEAD + 1e-6


async def test_room_is_no_more_than_was_asked_for() -> None:
    assert await Sender(50).pace.room_for(3) == 3


@given(refusals=st.integers(1, 8))
async def test_a_refusal_slows_it_down_and_it_recovers(refusals: int) -> None:
    sender = Sender(50)
    for _ in range(refusals):
        sender.pace.refused()
    await sender.send(100)
    slow, sender.left = most_in_a_second(sender.left), []
    assert slow <= 50 / 2 + 1
    sender.now += RECOVERY_SECONDS
    await sender.send(100)
    assert most_in_a_second(sender.left) == 50


def test_threads_share_one() -> None:
    pace, left = Pace(20), []

    async def send() -> None:
        for _ in range(25):
            await pace.take()
            left.append(monotonic())

    threads = [Thread(target=lambda: asyncio.run(send())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(left) == 50
    assert most_in_a_second(left) <= 20


def test_nobody_sends_at_no_pace() -> None:
    with pytest.raises(ValueError, match="at least 1, not 0"):
        Pace(0)
    assert SECONDS > 1
