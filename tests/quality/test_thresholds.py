"""What is told, of which order, and what is not."""

import json
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from pandas import DataFrame
from quality_tables import CLOSE, DAY, at, fill, fills_table, parent, parents_table, quote, recorded
from traded_session import LIMITS

from orderworks.ledger.alerts import Alert
from orderworks.quality.measuring import measure_orders
from orderworks.quality.thresholds import breaches, order_breaches


def rows_of(
    tmp_path: Path, parents: list[dict[str, object]], fills: list[dict[str, object]]
) -> DataFrame:
    market = recorded(tmp_path, [quote(30, 10.04, 10.06)])
    return measure_orders(parents_table(*parents), fills_table(*fills), market, CLOSE)


def found(rows: DataFrame, slippage: float = 10, latency: float = 5000) -> list[Alert]:
    limits = {"alert_slippage_bps": slippage, "alert_latency_ms": latency}
    # Without a history, nothing is out of the ordinary.
    return breaches(
        rows.assign(outlier_limit_bps=np.nan), LIMITS.model_copy(update=limits), "SIM-1", DAY, CLOSE
    )


def test_a_dear_order_is_told_with_its_numbers(tmp_path: Path) -> None:
    order, day = found(rows_of(tmp_path, [parent()], [fill(700, "10.07")]))
    assert (order.kind, order.client_order_id) == ("slippage_breach", "p1")
    assert order.message == (
        "buy 1,000 A (p1) filled 700 at 10.0700, 19.9 bps worse than the mid of 10.0500 at its "
        "release; the threshold is 10 bps"
    )
    payload = json.loads(json.dumps(order.payload, default=str))
    assert payload["slippage_arrival_bps"] == pytest.approx(19.9005, abs=1e-4)
    assert payload["threshold"] == 10
    assert (day.kind, day.client_order_id) == ("day_slippage_breach", None)
    assert day.message == (
        "account SIM-1 paid 19.9 bps over the arrival mids in session 2026-11-20, weighted by "
        "notional; the threshold is 10 bps"
    )


def test_a_dear_order_in_a_cheap_day_is_told_alone(tmp_path: Path) -> None:
    rows = rows_of(
        tmp_path,
        [parent(), parent("p2", side="sell", quantity=9000)],
        [fill(700, "10.07"), fill(9000, "10.05", of="p2")],
    )
    assert [alert.cause for alert in found(rows)] == ["slippage_breach:p1"]


def test_exactly_the_threshold_is_no_breach(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, [parent(acknowledged_at=at(65))], [fill(700, "10.05")])
    assert found(rows, slippage=0.0) == []


def filled_at(tmp_path: Path, of_arrival: str) -> DataFrame:
    """Orders from 10 to 2,980 a share, each bought or sold at so much of the mid at its release."""
    mids = {f"p{number}": Decimal(10 + number * 10) for number in range(298)}
    sides = {name: "sell" if number % 3 == 0 else "buy" for number, name in enumerate(mids)}
    signs = {"buy": 1, "sell": -1}
    parents = [
        parent(name, side=sides[name], arrival_bid=mid, arrival_ask=mid)
        for name, mid in mids.items()
    ]
    fills = [
        fill(7, str(mid * (1 + signs[sides[name]] * Decimal(of_arrival))), of=name)
        for name, mid in mids.items()
    ]
    return rows_of(tmp_path, parents, fills)


def test_what_is_the_threshold_on_paper_is_none_in_floats(tmp_path: Path) -> None:
    rows = filled_at(tmp_path, "0.001")
    assert (rows["slippage_arrival_bps"] > 10).any()
    assert found(rows) == []
    unusual = {"median_bps": 0.0, "deviation_bps": 1.0, "history_orders": 30}
    judged = rows.assign(outlier_limit_bps=10.0, **unusual)
    assert order_breaches(judged, LIMITS, CLOSE) == []


def test_a_hair_above_the_threshold_is_told(tmp_path: Path) -> None:
    rows = filled_at(tmp_path, "0.00100001")
    kinds = [alert.kind for alert in found(rows)]
    assert kinds == ["slippage_breach"] * len(rows) + ["day_slippage_breach"]


def test_a_slow_acknowledgement_is_told(tmp_path: Path) -> None:
    rows = rows_of(
        tmp_path, [parent(acknowledged_at=at(65.001)), parent("p2", acknowledged_at=None)], []
    )
    (alert,) = found(rows)
    assert (alert.kind, alert.cause) == ("latency_breach", "latency_breach:p1")
    assert "acknowledged 5,001 ms after its release; the threshold is 5,000 ms" in alert.message


def test_one_broken_limit_among_many_fills_is_told(tmp_path: Path) -> None:
    fills = [
        fill(900, "10.00", limit_price=Decimal("10.05")),
        fill(1, "10.05", limit_price=Decimal("10.05")),
        fill(1, "10.06", limit_price=Decimal("10.05")),
    ]
    (alert,) = found(rows_of(tmp_path, [parent()], fills))
    assert (alert.kind, alert.cause) == ("limit_breach", "limit_breach:p1")
    assert "9.95 bps worse than the limit" in alert.message


def test_a_limit_that_held_is_not_told(tmp_path: Path) -> None:
    fills = [fill(900, "10.05", limit_price=Decimal("10.05"))]
    assert found(rows_of(tmp_path, [parent()], fills)) == []


def test_what_is_not_known_is_not_told(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, [parent(arrival_bid=None)], [fill(700, "99.00")])
    assert found(rows) == []
    assert found(rows_of(tmp_path, [], [])) == []
