"""Measuring orders: published examples, and what must hold of any order."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas import DataFrame
from pytest_benchmark.fixture import BenchmarkFixture
from quality_tables import (
    CLOSE,
    DAY,
    at,
    bar,
    fill,
    fills_table,
    parent,
    parents_table,
    quote,
    recorded,
)

from orderworks.market.calendar import require_session
from orderworks.market.replay import ReplayMarket
from orderworks.market.synthetic import write_session
from orderworks.quality.measuring import measure_orders
from orderworks.quality.metrics import slippage_bps

PARTS = ["delay", "execution", "opportunity", "fees", "total"]
NEVER_QUOTED = "NONE"


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> ReplayMarket:
    """A trades around 10.08 from second 30 on, and B is 16.24 all day."""
    return recorded(
        tmp_path_factory.mktemp("market"),
        [
            quote(30, 10.04, 10.06),
            quote(300, 10.07, 10.09),
            quote(1, 16.23, 16.25, "B"),
            quote(1, 40.07, 40.09, "C"),
        ],
        [bar(90, 10.06, 300, width=0.01), bar(100, 10.09, 100), bar(400, 10.08, 700)],
    )


def measure(
    market: ReplayMarket, parents: list[dict[str, object]], fills: list[dict[str, object]]
) -> DataFrame:
    return measure_orders(parents_table(*parents), fills_table(*fills), market, CLOSE)


def test_the_curriculum_example(market: ReplayMarket) -> None:
    row = measure(market, [parent()], [fill(700, "10.07", commission=Decimal(14))]).iloc[0]
    assert [row[f"shortfall_{part}"] for part in PARTS] == [35, 14, 24, 14, 87]
    assert row["shortfall_bps"] == pytest.approx(87.0)
    assert row["fill_rate"] == 0.7
    assert (row["average_price"], row["arrival_price"]) == (Decimal("10.07"), Decimal("10.05"))
    assert row["end_price"] == Decimal("10.08")
    assert row["slippage_arrival_bps"] == pytest.approx(slippage_bps("buy", "10.07", "10.05"))
    assert row["slippage_decision_bps"] == pytest.approx(70.0)


def test_the_exam_questions(market: ReplayMarket) -> None:
    forty = parent(
        "forty",
        symbol="C",
        decision_price=Decimal("40.00"),
        arrival_bid=Decimal("40.03"),
        arrival_ask=Decimal("40.05"),
    )
    sixteen = parent("sixteen", symbol="B", quantity=4000, decision_price=Decimal("16.24"))
    rows = measure(
        market,
        [forty, sixteen],
        [
            fill(700, "40.05", of="forty", commission=Decimal(17)),
            fill(4000, "16.20", of="sixteen", commission=Decimal("38.50")),
        ],
    )
    assert rows["shortfall_bps"].tolist() == pytest.approx([19.0, -18.70], abs=0.005)
    bps = [float(rows[f"shortfall_{part}"].iloc[0]) / 40_000 * 1e4 for part in PARTS]
    assert bps == pytest.approx([7, 1.75, 6, 4.25, 19])


def test_a_fill_against_arrival(market: ReplayMarket) -> None:
    order = parent(arrival_bid=Decimal("74.98"), arrival_ask=Decimal("75.00"), quantity=100)
    row = measure(market, [order], [fill(100, "75.03")]).iloc[0]
    assert row["slippage_arrival_bps"] == pytest.approx(5.334, abs=0.0005)


@pytest.mark.parametrize(
    ("changes", "filled", "end"),
    [
        ({"quantity": 700}, 700, 120),  # whole: its last fill
        ({"quantity": 700, "closed_at": at(500)}, 700, 120),
        ({}, 700, 660),  # open: its horizon
        ({"closed_at": at(400)}, 700, 400),  # given up
        ({"closed_at": at(90)}, 700, 120),  # a fill came late
        ({"ends_at": CLOSE + timedelta(days=3)}, 700, 23_400),  # never past the close
        ({"closed_at": at(400)}, 0, 400),
    ],
)
def test_an_order_is_measured_for_as_long_as_it_was_worked(
    market: ReplayMarket, changes: dict[str, object], filled: int, end: float
) -> None:
    row = measure(market, [parent(**changes)], [fill(filled, "10.07")] if filled else []).iloc[0]
    # From second 60 on: 10.05 until 300, then 10.08.
    held = min(end, 300) - 60
    expected = (10.05 * held + 10.08 * max(end - 300, 0)) / (end - 60)
    assert row["twap_price"] == pytest.approx(expected, rel=1e-9)
    assert row["end_price"] == (Decimal("10.08") if end >= 300 else Decimal("10.05"))
    # 300 at 10.06 and 100 at 10.09 by second 100; 700 at 10.08 in second 400.
    volumes = [300, 100, 700 if end >= 400 else 0]
    assert row["vwap_price"] == pytest.approx(np.average([10.06, 10.09, 10.08], weights=volumes))
    if filled:
        paid = Decimal("10.07")
        assert row["slippage_twap_bps"] == pytest.approx(
            slippage_bps("buy", paid, row["twap_price"])
        )
        assert row["slippage_vwap_bps"] == pytest.approx(
            slippage_bps("buy", paid, row["vwap_price"])
        )


def test_each_fill_is_held_against_its_own_childs_limit(market: ReplayMarket) -> None:
    fills = [
        fill(300, "10.07", limit_price=Decimal("10.08")),
        fill(100, "10.09", limit_price=Decimal("10.06")),
        fill(200, "10.20"),  # a market child has no limit to be held against
    ]
    row = measure(market, [parent()], fills).iloc[0]
    assert row["limit_price"] == Decimal("10.075")
    assert row["slippage_limit_bps"] == pytest.approx((-3 + 3) / (3024 + 1006) * 1e4, abs=1e-9)
    # The mean hides a broken limit; the worst fill does not.
    assert row["slippage_limit_worst_bps"] == pytest.approx(0.03 / 10.06 * 1e4)


def test_a_sell_filled_above_its_limit_costs_less_than_it(market: ReplayMarket) -> None:
    fills = [fill(300, "10.07", limit_price=Decimal("10.00"))]
    row = measure(market, [parent(side="sell")], fills).iloc[0]
    assert row["slippage_limit_bps"] == pytest.approx(-70.0)
    assert row["slippage_limit_worst_bps"] == pytest.approx(-70.0)


def test_latencies_are_milliseconds_between_what_happened(market: ReplayMarket) -> None:
    fills = [fill(300, "10.07", 61.5), fill(300, "10.07", 70)]
    rows = measure(market, [parent(), parent("p2", acknowledged_at=None)], fills)
    names = [f"latency_{name}_ms" for name in ("submit", "ack", "first_fill", "last_fill")]
    assert rows.loc[0, names].tolist() == pytest.approx([60_000, 250, 1_500, 10_000])
    assert rows.loc[1, names].isna().tolist() == [False, True, True, True]


def test_what_was_filled_on_later_days_met_the_market_of_those(market: ReplayMarket) -> None:
    resting = parent(ends_at=at(500))
    rows = measure(
        market,
        [resting, {**resting, "client_order_id": "that day"}],
        [fill(100, "10.07"), fill(900, "11.00", 2 * 86_400), fill(100, "10.07", of="that day")],
    )
    # 1,100 were traded until the last fill or the close, and 100 of them were ours.
    assert rows["participation"].tolist() == pytest.approx([100 / 1100, 100 / 1100])
    for name in ("twap", "vwap", "open", "close"):
        known = rows[[f"{name}_price", f"slippage_{name}_bps"]].notna().to_numpy()
        assert known.tolist() == [[False, False], [True, True]]
    # What the order cost against its decision and its arrival is known on any day.
    assert rows.loc[0, ["slippage_decision_bps", "slippage_arrival_bps"]].notna().all()


def test_a_fill_just_after_the_close_is_of_the_session(market: ReplayMarket) -> None:
    at_close = fill(1000, "10.08", 6.5 * 3600 + 2)
    row = measure(market, [parent(order_type="market")], [at_close]).iloc[0]
    assert row["slippage_close_bps"] == pytest.approx(0)
    assert row["participation"] == pytest.approx(1000 / 1100)


def test_an_unfilled_order_costs_what_it_missed(market: ReplayMarket) -> None:
    row = measure(market, [parent()], []).iloc[0]
    assert [row[f"shortfall_{part}"] for part in PARTS] == [0, 0, 80, 0, 80]
    unknown = ["average_price", "limit_price", "slippage_arrival_bps", "slippage_decision_bps"]
    unknown += ["slippage_limit_bps", "slippage_twap_bps", "slippage_vwap_bps"]
    assert row[unknown].isna().all()


def test_without_market_data_nothing_is_guessed(market: ReplayMarket) -> None:
    unseen = parent(symbol=NEVER_QUOTED, arrival_bid=None, arrival_ask=None)
    whole = {**unseen, "client_order_id": "whole", "quantity": 700}
    rows = measure(market, [unseen, whole], [fill(700, "10.07"), fill(700, "10.07", of="whole")])
    missing = ["arrival_price", "twap_price", "vwap_price", "end_price", "slippage_arrival_bps"]
    missing += ["slippage_twap_bps", "slippage_vwap_bps", "shortfall_delay", "shortfall_execution"]
    assert rows[missing].isna().all(axis=None)
    # What was not filled has no price to be missed at; where all was, the total needs none.
    assert rows["shortfall_opportunity"].tolist() == [None, 0]
    assert rows["shortfall_total"].tolist() == [None, 49]
    assert rows["shortfall_bps"].tolist() == pytest.approx([np.nan, 70.0], nan_ok=True)
    assert rows["slippage_decision_bps"].tolist() == pytest.approx([70.0, 70.0])


@pytest.mark.parametrize(("bid", "ask"), [("0", "10.06"), ("10.06", "10.04"), (None, "10.06")])
def test_an_unsound_arrival_quote_has_no_mid(
    market: ReplayMarket, bid: str | None, ask: str
) -> None:
    order = parent(arrival_bid=None if bid is None else Decimal(bid), arrival_ask=Decimal(ask))
    row = measure(market, [order], [fill(700, "10.07")]).iloc[0]
    assert row[["arrival_price", "slippage_arrival_bps", "shortfall_delay"]].isna().all()


def test_a_fill_of_another_order_is_refused(market: ReplayMarket) -> None:
    with pytest.raises(ValueError, match="order p9, which is not in parents"):
        measure(market, [parent()], [fill(1, "10.07", of="p9")])


def test_no_orders_are_measured_as_no_rows(market: ReplayMarket) -> None:
    rows = measure(market, [], [])
    assert rows.empty
    assert "slippage_vwap_bps" in rows


CENTS = st.integers(900, 1100).map(lambda cents: Decimal(cents) / 100)
EXECUTIONS = st.lists(st.tuples(st.integers(1, 100), CENTS), max_size=6)


@settings(max_examples=settings.default.max_examples // 2, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(["buy", "sell"]), st.integers(0, 50), CENTS, CENTS, EXECUTIONS),
        min_size=1,
        max_size=4,
    )
)
def test_the_parts_sum_to_what_the_real_portfolio_lost_to_the_paper_one(
    market: ReplayMarket, orders: list[tuple[str, int, Decimal, Decimal, list[tuple[int, Decimal]]]]
) -> None:
    parents, fills = [], []
    for i, (side, unfilled, decision, arrival, executions) in enumerate(orders):
        parents.append(
            parent(
                f"p{i}",
                side=side,
                quantity=sum(shares for shares, _ in executions) + unfilled or 1,
                decision_price=decision,
                arrival_bid=arrival - Decimal("0.01"),
                arrival_ask=arrival + Decimal("0.01"),
            )
        )
        fills += [
            fill(shares, str(price), 100 + 10 * n, f"p{i}", commission=Decimal("0.35"))
            for n, (shares, price) in enumerate(executions)
        ]
    rows = measure(market, parents, fills)
    for row, (side, _, decision, _, executions) in zip(
        rows.to_dict("records"), orders, strict=True
    ):
        sign = 1 if side == "buy" else -1
        end, quantity = row["end_price"], row["quantity"]
        paper = sign * (end - decision) * quantity
        actual = sum((sign * (end - p) * q - Decimal("0.35") for q, p in executions), Decimal(0))
        assert sum(row[f"shortfall_{part}"] for part in PARTS[:-1]) == row["shortfall_total"]
        assert row["shortfall_total"] == paper - actual
        assert row["shortfall_bps"] == pytest.approx(
            float((paper - actual) / (quantity * decision) * 10_000)
        )


def test_ten_thousand_orders(tmp_path: Path, benchmark: BenchmarkFixture) -> None:
    """Bound: 3 seconds for 10,000 parents with 20,000 fills."""
    session = require_session(DAY)
    write_session(tmp_path, session, seed=1, earlier_sessions=2)
    replay = ReplayMarket(tmp_path, DAY)
    symbols = sorted(replay.symbols)
    parents = [
        parent(f"p{i}", symbol=symbols[i % len(symbols)], released_at=at(60 + i))
        for i in range(10_000)
    ]
    fills = [fill(400, "10.07", 120 + i % 10_000, f"p{i % 10_000}") for i in range(20_000)]
    tables = parents_table(*parents), fills_table(*fills)
    rows = benchmark.pedantic(
        measure_orders, args=(*tables, replay, session.close), rounds=3, warmup_rounds=1
    )
    assert len(rows) == 10_000
    assert isinstance(rows, pd.DataFrame)
    assert benchmark.stats.stats.max < 3
