"""A session looked at while it goes on: the same breaches as at its end, told earlier and once."""

from datetime import timedelta

from quality_tables import CLOSE, DAY, at
from traded_session import ACCOUNT, LIMITS, fill, measure, plan_orders, release

from orderworks.ledger.connection import Ledger
from orderworks.ledger.leases import Lease
from orderworks.market.replay import ReplayMarket
from orderworks.quality.watching import watch_session


def watch(ledger: Ledger) -> list[str]:
    return [alert.cause for alert in watch_session(ledger, ACCOUNT, DAY, LIMITS, at(120))]


def test_an_order_is_told_as_it_fills_and_not_again_at_the_end(
    ledger: Ledger, lease: Lease, market: ReplayMarket
) -> None:
    plan_orders(ledger, "daily", ["p"])
    release(ledger, lease, "p")
    assert watch(ledger) == []
    fill(ledger, lease, "p", 100, "10.07")
    assert watch(ledger) == ["slippage_breach:p"]
    assert watch(ledger) == []
    assert [alert.kind for alert in measure(ledger, market).alerts] == ["day_slippage_breach"]


def test_it_measures_as_the_end_of_the_day_does(
    ledger: Ledger, lease: Lease, market: ReplayMarket
) -> None:
    plan_orders(ledger, "daily", ["p"])
    release(ledger, lease, "p")
    fill(ledger, lease, "p", 700, "10.07")
    (early,) = watch_session(ledger, ACCOUNT, DAY, LIMITS, CLOSE)
    ledger.execute("DELETE FROM alerts")
    late = measure(ledger, market).alerts[0]
    assert (early.message, early.payload) == (late.message, late.payload)


def test_another_session_is_not_looked_at(ledger: Ledger, lease: Lease) -> None:
    plan_orders(ledger, "daily", ["p"])
    release(ledger, lease, "p")
    fill(ledger, lease, "p", 700, "10.07")
    other = DAY - timedelta(days=1)
    assert watch_session(ledger, ACCOUNT, other, LIMITS, CLOSE) == []


def test_a_broken_limit_is_told_as_it_fills_as_at_the_end(
    ledger: Ledger, lease: Lease, market: ReplayMarket
) -> None:
    """The child was sent with a limit of 10.08; another order keeps to its."""
    plan_orders(ledger, "daily", ["p", "q"])
    for name, price in (("p", "10.09"), ("q", "10.04")):
        release(ledger, lease, name)
        fill(ledger, lease, name, 700, price)
    early = watch_session(ledger, ACCOUNT, DAY, LIMITS, CLOSE)
    assert [alert.cause for alert in early] == ["slippage_breach:p", "limit_breach:p"]
    ledger.execute("DELETE FROM alerts")
    late = {alert.cause: alert for alert in measure(ledger, market).alerts}
    told = late["limit_breach:p"]
    assert "has a fill 9.92 bps worse than the limit" in told.message
    assert (told.message, told.payload) == (early[1].message, early[1].payload)
