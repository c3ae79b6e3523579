"""What each fill cost: the published example, what must hold of any, and what is not known."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas import DataFrame
from quality_tables import (
    CLOSE,
    OPEN,
    at,
    bar,
    fill,
    fills_table,
    parent,
    parents_table,
    quote,
    recorded,
)

from orderworks.market.replay import ReplayMarket
from orderworks.model.order import Side
from orderworks.quality.filling import WEIGHTS, measure_fills, with_fills
from orderworks.quality.histories import Histories
from orderworks.quality.market_returns import market_returns
from orderworks.quality.markouts import HORIZONS
from orderworks.quality.measuring import measure_worked
from orderworks.quality.metrics import (
    effective_spread,
    markout_bps,
    price_impact,
    price_improvement,
    realized_spread,
    slippage_bps,
)
from orderworks.quality.spreads import (
    effective_spreads_bps,
    price_impacts_bps,
    price_improvements_bps,
    realized_spreads_bps,
    spread_captures,
)

LAST = 23_395
"""Seconds after the open at which the record of A and B ends: five before the close."""


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> ReplayMarket:
    """A moves from 10.05 to 10.08 and on to 10.20; B rises by 1 %, C by 3 %, Z is never quoted."""
    return recorded(
        tmp_path_factory.mktemp("market"),
        [
            quote(30, 10.04, 10.06),
            quote(121, 10.06, 10.08),
            quote(125, 10.50, 10.40),  # crossed: it moves nothing
            quote(150, 10.06, 10.08),
            quote(180, 10.06, 10.08),
            quote(300, 10.07, 10.09),
            quote(420, 10.19, 10.21),
            quote(LAST, 10.19, 10.21),
            quote(1, 19.99, 20.01, "B"),
            quote(100, 20.19, 20.21, "B"),
            quote(LAST, 20.19, 20.21, "B"),
            quote(1, 39.99, 40.01, "C"),
            quote(110, 41.19, 41.21, "C"),
            quote(LAST, 41.19, 41.21, "C"),
        ],
        [bar(1, 10.00, 50), bar(90, 10.06, 1000), bar(LAST, 10.25, 10)],
    )


def measured(
    market: ReplayMarket,
    parents: Sequence[dict[str, object]],
    fills: Sequence[dict[str, object]],
    until: float = 23_400,
    symbol: str | None = None,
) -> tuple[DataFrame, DataFrame]:
    """The orders with what their fills add, and the fills."""
    histories = Histories(market, at(until))
    tables = parents_table(*parents), fills_table(*fills)
    orders = measure_worked(*tables, histories)
    rows = measure_fills(orders, *tables, histories, symbol)
    return with_fills(orders, rows), rows


def test_the_exam_questions_spread_in_basis_points() -> None:
    one, bid, ask = np.array([1.0]), np.array([40.40]), np.array([40.49])
    paid, mid = np.array([40.47]), (bid + ask) / 2
    assert effective_spreads_bps(one, paid, mid) * mid / 1e4 == pytest.approx(0.05)
    assert price_improvements_bps(one, paid, bid, ask) * mid / 1e4 == pytest.approx(0.02)
    assert spread_captures(one, paid, bid, ask) == pytest.approx(0.02 / 0.09)


PRICES = st.integers(500, 2000).map(lambda cents: Decimal(cents) / 100)
SIDES = st.sampled_from(Side)


@given(SIDES, PRICES, PRICES, PRICES)
def test_effective_is_realized_and_impact_and_each_is_its_exact_formula(
    side: Side, price: Decimal, mid: Decimal, after: Decimal
) -> None:
    sign, paid, fair, later = (np.array([float(x)]) for x in (side.sign, price, mid, after))
    effective = effective_spreads_bps(sign, paid, fair)
    realized = realized_spreads_bps(sign, paid, fair, later)
    impact = price_impacts_bps(sign, fair, later)
    assert effective == pytest.approx(realized + impact, abs=1e-8)
    for found, money in (
        (effective, effective_spread(side, price, mid)),
        (realized, realized_spread(side, price, after)),
        (impact, price_impact(side, mid, after)),
    ):
        assert found == pytest.approx(float(money / mid * 10_000), abs=1e-8)


@given(SIDES, PRICES, PRICES, st.integers(0, 100))
def test_what_is_captured_of_the_spread_is_the_improvement(
    side: Side, price: Decimal, bid: Decimal, cents: int
) -> None:
    ask = bid + Decimal(cents) / 100
    sign, paid, low, high = (np.array([float(x)]) for x in (side.sign, price, bid, ask))
    improved = float(price_improvement(side, price, bid, ask))
    mid = float(bid + ask) / 2
    found = price_improvements_bps(sign, paid, low, high)
    assert found == pytest.approx(improved / mid * 1e4, abs=1e-8)
    captured = spread_captures(sign, paid, low, high)
    if cents:
        assert captured == pytest.approx(improved / (cents / 100), rel=1e-6, abs=1e-9)
    else:
        assert np.isnan(captured).all()


def test_each_horizon_looks_at_the_mid_that_stands_then(market: ReplayMarket) -> None:
    _, rows = measured(market, [parent()], [fill(700, "10.06", 120)])
    mids = {"1s": "10.07", "10s": "10.07", "1m": "10.07", "5m": "10.20", "30m": "10.20"}
    for name, mid in mids.items():
        assert rows[f"markout_{name}_bps"].tolist() == pytest.approx(
            [markout_bps("buy", "10.06", mid)]
        )
    row = rows.iloc[0]
    assert (row["bid"], row["ask"]) == (10.04, 10.06)
    assert row["effective_spread_bps"] == pytest.approx(0.02 / 10.05 * 1e4)
    assert row["realized_spread_bps"] == pytest.approx(-0.28 / 10.05 * 1e4)
    assert row["price_impact_bps"] == pytest.approx(0.30 / 10.05 * 1e4)
    assert row["spread_capture"] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("second", "until", "known"),
    [
        (120, 23_400, {"1s", "10s", "1m", "5m", "30m"}),
        (120, 150, {"1s", "10s"}),  # it is second 150: nothing after it is known
        (120, 180, {"1s", "10s", "1m"}),
        (23_390, 23_400, {"1s"}),  # the record ends at 23,395
        (23_399, 23_400, set()),
    ],
)
def test_past_the_end_of_what_is_known_a_markout_is_missing(
    market: ReplayMarket, second: float, until: float, known: set[str]
) -> None:
    _, rows = measured(market, [parent()], [fill(700, "10.06", second)], until)
    found = {name for name in HORIZONS if rows[f"markout_{name}_bps"].notna().item()}
    assert found == known
    assert rows["realized_spread_bps"].notna().item() == ("5m" in known)


def test_against_the_open_the_close_and_the_childs_limit(market: ReplayMarket) -> None:
    done = fill(700, "10.06", limit_price=Decimal("10.07"))
    orders, rows = measured(market, [parent()], [done])
    for name, price in (("open", "10.00"), ("close", "10.25"), ("limit", "10.07")):
        cost = slippage_bps("buy", "10.06", price)
        assert rows[f"slippage_{name}_bps"].item() == pytest.approx(cost)
        assert orders[f"slippage_{name}_bps"].item() == pytest.approx(cost)
    assert (orders["open_price"].item(), orders["close_price"].item()) == (
        Decimal(10),
        Decimal("10.25"),
    )


def test_before_the_close_there_is_no_close(market: ReplayMarket) -> None:
    orders, rows = measured(market, [parent()], [fill(700, "10.06")], until=23_399)
    assert orders["close_price"].tolist() == [None]
    assert orders["open_price"].tolist() == [Decimal(10)]
    assert rows["slippage_close_bps"].isna().all()


def test_what_the_market_did_is_taken_off(market: ReplayMarket) -> None:
    """From second 60 to 120 B rises by 1 % and C by 3 %; A is bought 1 % above its arrival mid."""
    parents = [parent(), parent("b", symbol="B"), parent("c", symbol="C")]
    _, rows = measured(market, parents, [fill(700, "10.1505", 120)])
    assert rows["market_adjusted_bps"].tolist() == pytest.approx([-100.0])
    _, rows = measured(market, parents, [fill(700, "10.1505", 120)], symbol="C")
    assert rows["market_adjusted_bps"].tolist() == pytest.approx([-200.0])
    _, sold = measured(market, [parent(side="sell"), *parents[1:]], [fill(700, "10.1505", 120)])
    assert sold["market_adjusted_bps"].tolist() == pytest.approx([100.0])


def test_without_another_symbol_there_is_no_market(market: ReplayMarket) -> None:
    for others, symbol in (([], None), ([], "A"), ([parent("z", symbol="Z")], None), ([], "Z")):
        _, rows = measured(market, [parent(), *others], [fill(700, "10.06")], symbol=symbol)
        assert rows["market_adjusted_bps"].isna().all()


def test_a_market_of_one_symbol_returns_what_it_does(market: ReplayMarket) -> None:
    def us(*seconds: float) -> np.ndarray:
        since = timedelta(microseconds=1)
        epoch = pd.Timestamp(0, tz="UTC")
        return np.array([(pd.Timestamp(at(s)) - epoch) // since for s in seconds])

    found = market_returns(
        np.array(["A", "B", "A"], dtype=object), us(60, 60, -9), us(120, 120, 120), ["B"],
        Histories(market, CLOSE),
    )  # fmt: skip
    assert found == pytest.approx([0.01, np.nan, np.nan], nan_ok=True)


def test_participation_is_of_what_was_traded_while_it_was_worked(market: ReplayMarket) -> None:
    orders, _ = measured(
        market,
        [parent(), parent("late", released_at=at(95)), parent("none", symbol="B")],
        [fill(700, "10.06")],
    )
    assert orders["participation"].tolist() == pytest.approx([0.7, np.nan, np.nan], nan_ok=True)


def test_hours_are_new_yorks_and_sizes_are_of_the_average_day(market: ReplayMarket) -> None:
    parents = [
        parent("tiny", adv=1_000_001.0),
        parent("small", adv=1_000_000.0),
        parent("medium", adv=100_000.0, released_at=OPEN + timedelta(minutes=30)),
        parent("five", adv=20_000.0),
        parent("large", adv=19_999.0),
        parent("unseen", adv=None),
    ]
    orders, _ = measured(market, parents, [])
    assert orders["hour"].tolist() == [9, 9, 10, 9, 9, 9]
    assert orders["size_bucket"].tolist() == [
        *("<0.1%", "0.1-1%", "1-5%", "1-5%", ">5%", "unknown")
    ]


def test_without_quotes_nothing_is_guessed(market: ReplayMarket) -> None:
    unseen = parent(symbol="Z", arrival_bid=None, arrival_ask=None)
    orders, rows = measured(market, [unseen, parent("b", symbol="B")], [fill(700, "10.07")])
    missing = [*WEIGHTS, *(f"slippage_{n}_bps" for n in ("arrival", "open", "close", "limit"))]
    assert rows[[*missing, "bid", "ask"]].isna().all(axis=None)
    assert orders[missing].isna().all(axis=None)
    assert rows["slippage_decision_bps"].tolist() == pytest.approx([70.0])


def test_no_fills_are_no_rows(market: ReplayMarket) -> None:
    orders, rows = measured(market, [parent()], [])
    assert rows.empty
    assert orders[list(WEIGHTS)].isna().all(axis=None)
    orders, rows = measured(market, [], [])
    assert (len(orders), len(rows)) == (0, 0)


DONE = st.lists(
    st.tuples(
        st.sampled_from(["p0", "p1", "p2"]),
        st.integers(1, 500),
        st.integers(1000, 1030).map(lambda cents: Decimal(cents) / 100),
        st.integers(61, 23_399),
    ),
    max_size=8,
)


@settings(max_examples=settings.default.max_examples // 2, deadline=None)
@given(DONE, SIDES)
def test_an_orders_mean_is_a_sum_of_money_over_a_sum_of_money(
    market: ReplayMarket, done: list[tuple[str, int, Decimal, int]], side: Side
) -> None:
    parents = [parent(f"p{i}", side=str(side), quantity=5000) for i in range(3)]
    fills = [fill(q, str(p), second, name) for name, q, p, second in done]
    orders, rows = measured(market, parents, fills)
    for order in orders.to_dict("records"):
        own = [
            (row, q, float(p))
            for row, (name, q, p, _) in zip(rows.to_dict("records"), done, strict=True)
            if name == order["client_order_id"]
        ]
        mids = [(row["bid"] + row["ask"]) / 2 for row, _, _ in own]
        cost = sum(2 * side.sign * (p - m) * q for (_, q, p), m in zip(own, mids, strict=True))
        fair = sum(m * q for (_, q, _), m in zip(own, mids, strict=True))
        if not any(np.isnan(mids)):
            expected = cost / fair * 1e4 if own else np.nan
            assert order["effective_spread_bps"] == pytest.approx(expected, nan_ok=True)
        marked = [(row["markout_1m_bps"], q, p) for row, q, p in own]
        known = [(gain, q, p) for gain, q, p in marked if not np.isnan(gain)]
        gained = sum(m / 1e4 * p * q for m, q, p in known)
        paid = sum(p * q for _, q, p in known)
        assert order["markout_1m_bps"] == pytest.approx(
            gained / paid * 1e4 if known else np.nan, nan_ok=True, abs=1e-8
        )


def test_fills_of_ten_thousand_orders_are_vectorised(tmp_path: Path) -> None:
    """As many rows as fills, in their order, whatever the order of the parents."""
    market = recorded(tmp_path, [quote(1, 10, 10.02), quote(LAST, 10, 10.02)])
    parents = [parent(f"p{i:05}") for i in range(2_000)]
    fills = [fill(1, "10.01", 61 + i % 900, f"p{i * 7 % 2_000:05}") for i in range(10_000)]
    _, rows = measured(market, parents, fills)
    assert rows["parent_id"].tolist() == [done["parent_id"] for done in fills]
    assert rows["effective_spread_bps"].abs().max() == pytest.approx(0, abs=1e-6)
