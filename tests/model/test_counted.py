"""Numbers of things, as sentences say them."""

import pytest

from orderworks.model.counted import counted


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 orders"), (1, "1 order"), (2, "2 orders"), (2_000, "2,000 orders")]
)
def test_a_number_of_things(number: int, said: str) -> None:
    assert counted(number, "order") == said


@pytest.mark.parametrize(("number", "said"), [(1, "1 order is"), (2, "2 orders are")])
def test_what_follows_agrees(number: int, said: str) -> None:
    assert counted(number, "order is", "orders are") == said
