"""A day's quality equals what one would work out from its fills by hand."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quality_tables import CLOSE, fill, fills_table, parent, parents_table, quote, recorded

from orderworks.market.replay import ReplayMarket
from orderworks.quality.daily import COLUMNS, summarise
from orderworks.quality.measuring import measure_orders
from orderworks.quality.metrics import weighted_slippage_bps

MARKET = [quote(30, 10.04, 10.06), quote(300, 10.07, 10.09)]
UNQUOTED = "NONE"

CENTS = st.integers(900, 1100).map(lambda cents: Decimal(cents) / 100)
ORDERS = st.lists(
    st.tuples(
        st.sampled_from(["buy", "sell"]),
        st.sampled_from(["A", "B", UNQUOTED]),
        st.sampled_from(["momentum", "value"]),
        st.integers(0, 40),
        CENTS,
        st.lists(st.tuples(st.integers(1, 100), CENTS), max_size=4),
    ),
    min_size=1,
    max_size=6,
)
Orders = list[tuple[str, str, str, int, Decimal, list[tuple[int, Decimal]]]]


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> ReplayMarket:
    return recorded(
        tmp_path_factory.mktemp("market"), [*MARKET, quote(30, 9.99, 10.01, symbol="B")]
    )


@settings(max_examples=settings.default.max_examples // 2, deadline=None)
@given(ORDERS)
def test_a_group_is_recomputed_from_its_fills(market: ReplayMarket, orders: Orders) -> None:
    parents, fills = [], []
    for i, (side, symbol, strategy, unfilled, decision, executions) in enumerate(orders):
        arrival = None if symbol == UNQUOTED else Decimal("10.05")
        parents.append(
            parent(
                f"p{i}",
                side=side,
                symbol=symbol,
                strategy=strategy,
                quantity=sum(shares for shares, _ in executions) + unfilled or 1,
                decision_price=decision,
                arrival_bid=arrival,
                arrival_ask=arrival,
            )
        )
        fills += [
            fill(shares, str(price), 100, f"p{i}", commission=Decimal("0.35"))
            for shares, price in executions
        ]
    rows = measure_orders(parents_table(*parents), fills_table(*fills), market, CLOSE)
    daily = pd.concat([summarise(rows, name) for name in ("day", "symbol", "strategy")])
    daily = daily.set_index(["dimension", "key"])

    groups: list[tuple[str, str, Callable[[int], bool]]] = [("day", "all", lambda _: True)]
    groups += [("symbol", s, lambda i, s=s: orders[i][1] == s) for s in {o[1] for o in orders}]
    groups += [("strategy", s, lambda i, s=s: orders[i][2] == s) for s in {o[2] for o in orders}]
    assert len(daily) == len(groups)
    for dimension, key, belongs in groups:
        members = [i for i in range(len(orders)) if belongs(i)]
        done = [(i, q, p) for i in members for q, p in orders[i][5]]
        row = daily.loc[(dimension, key)]
        asked = sum(int(str(parents[i]["quantity"])) for i in members)
        assert row["orders"] == len(members)
        assert row["quantity"] == asked
        assert row["filled_quantity"] == sum(q for _, q, _ in done)
        assert row["notional"] == sum(q * p for _, q, p in done)
        assert row["fees"] == Decimal("0.35") * len(done)
        decided = sum(int(str(parents[i]["quantity"])) * orders[i][4] for i in members)
        assert row["fill_rate"] == pytest.approx(
            float(sum(q * orders[i][4] for i, q, _ in done) / decided)
        )
        for name, benchmark in (
            ("decision", [float(orders[i][4]) for i, _, _ in done]),
            ("arrival", [np.nan if orders[i][1] == UNQUOTED else 10.05 for i, _, _ in done]),
        ):
            known = [n for n, price in enumerate(benchmark) if not np.isnan(price)]
            expected = weighted_slippage_bps(
                np.array([1.0 if orders[done[n][0]][0] == "buy" else -1.0 for n in known]),
                np.array([float(done[n][2]) for n in known]),
                np.array([benchmark[n] for n in known]),
                np.array([float(done[n][1]) for n in known]),
            )
            assert row[f"slippage_{name}_bps"] == pytest.approx(
                np.nan if expected is None else expected, abs=1e-7, nan_ok=True
            )
        totals = [(i, t) for i in members if (t := rows["shortfall_total"].iloc[i]) is not None]
        assert row["unmeasured"] == len(members) - len(totals)
        if totals:
            paper = sum(int(str(parents[i]["quantity"])) * orders[i][4] for i, _ in totals)
            assert row["shortfall_total"] == sum(t for _, t in totals)
            assert row["shortfall_bps"] == pytest.approx(
                float(row["shortfall_total"] / paper * 10_000)
            )
        else:
            assert row["shortfall_total"] is None
            assert np.isnan(row["shortfall_bps"])


def test_a_large_order_outweighs_a_small_one(tmp_path: Path) -> None:
    market = recorded(tmp_path, MARKET)
    rows = measure_orders(
        parents_table(parent("small", quantity=1), parent("large", quantity=99)),
        fills_table(fill(1, "11.05", of="small"), fill(99, "10.05", of="large")),
        market,
        CLOSE,
    )
    day = summarise(rows, "day").iloc[0]
    assert rows["slippage_arrival_bps"].mean() == pytest.approx(497.5, abs=0.1)
    assert day["slippage_arrival_bps"] == pytest.approx(1 / 1005 * 1e4)


def test_a_day_without_orders_has_no_rows(tmp_path: Path) -> None:
    rows = measure_orders(parents_table(), fills_table(), recorded(tmp_path, MARKET), CLOSE)
    daily = summarise(rows, "day")
    assert daily.empty
    assert list(daily.columns) == list(COLUMNS)
