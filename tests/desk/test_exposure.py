"""What an account has at stake, whichever of its open orders fill."""

from hypothesis import given
from hypothesis import strategies as st

from orderworks.desk.valuation import Valuation


@given(
    st.integers(-50, 50),
    st.integers(0, 50),
    st.integers(0, 50),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_no_outcome_of_the_open_orders_is_larger_than_the_gross_exposure(
    held: int, buys: int, sells: int, bought: float, sold: float
) -> None:
    account = Valuation(0.0, 0.0, {"AAPL": 10.0}, {"AAPL": held}, {"AAPL": buys}, {"AAPL": sells})
    outcome = held + round(buys * bought) - round(sells * sold)
    assert abs(outcome) * 10.0 <= account.gross_exposure
    assert account.net_exposure == (held + buys - sells) * 10.0


def test_open_orders_of_both_sides_do_not_make_up_for_each_other() -> None:
    account = Valuation(0.0, 0.0, {"AAPL": 10.0}, {}, {"AAPL": 1_000}, {"AAPL": 1_000})
    assert (account.gross_exposure, account.net_exposure) == (10_000.0, 0.0)
