"""Bringing an account to zero, in the names of those whose shares they are."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from orderworks.model.order import FLATTEN
from orderworks.planning.closing import Closing, closing_trades

SHARES = st.integers(-10_000, 10_000)
SYMBOLS = st.sampled_from(["AAPL", "MSFT", "IBM"])
OWN = st.dictionaries(st.tuples(st.sampled_from(["trend", "carry", "value"]), SYMBOLS), SHARES)


def test_each_strategy_closes_its_own() -> None:
    own = [("trend", "AAPL", 300), ("carry", "AAPL", 500), ("carry", "IBM", -40)]
    assert closing_trades({"AAPL": 800, "IBM": -40, "MSFT": 0}, own) == [
        Closing("carry", "AAPL", -500),
        Closing("trend", "AAPL", -300),
        Closing("carry", "IBM", 40),
    ]


def test_strategies_that_hold_against_each_other_trade_only_the_difference() -> None:
    own = [("trend", "AAPL", 300), ("carry", "AAPL", -100)]
    assert closing_trades({"AAPL": 200}, own) == [Closing("trend", "AAPL", -200)]


def test_what_nobody_accounts_for_is_closed_for_the_account() -> None:
    assert closing_trades({"AAPL": 500}, [("trend", "AAPL", 300)]) == [
        Closing(FLATTEN, "AAPL", -200),
        Closing("trend", "AAPL", -300),
    ]


@given(held=st.dictionaries(SYMBOLS, SHARES), own=OWN)
def test_the_account_ends_flat_and_nothing_trades_against_itself(
    held: dict[str, int], own: dict[tuple[str, str], int]
) -> None:
    trades = closing_trades(held, [(*key, shares) for key, shares in own.items()])
    traded = Counter[str]()
    for one in trades:
        traded[one.symbol] += one.shares
        assert one.shares * held[one.symbol] < 0
        if one.strategy != FLATTEN:
            assert abs(one.shares) <= abs(own[one.strategy, one.symbol])
    assert {symbol: -shares for symbol, shares in traded.items()} == {
        symbol: shares for symbol, shares in held.items() if shares
    }
    assert len({(one.strategy, one.symbol) for one in trades}) == len(trades)
