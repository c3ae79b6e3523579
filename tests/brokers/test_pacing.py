"""The token bucket: no window of time holds more than it may, and it always gets on."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderworks.brokers.pacing import RECOVERY_SECONDS, SLOWEST, TokenBucket

RATES = st.floats(0.1, 500)
BURSTS = st.integers(1, 100)
PAUSES = st.floats(0, 5)


@dataclass(frozen=True)
class Ask:
    """After a pause somebody wants to send messages; the broker may have refused one before."""

    pause: float
    messages: int
    refused: bool


ASKS = st.lists(st.builds(Ask, PAUSES, st.integers(1, 100), st.booleans()), max_size=30)


def left(bucket: TokenBucket, asks: list[Ask]) -> list[tuple[float, int]]:
    """When how many messages left, where each waits as long as it is told."""
    now, sent = 0.0, []
    for ask in asks:
        now += ask.pause
        if ask.refused:
            bucket.penalise(now)
        messages = min(ask.messages, bucket.burst)
        waits = 0
        while seconds := bucket.take(messages, now):
            now += seconds
            waits += 1
            assert waits <= 2
        sent.append((now, messages))
    return sent


@given(rate=RATES, burst=BURSTS, asks=ASKS)
def test_no_window_holds_more_than_the_burst_and_what_comes_in_meanwhile(
    rate: float, burst: int, asks: list[Ask]
) -> None:
    sent = left(TokenBucket(rate, burst, 0.0), asks)
    for first, (begins, _) in enumerate(sent):
        count = 0
        for ends, messages in sent[first:]:
            count += messages
            assert count <= burst + rate * (ends - begins) + 1e-6


@given(limit=st.integers(1, 500), asks=ASKS)
def test_no_second_holds_more_than_a_limit(limit: int, asks: list[Ask]) -> None:
    sent = left(TokenBucket.within(limit, 0.0), asks)
    for begins, _ in sent:
        assert sum(n for at, n in sent if begins <= at < begins + 1 - 1e-6) <= limit


@given(rate=RATES, burst=BURSTS, seconds=st.floats(0, 100))
def test_a_bucket_that_nobody_refused_is_no_slower_than_its_rate(
    rate: float, burst: int, seconds: float
) -> None:
    bucket = TokenBucket(rate, burst, 0.0)
    assert bucket.take(burst, 0.0) == 0
    expected = min(float(burst), rate * seconds)
    missing = burst - expected
    assert bucket.wait(burst, seconds) == pytest.approx(missing / rate, abs=1e-6)


@given(rate=RATES, burst=BURSTS, refusals=st.integers(1, 20))
def test_a_refusal_empties_it_and_slows_it_and_it_recovers(
    rate: float, burst: int, refusals: int
) -> None:
    bucket = TokenBucket(rate, burst, 0.0)
    before = 1 / rate
    for _ in range(refusals):
        bucket.penalise(0.0)
        slower = bucket.wait(1, 0.0)
        assert slower >= before
        assert slower <= 1 / (rate * SLOWEST) * 1.000_001
        before = slower
    assert bucket.wait(1, 0.0) == pytest.approx(1 / (rate * max(SLOWEST, 0.5**refusals)))
    bucket.wait(1, RECOVERY_SECONDS)
    # Full speed again: what is taken comes back at the whole rate.
    now = RECOVERY_SECONDS + burst / rate
    assert bucket.take(burst, now) == 0
    assert bucket.wait(1, now) == pytest.approx(1 / rate)


def test_a_clock_that_stands_or_goes_back_brings_nothing() -> None:
    bucket = TokenBucket(10, 5, 100.0)
    assert bucket.take(5, 100.0) == 0
    assert bucket.wait(1, 100.0) == bucket.wait(1, 40.0) == pytest.approx(0.1)
    assert bucket.wait(1, 100.1) == 0


def test_what_never_fits_and_what_is_no_bucket_is_refused() -> None:
    with pytest.raises(ValueError, match="6 messages never fit a burst of 5"):
        TokenBucket(10, 5, 0.0).wait(6, 0.0)
    for rate, burst in ((0, 5), (-1, 5), (float("nan"), 5), (10, 0)):
        with pytest.raises(ValueError, match="a bucket needs rate > 0 and burst >= 1"):
            TokenBucket(rate, burst, 0.0)
