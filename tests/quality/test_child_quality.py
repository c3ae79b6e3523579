"""What the database says of a child is what one would work out from the child's fills."""

from typing import Any

import pandas as pd
import pytest
from drawn_orders import ORDERS, drawn, mean, measured, two_symbols
from hypothesis import HealthCheck, given, settings
from quality_tables import DAY
from traded_session import ACCOUNT

from orderworks.ledger.connection import Ledger
from orderworks.ledger.quality import store_quality
from orderworks.market.replay import ReplayMarket
from orderworks.quality.filling import WEIGHTS

BENCHMARKS = ("limit", "decision", "arrival", "twap", "vwap", "open", "close")


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> ReplayMarket:
    return two_symbols(tmp_path_factory.mktemp("market"))


@settings(
    max_examples=settings.default.max_examples // 4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(ORDERS)
def test_a_child_is_recomputed_from_its_fills(
    books: Ledger, market: ReplayMarket, orders: Any
) -> None:
    parents, fills = drawn(orders)
    for number, one in enumerate(fills):
        one["client_order_id"] = f"{one['parent_id']}-{number % 2}"
    per_order, per_fill = measured(market, parents, fills)
    store_quality(books, ACCOUNT, DAY, per_order, per_fill)
    found = books.execute("SELECT * FROM child_quality ORDER BY client_order_id").fetchall()
    books.execute("TRUNCATE order_quality, fill_quality")

    children = dict(list(per_fill.groupby("client_order_id")))
    assert [row["client_order_id"] for row in found] == sorted(children)
    for row in found:
        own = children[row["client_order_id"]]
        notional = sum(own["price"] * own["quantity"])
        assert row["fills"] == len(own)
        assert row["quantity"] == own["quantity"].sum()
        assert row["notional"] == notional
        assert float(row["average_price"]) == pytest.approx(float(notional) / row["quantity"])
        assert row["commission"] == own["commission"].sum()
        assert (row["first_fill_at"], row["last_fill_at"]) == (own["ts"].min(), own["ts"].max())
        for name, weight in _weights(own).items():
            expected = mean(own, name, weight)
            assert (None if pd.isna(expected) else pytest.approx(expected, rel=1e-9, abs=1e-6)) == (
                row[name]
            ), name


def _weights(own: pd.DataFrame) -> dict[str, "pd.Series[float]"]:
    """By what each measure is weighted: the value at its benchmark, or what it is a ratio of."""
    shares, prices = own["quantity"].astype(float), own["price"].astype(float)
    sign = own["side"].map({"buy": 1.0, "sell": -1.0}).astype(float)
    values = {
        "mid": (own["bid"] + own["ask"]) / 2 * shares,
        "spread": (own["ask"] - own["bid"]) * shares,
        "price": prices * shares,
        "arrival": own["arrival_price"] * shares,
    }
    return {
        **{name: values[weight] for name, weight in WEIGHTS.items()},
        **{
            f"slippage_{name}_bps": prices * shares / (1 + sign * own[f"slippage_{name}_bps"] / 1e4)
            for name in BENCHMARKS
        },
    }
