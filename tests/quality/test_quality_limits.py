"""Thresholds of a symbol, a route, and of what is ordinary; told in the middle of the day as at its end."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from quality_tables import CLOSE, DAY, at
from traded_session import ACCOUNT, LIMITS, fill, plan_orders, release

from orderworks.ledger import route_history as module
from orderworks.ledger.connection import Ledger
from orderworks.ledger.leases import Lease
from orderworks.ledger.route_history import route_history
from orderworks.market.replay import ReplayMarket
from orderworks.planning.routing import PRICE_RULE_OF
from orderworks.quality.limits import latency_limits, slippage_limits
from orderworks.quality.report import measure_session
from orderworks.quality.watching import watch_session
from orderworks.settings import (
    Outliers,
    Quality,
    QualityThreshold,
    QualityThresholds,
    load_settings,
)
from orderworks.settings.quality import ROUTES


def limits(**changes: Any) -> Quality:
    return LIMITS.model_copy(update=changes)


STATED = limits(
    thresholds=QualityThresholds(
        by_route={
            "URGENT": QualityThreshold(slippage_bps=25, latency_ms=2000),
            "LARGE": QualityThreshold(latency_ms=60_000),
        },
        by_symbol={"IWM": QualityThreshold(slippage_bps=5)},
    )
)


def test_a_symbol_stands_before_its_route_and_that_before_all() -> None:
    rows = pd.DataFrame(
        {
            "symbol": ["A", "A", "IWM", "IWM", "A"],
            "route_rule": ["DEFAULT", "URGENT", "DEFAULT", "URGENT", "LARGE"],
        },
        index=[7, 3, 5, 1, 2],
    )
    assert slippage_limits(rows, STATED).to_dict() == {7: 10, 3: 25, 5: 5, 1: 5, 2: 10}
    assert latency_limits(rows, STATED).to_dict() == {
        7: 5000,
        3: 2000,
        5: 5000,
        1: 2000,
        2: 60_000,
    }
    assert slippage_limits(rows.iloc[:0], STATED).empty


def test_they_are_read_from_the_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ORDERWORKS_HOME", str(tmp_path))
    assert load_settings().quality.thresholds == QualityThresholds(by_route={}, by_symbol={})
    stated = load_settings(
        quality={"thresholds": {"by_route": {"URGENT": {"slippage_bps": 25}}}}
    ).quality.thresholds
    assert stated.by_route == {"URGENT": QualityThreshold(slippage_bps=25)}


def test_every_route_that_an_order_can_take_may_be_named() -> None:
    assert set(PRICE_RULE_OF) == ROUTES


@pytest.mark.parametrize("by", ["by_route", "by_symbol"])
def test_an_order_is_told_by_its_own_threshold_while_it_fills_and_once(
    ledger: Ledger, lease: Lease, market: ReplayMarket, by: str
) -> None:
    """It costs 19.9 bps and is acknowledged after 500 ms."""
    key = "DEFAULT" if by == "by_route" else "A"
    own = {key: QualityThreshold(slippage_bps=19.95, latency_ms=499)}
    stated = limits(
        # The test's route is none of the router's.
        thresholds=QualityThresholds.model_construct(**{"by_route": {}, "by_symbol": {}, by: own})
    )
    plan_orders(ledger, "daily", ["p"])
    release(ledger, lease, "p")
    fill(ledger, lease, "p", 700, "10.07")
    (told,) = watch_session(ledger, ACCOUNT, DAY, stated, at(130))
    assert told.kind == "latency_breach"
    assert "acknowledged 500 ms after its release; the threshold is 499 ms" in told.message
    late = measure_session(ledger, ACCOUNT, DAY, CLOSE, market, stated, CLOSE).alerts
    assert [alert.kind for alert in late] == ["day_slippage_breach"]


def history(ledger: Ledger, costs: list[float], session: date, route: str = "DEFAULT") -> None:
    """Orders that were measured before."""
    ledger.execute("SELECT open_quality_month(%s)", (session,))
    with ledger.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO order_quality (account, session, client_order_id, strategy, symbol, side, "
            "order_type, route_rule, algo, hour, size_bucket, quantity, filled_quantity, fill_rate, "
            "filled_notional, decision_price, slippage_arrival_bps) VALUES "
            "(%s, %s, %s, 's', 'X', 'buy', 'limit', %s, 'none', 10, 'unknown', 1, 1, 1, 10, 10, %s)",
            [(ACCOUNT, session, f"{route}-{session}-{i}", route, c) for i, c in enumerate(costs)],
        )


def outliers(**changes: Any) -> Quality:
    rule = Outliers(deviations=8, days=60, minimum_orders=5)
    return limits(alert_slippage_bps=1000, outliers=rule.model_copy(update=changes))


def told(ledger: Ledger, stated: Quality) -> list[str]:
    return [alert.kind for alert in watch_session(ledger, ACCOUNT, DAY, stated, at(130))]


@pytest.fixture
def dear(ledger: Ledger, lease: Lease) -> None:
    """An order that costs 19.9 bps."""
    plan_orders(ledger, "daily", ["p"])
    release(ledger, lease, "p")
    fill(ledger, lease, "p", 700, "10.07")


YESTERDAY = DAY - timedelta(days=1)


@pytest.mark.usefixtures("dear")
def test_what_is_out_of_the_ordinary_is_told_with_what_is_ordinary(
    ledger: Ledger, market: ReplayMarket
) -> None:
    history(ledger, [1, 2, 3, 4, 40], YESTERDAY)  # median 3, deviations 0 1 1 2 37: median 1
    stated = outliers()
    (alert,) = watch_session(ledger, ACCOUNT, DAY, stated, at(130))
    assert (alert.kind, alert.cause) == ("slippage_outlier", "slippage_outlier:p")
    assert alert.message == (
        "buy 1,000 A (p) filled 700 at 10.0700, 19.9 bps worse than the mid of 10.0500 at its release; "
        "the last 5 orders of route DEFAULT cost 3.0 bps in the median, with a median deviation of 1.0: "
        "the threshold is 11.0 bps"
    )
    assert alert.payload["threshold"] == pytest.approx(11)
    late = measure_session(ledger, ACCOUNT, DAY, CLOSE, market, stated, CLOSE).alerts
    assert late == []
    ledger.execute("DELETE FROM alerts")
    (again,) = measure_session(ledger, ACCOUNT, DAY, CLOSE, market, stated, CLOSE).alerts
    assert (again.message, again.payload) == (alert.message, alert.payload)


@pytest.mark.usefixtures("dear")
@pytest.mark.parametrize(
    ("costs", "session", "route", "changes"),
    [
        ([1, 2, 3, 4], YESTERDAY, "DEFAULT", {}),  # too few
        ([1, 2, 3, 4, 40], YESTERDAY, "URGENT", {}),  # of another route
        ([1, 2, 3, 4, 40], DAY - timedelta(days=61), "DEFAULT", {}),  # too long ago
        ([1, 2, 3, 4, 40], YESTERDAY, "DEFAULT", {"deviations": 17}),  # 3 + 17
        ([2, 2, 2, 4, 40], YESTERDAY, "DEFAULT", {}),  # most cost the same
    ],
)
def test_where_nothing_is_ordinary_nothing_is_out_of_it(
    ledger: Ledger, costs: list[float], session: date, route: str, changes: dict[str, Any]
) -> None:
    history(ledger, costs, session, route)
    assert told(ledger, outliers(**changes)) == []


@pytest.mark.usefixtures("dear")
def test_the_sixtieth_day_and_the_least_history_count(ledger: Ledger) -> None:
    history(ledger, [1, 2, 3, 4, 40], DAY - timedelta(days=60))
    assert told(ledger, outliers()) == ["slippage_outlier"]


def test_history_is_the_plain_median_and_deviation_of_each_route(
    ledger: Ledger, lease: Lease
) -> None:
    random = np.random.default_rng(5)
    drawn = {route: random.normal(3, 5, size) for route, size in (("A", 40), ("B", 41), ("C", 3))}
    for route, costs in drawn.items():
        history(ledger, costs.tolist(), YESTERDAY, route)
    found = route_history(ledger, ACCOUNT, DAY, 60, 30, ["A", "B", "C"]).set_index("route_rule")
    assert set(found.index) == {"A", "B"}
    for route in "AB":
        median = np.median(drawn[route])
        assert found.loc[route, "median_bps"] == pytest.approx(median)
        deviation = np.median(np.abs(drawn[route] - median))
        assert found.loc[route, "deviation_bps"] == pytest.approx(deviation)
        assert found.loc[route, "history_orders"] == len(drawn[route])
    assert route_history(ledger, ACCOUNT, DAY, 60, 30, []).empty


def test_a_route_is_asked_for_once(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []
    read = module.route_history

    def counted(*arguments: Any) -> pd.DataFrame:
        asked.append(list(arguments[-1]))
        return read(*arguments)

    monkeypatch.setattr(module, "route_history", counted)
    history = module.RouteHistory()
    for routes in (["A"], ["A", "B"], [], ["B", "A"]):
        found = history.of(ledger, ACCOUNT, DAY, 60, 30, routes)
        assert found.equals(read(ledger, ACCOUNT, DAY, 60, 30, routes))
    assert asked == [["A"], ["B"]]
