"""A batch is not looked through for cycles, neither while it grows nor as it ends."""

import gc
from collections.abc import Iterator

import pytest

from orderworks.brokers.simulated.quiet import MANY, uncollected


@pytest.fixture
def looks() -> Iterator[list[str]]:
    """A line for each time that the collector looks; what is frozen is thawed again at the end."""
    seen: list[str] = []

    def note(phase: str, _: dict[str, int]) -> None:
        seen.append(phase)

    gc.collect()
    gc.callbacks.append(note)
    yield seen
    gc.callbacks.remove(note)
    gc.unfreeze()


def test_a_large_batch_is_never_looked_through(looks: list[str]) -> None:
    frozen = gc.get_freeze_count()
    with uncollected():
        kept = [[number] for number in range(2 * MANY)]
        assert not gc.isenabled()
    assert gc.isenabled()
    assert gc.get_freeze_count() >= frozen + len(kept)
    assert looks == []


def test_what_a_small_one_makes_is_looked_through_as_usual(looks: list[str]) -> None:
    frozen = gc.get_freeze_count()
    with uncollected():
        kept = [[number] for number in range(MANY // 10)]
    assert gc.get_freeze_count() == frozen
    kept += [[number] for number in range(gc.get_threshold()[0] + 1)]
    assert looks


def test_where_the_collector_is_off_it_stays_off() -> None:
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
