"""Back-off: within its bounds, never at once, the same from the same seed."""

from itertools import islice
from math import inf, nan
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderworks.model.backoff import delays

BASES = st.floats(0.001, 10)
FACTORS = st.floats(1, 10)
ROOM = st.floats(1, 1_000)
SEEDS = st.integers(0, 2**32)


@given(seed=SEEDS, base=BASES, factor=FACTORS, room=ROOM)
def test_each_delay_lies_in_the_upper_half_of_a_step_that_grows_up_to_the_cap(
    seed: int, base: float, factor: float, room: float
) -> None:
    cap = base * room
    for n, delay in enumerate(islice(delays(Random(seed), base, factor, cap), 40)):
        step = min(cap, base * factor**n)
        assert step / 2 * 0.999_999 <= delay <= step * 1.000_001


@given(seed=SEEDS)
def test_it_never_ends_and_never_overflows(seed: int) -> None:
    last = list(islice(delays(Random(seed), 1, 10, 30), 2_000))[-1]
    assert 15 <= last <= 30


@given(seed=SEEDS)
def test_the_same_seed_waits_the_same_and_another_does_not(seed: int) -> None:
    first, again, other = (
        list(islice(delays(Random(one), 1, 2, 60), 5)) for one in (seed, seed, seed + 1)
    )
    assert first == again
    assert first != other


@pytest.mark.parametrize(
    ("base", "factor", "cap"),
    [(0, 2, 1), (-1, 2, 1), (2, 2, 1), (1, 0.5, 2), (nan, 2, 1), (1, nan, 2), (1, 2, -inf)],
)
def test_what_is_no_back_off_is_refused(base: float, factor: float, cap: float) -> None:
    with pytest.raises(ValueError, match="a back-off needs 0 < base <= cap and factor >= 1"):
        delays(Random(0), base, factor, cap)
