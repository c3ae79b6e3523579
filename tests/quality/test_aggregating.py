"""What the database sums up is what one would work out from the fills and the orders themselves."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from drawn_orders import ORDERS, Measured, drawn, mean, measured, two_symbols
from hypothesis import HealthCheck, given, settings
from quality_tables import DAY, fill, parent
from traded_session import ACCOUNT

from orderworks.ledger.connection import Ledger
from orderworks.ledger.quality import store_quality
from orderworks.market.replay import ReplayMarket
from orderworks.model.errors import InputError
from orderworks.quality.aggregating import DIMENSIONS, MEASURES, aggregate, aggregate_fills
from orderworks.quality.daily import COLUMNS, summarise
from orderworks.quality.filling import WEIGHTS
from orderworks.quality.periods import (
    Period,
    PeriodKind,
    latest_over,
    load_day,
    load_period,
    store_day,
    store_period,
)
from orderworks.report.figures import cost_of


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> ReplayMarket:
    return two_symbols(tmp_path_factory.mktemp("market"))


@settings(
    max_examples=settings.default.max_examples // 8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(ORDERS)
def test_every_dimension_is_recomputed_from_orders_and_fills(
    books: Ledger, market: ReplayMarket, orders: Any
) -> None:
    parents, fills = drawn(orders)
    per_order, per_fill = measured(market, parents, fills)
    store_quality(books, ACCOUNT, DAY, per_order, per_fill)
    shares = per_fill["quantity"].astype(float)
    prices = per_fill["price"].astype(float)
    sign = per_fill["side"].map({"buy": 1.0, "sell": -1.0}).astype(float)
    weights = {
        "mid": (per_fill["bid"] + per_fill["ask"]) / 2 * shares,
        "spread": (per_fill["ask"] - per_fill["bid"]) * shares,
        "price": prices * shares,
        "arrival": per_fill["arrival_price"] * shares,
    }
    limits = prices / (1 + sign * per_fill["slippage_limit_bps"] / 1e4)
    for dimension in DIMENSIONS:
        by = (dimension,)
        found = aggregate(books, ACCOUNT, DAY, DAY, by)
        plain = summarise(per_order, dimension)
        if dimension == "day":
            assert found["day"].tolist() == [DAY]
        else:
            assert sorted(found[dimension]) == sorted(plain["key"])
        for row in found.to_dict("records"):
            key = "all" if dimension == "day" else row[dimension]
            expected = plain[plain["key"] == key].iloc[0]
            for name in COLUMNS[2:]:
                _require_same(row[name], expected[name], name)
            worked = per_order if dimension == "day" else per_order[per_order[dimension] == key]
            _require_same(row["participation"], _participation(worked), "participation")
            own = per_fill if dimension == "day" else per_fill[per_fill[dimension] == key]
            assert (row["fills"] or 0) == len(own) or (np.isnan(row["fills"]) and not len(own))
            for name, weight in WEIGHTS.items():
                _require_same(row[name], mean(own, name, weights[weight].loc[own.index]), name)
            limit = mean(own, "slippage_limit_bps", (limits * shares).loc[own.index])
            _require_same(row["slippage_limit_bps"], limit, "limit")
    books.execute("TRUNCATE order_quality, fill_quality")


def _participation(orders: pd.DataFrame) -> float:
    """What was paid, of all that was traded meanwhile at the same average prices; NaN where unknown."""
    filled = orders[orders["participation"] > 0]
    paid = filled["filled_notional"].astype(float)
    return float(paid.sum() / (paid / filled["participation"]).sum()) if len(filled) else np.nan


def _require_same(found: Any, expected: Any, name: str) -> None:
    if pd.isna(expected):
        assert pd.isna(found), name
    elif isinstance(expected, Decimal):
        assert found == expected, name
    else:
        assert float(found) == pytest.approx(float(expected), rel=1e-9, abs=1e-6), name


def test_the_fill_rate_of_several_orders_is_of_money(books: Ledger, market: ReplayMarket) -> None:
    """10,000 shares at 1 are filled and 100 at 1,000 are not: 9 % of the value, 99 % of the shares."""
    parents = [
        parent("cheap", quantity=10_000, decision_price=Decimal(1)),
        parent("dear", quantity=100, decision_price=Decimal(1000), symbol="B"),
    ]
    per_order, per_fill = measured(market, parents, [fill(10_000, "1.01", of="cheap")])
    assert per_order["fill_rate"].tolist() == [1.0, 0.0]
    store_quality(books, ACCOUNT, DAY, per_order, per_fill)
    store_day(books, ACCOUNT, DAY)
    week = Period.containing(PeriodKind.WEEK, DAY)
    store_period(books, ACCOUNT, week)
    rate = 10_000 / 110_000
    whole = {"day": load_day(books, ACCOUNT, DAY), "all": load_period(books, ACCOUNT, week)}
    found = [
        aggregate(books, ACCOUNT, DAY, DAY)["fill_rate"].tolist(),
        summarise(per_order, "day")["fill_rate"].tolist(),
        *(
            kept.loc[kept["dimension"] == name, "fill_rate"].tolist()
            for name, kept in whole.items()
        ),
        [cost_of(per_order.to_dict("records")).filled_share],
    ]
    assert found == [[rate]] * 5  # to the last bit
    by_symbol = aggregate(books, ACCOUNT, DAY, DAY, ("symbol",))
    assert by_symbol["fill_rate"].tolist() == [1.0, 0.0]


def test_participation_in_several_symbols_is_of_money(books: Ledger, market: ReplayMarket) -> None:
    """A tenth of 1,000,000 at 1 and half of 1,000 at 1,000: 30 % of the value, 10 % of the shares."""
    parents = [
        parent("cheap", quantity=100_000, decision_price=Decimal(1)),
        parent("dear", quantity=500, decision_price=Decimal(1000), symbol="B"),
    ]
    fills = [fill(100_000, "1", of="cheap"), fill(500, "1000", of="dear")]
    per_order, per_fill = measured(market, parents, fills)
    per_order["participation"] = [0.1, 0.5]
    store_quality(books, ACCOUNT, DAY, per_order, per_fill)
    assert aggregate(books, ACCOUNT, DAY, DAY)["participation"].tolist() == [600_000 / 2_000_000]


def two_days(books: Ledger, market: ReplayMarket) -> Measured:
    """The same orders on DAY and on the Monday after it."""
    parents = [parent("p"), parent("q", side="sell", symbol="B", route_rule="URGENT")]
    fills = [fill(700, "10.06", of="p"), fill(300, "9.99", 400, of="q"), fill(1, "9.98", of="q")]
    of_day = measured(market, parents, fills)
    for session in (DAY, DAY + timedelta(days=3)):
        store_quality(books, ACCOUNT, session, *of_day)
    return of_day


def test_combinations_are_rows_and_sum_up_to_the_whole(books: Ledger, market: ReplayMarket) -> None:
    two_days(books, market)
    last = DAY + timedelta(days=10)
    found = aggregate(books, ACCOUNT, DAY, last, ("day", "route_rule", "symbol"))
    keys = found[["day", "route_rule", "symbol"]].to_records(index=False).tolist()
    assert keys == [
        (day, *rest)
        for day in (DAY, DAY + timedelta(days=3))
        for rest in (("DEFAULT", "A"), ("URGENT", "B"))
    ]
    (whole,) = aggregate(books, ACCOUNT, DAY, last).to_dict("records")
    for name in ("orders", "fills", "quantity", "filled_quantity", "notional", "fees"):
        assert whole[name] == found[name].sum()
    assert list(found.columns) == ["day", "route_rule", "symbol", *MEASURES]


def test_fills_alone_agree_with_their_orders(books: Ledger, market: ReplayMarket) -> None:
    two_days(books, market)
    by = ("day", "route_rule", "symbol")
    orders = aggregate(books, ACCOUNT, DAY, DAY, by)
    fills = aggregate_fills(books, ACCOUNT, DAY, DAY, by)
    assert fills["quantity"].tolist() == orders["filled_quantity"].tolist()
    assert fills["notional"].tolist() == pytest.approx(orders["notional"].astype(float).tolist())
    for name in ("slippage_arrival_bps", "effective_spread_bps", "markout_1m_bps"):
        assert fills[name].tolist() == pytest.approx(orders[name].tolist(), nan_ok=True)


def test_nothing_is_no_row_and_an_unknown_dimension_is_refused(books: Ledger) -> None:
    for by in ((), ("symbol",)):
        assert aggregate(books, ACCOUNT, DAY, DAY, by).empty
        assert aggregate_fills(books, ACCOUNT, DAY, DAY, by).empty
    with pytest.raises(InputError, match="cannot be summed up by 'moon'; it can by day, strategy"):
        aggregate(books, ACCOUNT, DAY, DAY, ("moon",))


def test_a_day_is_kept_by_each_dimension(books: Ledger, market: ReplayMarket) -> None:
    two_days(books, market)
    store_day(books, ACCOUNT, DAY)
    kept = load_day(books, ACCOUNT, DAY)
    assert set(kept["dimension"]) == set(DIMENSIONS)
    assert kept.groupby("dimension")["filled_quantity"].sum().to_dict() == dict.fromkeys(
        DIMENSIONS, 1001
    )
    whole = aggregate(books, ACCOUNT, DAY, DAY).iloc[0]
    day = kept[kept["dimension"] == "day"].iloc[0]
    assert {name: day[name] for name in MEASURES} == pytest.approx(
        {name: whole[name] for name in MEASURES}, nan_ok=True
    )


def test_a_day_has_the_same_bits_wherever_its_rows_lie(books: Ledger, market: ReplayMarket) -> None:
    prices = [Decimal(f"{9 + n * 37 % 200 / 100:.2f}") for n in range(60)]
    fills = [
        fill(n + 1, str(price), 70 + n, f"p{n}", exec_id=f"x{n}", limit_price=Decimal("11.03"))
        for n, price in enumerate(prices)
    ]
    parents = [
        parent(f"p{n}", quantity=n + 1, decision_price=price, adv=1e6)
        for n, price in enumerate(prices)
    ]
    orders, rows = measured(market, parents, fills)
    books.execute("SET enable_indexscan = off")  # rows are read as they lie, as large tables are
    books.execute("SET enable_bitmapscan = off")
    kept = []
    for seed in range(5):
        by_chance = (table.sample(frac=1, random_state=seed) for table in (orders, rows))
        store_quality(books, ACCOUNT, DAY, *by_chance)
        store_day(books, ACCOUNT, DAY)
        kept.append(load_day(books, ACCOUNT, DAY))
    for again in kept[1:]:
        pd.testing.assert_frame_equal(kept[0], again, check_exact=True)


@pytest.mark.parametrize(
    ("kind", "starts", "ends", "sessions"),
    [
        (PeriodKind.WEEK, date(2026, 11, 16), date(2026, 11, 22), 1),
        (PeriodKind.WEEK, date(2026, 11, 23), date(2026, 11, 29), 1),
        (PeriodKind.MONTH, date(2026, 11, 1), date(2026, 11, 30), 2),
    ],
)
def test_a_period_sums_up_its_sessions(
    books: Ledger,
    market: ReplayMarket,
    kind: PeriodKind,
    starts: date,
    ends: date,
    sessions: int,
) -> None:
    two_days(books, market)
    period = Period.containing(kind, ends)
    assert (period.starts, period.ends) == (starts, ends)
    assert Period.containing(kind, starts) == period
    for _ in range(2):  # again, it is the same
        store_period(books, ACCOUNT, period)
        found = books.execute(
            "SELECT * FROM period_quality WHERE dimension IN ('all', 'day') ORDER BY dimension, key"
        ).fetchall()
        assert [row["dimension"] for row in found] == ["all", *["day"] * sessions]
        assert found[0]["filled_quantity"] == 1001 * sessions
        assert found[0]["starts"] == starts


@pytest.mark.parametrize(
    ("now", "week", "month"),
    [
        (datetime(2026, 11, 20, 20, tzinfo=UTC), date(2026, 11, 9), date(2026, 10, 1)),
        (datetime(2026, 11, 20, 21, tzinfo=UTC), date(2026, 11, 16), date(2026, 10, 1)),
        (datetime(2026, 11, 21, 11, tzinfo=UTC), date(2026, 11, 16), date(2026, 10, 1)),
        # Good Friday: Thursday was the last session of its week.
        (datetime(2026, 4, 4, 10, tzinfo=UTC), date(2026, 3, 30), date(2026, 3, 1)),
        # Late on the evening of the first, the month before is over and this one is not.
        (datetime(2026, 12, 2, 3, tzinfo=UTC), date(2026, 11, 23), date(2026, 11, 1)),
    ],
)
def test_a_period_is_over_when_its_last_session_closed(
    now: datetime, week: date, month: date
) -> None:
    assert latest_over(PeriodKind.WEEK, now) == Period(PeriodKind.WEEK, week)
    assert latest_over(PeriodKind.MONTH, now) == Period(PeriodKind.MONTH, month)


def test_a_day_that_changes_changes_the_week_that_was_summed_up(
    books: Ledger, market: ReplayMarket
) -> None:
    per_order, per_fill = two_days(books, market)
    week, month = (Period.containing(kind, DAY) for kind in PeriodKind)
    store_period(books, ACCOUNT, week)
    store_quality(books, ACCOUNT, DAY, per_order.iloc[:1], per_fill.iloc[:1])
    store_day(books, ACCOUNT, DAY)
    found = books.execute("SELECT * FROM period_quality WHERE dimension = 'all'").fetchall()
    assert [(row["period"], row["orders"], row["fills"]) for row in found] == [("week", 1, 1)]
    assert month.starts == date(2026, 11, 1)
