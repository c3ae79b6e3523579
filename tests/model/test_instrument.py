"""The price grid of Regulation NMS rule 612, or of the venue."""

from decimal import Decimal

import pytest

from orderworks.model.instrument import Instrument


@pytest.mark.parametrize(
    ("price", "tick"),
    [("0.0001", "0.0001"), ("0.9999", "0.0001"), ("1", "0.01"), ("1.00", "0.01"), ("500", "0.01")],
)
def test_the_grid_is_finer_below_a_dollar(price: str, tick: str) -> None:
    assert Instrument("A").tick_at(Decimal(price)) == Decimal(tick)


def test_a_venue_may_have_its_own_grid() -> None:
    coarse = Instrument("A", tick=Decimal("0.05"))
    assert {coarse.tick_at(Decimal(price)) for price in ("0.5", "1", "90")} == {Decimal("0.05")}
