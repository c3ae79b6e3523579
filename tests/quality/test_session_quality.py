"""A session measured from a real ledger, stored there, and told once."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from quality_tables import CLOSE, DAY, at, recorded
from traded_session import ACCOUNT, LIMITS, fill, measure, plan_orders, release, stored

from orderworks.ledger.alert_deliveries import undecided
from orderworks.ledger.connection import Ledger, open_ledger
from orderworks.ledger.leases import Lease
from orderworks.ledger.quality import load_for_measuring, store_quality
from orderworks.ledger.report_rows import unmeasured_parents
from orderworks.market.replay import ReplayMarket
from orderworks.quality.report import measure_session
from orderworks.report.content import gather
from orderworks.report.page import render


def test_what_is_measured_of_a_session(ledger: Ledger, lease: Lease, market: ReplayMarket) -> None:
    plan_orders(ledger, "daily", ["filled", "never-sent"])
    plan_orders(ledger, "another day", ["yesterday"], days=-1)
    for name in ("filled", "yesterday"):
        release(ledger, lease, name)
        fill(ledger, lease, name, 700, "10.07")
    parents, fills = load_for_measuring(ledger, ACCOUNT, DAY)
    assert parents["client_order_id"].tolist() == ["filled"]
    assert fills["parent_id"].tolist() == ["filled"]
    # The limit that the child was sent with, not the one that was planned.
    assert fills["limit_price"].tolist() == [Decimal("10.08")]

    quality = measure(ledger, market)
    (row,) = stored(ledger, "order_quality")
    assert (row["account"], row["session"], row["client_order_id"]) == (ACCOUNT, DAY, "filled")
    assert row["shortfall_total"] == Decimal(87)
    assert row["shortfall_bps"] == pytest.approx(87)
    assert row["latency_ack_ms"] == pytest.approx(500)
    assert row["slippage_limit_bps"] == pytest.approx(-0.01 / 10.08 * 1e4)
    assert row["end_price"] == Decimal("10.08")
    assert len(quality.per_order) == 1
    daily = stored(ledger, "daily_quality")
    assert [(r["dimension"], r["key"]) for r in daily] == [
        *(("algo", "twap"), ("day", "all"), ("hour", "9"), ("order_type", "limit")),
        *(("route_rule", "DEFAULT"), ("side", "buy"), ("size_bucket", "unknown")),
        *(("strategy", "momentum"), ("symbol", "A")),
    ]
    assert {r["shortfall_total"] for r in daily} == {Decimal(87)}


def test_a_report_tells_what_of_its_period_was_not_measured(
    ledger: Ledger, lease: Lease, market: ReplayMarket
) -> None:
    later = DAY + timedelta(days=3)
    plan_orders(ledger, "daily", ["p"])
    plan_orders(ledger, "next", ["q", "q2", "never-sent"], days=3)
    for name in ("p", "q", "q2"):
        release(ledger, lease, name)
        fill(ledger, lease, name, 700, "10.07")
    measure(ledger, market)
    content = gather(ledger, ACCOUNT, DAY, later, lambda _: None)
    assert content.left_out == {later: 2}
    page = render(content, CLOSE)
    assert "Trading cost 87.00, 87.0 bps" in page
    assert f"2 orders of session {later} were released and not measured" in page
    assert gather(ledger, ACCOUNT, DAY, DAY, lambda _: None).left_out == {}


def test_an_exit_that_was_hit_is_left_out_until_it_is_measured_and_one_that_rests_is_not(
    ledger: Ledger, lease: Lease, market: ReplayMarket
) -> None:
    plan_orders(ledger, "daily", ["p", "hit", "resting"])
    for name in ("p", "hit", "resting"):
        release(ledger, lease, name)
    for name in ("p", "hit"):
        fill(ledger, lease, name, 1000, "10.07")
    ledger.execute("SET session_replication_role = replica")
    ledger.execute(
        "UPDATE orders SET attached_to = 'p' WHERE client_order_id IN ('hit', 'resting')"
    )
    assert unmeasured_parents(ledger, ACCOUNT, DAY, DAY) == {DAY: 2}
    measure(ledger, market)
    assert unmeasured_parents(ledger, ACCOUNT, DAY, DAY) == {}


def test_unknowns_are_stored_as_null(ledger: Ledger, lease: Lease, tmp_path: Path) -> None:
    plan_orders(ledger, "daily", ["p"])
    release(ledger, lease, "p")
    fill(ledger, lease, "p", 700, "10.07")
    measure(ledger, recorded(tmp_path / "empty", []))
    (row,) = stored(ledger, "order_quality")
    unknown = ["twap_price", "vwap_price", "end_price", "slippage_twap_bps", "slippage_vwap_bps"]
    unknown += ["shortfall_opportunity", "shortfall_total", "shortfall_bps"]
    assert [row[name] for name in unknown] == [None] * len(unknown)
    day = next(row for row in stored(ledger, "daily_quality") if row["dimension"] == "day")
    assert (day["unmeasured"], day["shortfall_total"], day["slippage_twap_bps"]) == (1, None, None)


def test_measuring_again_replaces_the_day_and_tells_nothing_twice(
    ledger: Ledger, lease: Lease, market: ReplayMarket
) -> None:
    plan_orders(ledger, "daily", ["p"])
    release(ledger, lease, "p")
    fill(ledger, lease, "p", 700, "10.07")
    first = measure(ledger, market)
    tables = ("order_quality", "fill_quality", "daily_quality")
    before = [stored(ledger, table) for table in tables]
    again = measure(ledger, market)
    assert all(before)
    assert [stored(ledger, table) for table in tables] == before
    assert [a.kind for a in first.alerts] == ["slippage_breach", "day_slippage_breach"]
    assert again.alerts == []
    assert len(undecided(ledger, ACCOUNT)) == 2

    plan_orders(ledger, "a later run", ["q"])
    release(ledger, lease, "q")
    fill(ledger, lease, "q", 1000, "10.08")
    assert [a.cause for a in measure(ledger, market).alerts] == ["slippage_breach:q"]
    assert len(stored(ledger, "order_quality")) == 2


def test_a_day_is_stored_whole_or_not_at_all(
    ledger: Ledger, lease: Lease, market: ReplayMarket
) -> None:
    plan_orders(ledger, "daily", ["p"])
    release(ledger, lease, "p")
    fill(ledger, lease, "p", 700, "10.07")
    quality = measure(ledger, market)
    before = stored(ledger, "order_quality")
    broken = quality.per_fill.assign(size_bucket="immense")
    with pytest.raises(Exception, match="size_bucket_check"):
        store_quality(ledger, ACCOUNT, DAY, quality.per_order.iloc[:0], broken)
    assert stored(ledger, "order_quality") == before


def test_two_who_measure_the_same_day_take_turns(
    ledger: Ledger, ledger_url: str, lease: Lease, market: ReplayMarket
) -> None:
    plan_orders(ledger, "daily", ["p"])
    release(ledger, lease, "p")
    quality = measure(ledger, market)
    with open_ledger(ledger_url) as other:
        other.execute("SET lock_timeout = '100ms'")
        with ledger.transaction():
            store_quality(ledger, ACCOUNT, DAY, quality.per_order, quality.per_fill)
            with pytest.raises(Exception, match="lock timeout"):
                store_quality(other, ACCOUNT, DAY, quality.per_order, quality.per_fill)
        store_quality(other, ACCOUNT, DAY, quality.per_order, quality.per_fill)
    assert len(stored(ledger, "order_quality")) == 1


def test_a_day_without_orders_is_measured_as_nothing(
    ledger: Ledger, lease: Lease, market: ReplayMarket
) -> None:
    quality = measure(ledger, market)
    assert (len(quality.per_order), len(quality.daily), quality.alerts) == (0, 0, [])


def test_before_the_close_an_open_order_is_measured_up_to_now(
    ledger: Ledger, lease: Lease, market: ReplayMarket
) -> None:
    plan_orders(ledger, "daily", ["p"])
    release(ledger, lease, "p")
    now = at(200)
    quality = measure_session(ledger, ACCOUNT, DAY, CLOSE, market, LIMITS, now)
    assert quality.per_order["end_price"].tolist() == [Decimal("10.05")]
