"""What the market side works by, without any gateway: pace, time, grid, what was quoted."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from served_broker import limit

from orderworks.brokers.ibkr.market.board import Board, Sides
from orderworks.brokers.ibkr.market.gateway_time import Carried
from orderworks.brokers.ibkr.market.history_pace import HistoryPace
from orderworks.brokers.ibkr.price_grid import PriceGrid, off_grid

NOON = datetime(2026, 11, 20, 17, tzinfo=UTC)
PENNIES = PriceGrid.of({Decimal(0): Decimal("0.0001"), Decimal(1): Decimal("0.01")})
NICKELS = PriceGrid.of({Decimal(0): Decimal("0.01"), Decimal(1): Decimal("0.05")})

asks = st.lists(
    st.tuples(
        st.floats(0, 40),
        st.sampled_from("ab"),
        st.sampled_from(["x", "y"]),
        st.sampled_from([1, 2]),
    ),
    max_size=60,
)


@given(asks, st.integers(2, 12))
def test_no_limit_is_exceeded_by_who_waits_as_long_as_told(
    asked: list[tuple[float, str, str, int]], limit: int
) -> None:
    pace, now = HistoryPace(limit), 0.0
    left: list[tuple[float, str, str, int]] = []
    for pause, request, contract, weight in asked:
        now += pause
        while (wait := pace.wait_for((request, contract), contract, now, weight)) > 0:
            now += wait
        pace.take((request, contract), contract, now, weight)
        left.append((now, request, contract, weight))
    # A hundredth less than the limits, as sums of floats are not exact.
    for at, request, contract, _ in left:
        since = [one for one in left if at - one[0] < 14.99 and one[0] <= at]
        assert sum(one[1:3] == (request, contract) for one in since) == 1
        assert sum(one[2] == contract and at - one[0] < 1.99 for one in since) <= 5
        assert sum(one[3] for one in left if one[0] <= at and at - one[0] < 599.99) <= limit


def test_what_is_within_the_limits_need_not_wait() -> None:
    pace = HistoryPace(60)
    for number in range(60):
        assert pace.wait_for(number, number, 0.0) == 0
        pace.take(number, number, 0.0)
    assert pace.wait_for(60, 60, 1.0) == 599.0


@given(
    st.floats(0, 600),
    st.lists(st.floats(0.1, 2), min_size=2, max_size=40),
)
def test_a_time_told_in_whole_seconds_is_carried_on_within_some_of_them(
    speed: float, pauses: list[float]
) -> None:
    carried, wall, shown = Carried(), 0.0, -1.0
    for number, pause in enumerate(pauses):
        wall += pause
        carried.tell(float(int(speed * wall)), wall)
        now = carried.at(wall + pause / 2)
        assert now >= shown, "it went back"
        shown = now
        if number > 2:
            # A second for the rounding of the last, and what both roundings make of the rate.
            told = [sum(pauses[: n + 1]) for n in range(max(0, number - 19), number + 1)]
            slack = 1 + pause / (told[-1] - told[0])
            assert now >= speed * (wall + pause / 2) - slack - 0.01


def test_a_time_that_was_never_told_is_not_known() -> None:
    with pytest.raises(LookupError):
        Carried().at(1.0)


@given(st.decimals("0.01", "900", places=2))
def test_prices_of_an_order_are_on_the_grid_of_the_rule_or_refused(price: Decimal) -> None:
    order = limit("a", 100, str(price))
    assert off_grid(order, PENNIES) is None
    is_on = price < 1 or price % Decimal("0.05") == 0
    assert (off_grid(order, NICKELS) is None) == is_on
    assert off_grid(order, None) is None


def test_a_price_off_the_grid_is_named_with_the_grid() -> None:
    order = replace(limit("a", 100, "100.00"), limit_price=Decimal("100.005"))
    assert "limit price 100.005 is off the broker's grid of 0.01" in (
        off_grid(order, PENNIES) or ""
    )


def test_a_rule_without_a_beginning_is_no_grid() -> None:
    with pytest.raises(ValueError, match="begin at a price of 0"):
        PriceGrid.of({Decimal(1): Decimal("0.01")})


def test_of_a_second_the_last_quote_is_kept_and_a_tick_confirms_the_one_that_stands() -> None:
    board, first, second = Board(), Sides(9.9, 10.1, 1, 2), Sides(9.8, 10.1, 1, 2)
    assert board.last("ACME") is None
    board.hear("ACME", first, NOON)
    board.hear("ACME", second, NOON + timedelta(milliseconds=300))
    board.hear("ACME", second, NOON + timedelta(seconds=40))
    ts, values = board.rows("ACME")
    assert values.tolist() == [list(second)]
    standing = board.last("ACME")
    assert standing is not None
    assert standing[1] == second
    assert standing[0] - ts[0] == 39_700_000
    board.forget("ACME")
    assert board.last("ACME") is None
