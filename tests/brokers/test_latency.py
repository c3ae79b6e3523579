"""How long messages take: always the same for one seed."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderworks.brokers.simulated.latency import Latencies, Leg

MS = timedelta(milliseconds=1)


@given(st.integers(0, 500), st.integers(0, 100), st.integers(), st.sampled_from(Leg), st.text())
def test_a_latency_lies_within_its_jitter_and_is_the_seed_s(
    base: int, jitter: int, seed: int, leg: Leg, message: str
) -> None:
    latencies = Latencies(**{leg.value: base * MS}, jitter=jitter * MS)
    drawn = latencies.of(leg, seed, lambda: message)
    assert base * MS <= drawn <= (base + jitter) * MS
    assert latencies.of(leg, seed, lambda: message) == drawn


def test_another_seed_draws_another_latency() -> None:
    latencies = Latencies(jitter=timedelta(hours=1))
    drawn = {latencies.of(Leg.ACK, seed, lambda: "1") for seed in range(20)}
    assert len(drawn) == 20


def test_a_negative_latency_is_refused() -> None:
    with pytest.raises(ValueError, match="cancel must not be negative"):
        Latencies(cancel=-MS)
