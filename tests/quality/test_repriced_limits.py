"""A fill is measured against the limit that its order had then, not the one that it was given since."""

from decimal import Decimal
from typing import LiteralString

import pytest
from quality_tables import DAY, at
from traded_session import ACCOUNT, LIMITS, events, measure, plan_orders, release, stored

from orderworks.ledger.connection import Ledger
from orderworks.ledger.corporate_actions import OrderTerms, change_terms
from orderworks.ledger.leases import Lease
from orderworks.ledger.movements import (
    EventRecord,
    Release,
    Revision,
    book,
    permit,
    permit_revisions,
)
from orderworks.ledger.orders import orders_by_id
from orderworks.ledger.quality import load_for_measuring
from orderworks.ledger.report_rows import fills_of
from orderworks.market.replay import ReplayMarket
from orderworks.model.fill import Fill
from orderworks.model.order import Replacement, Side
from orderworks.model.state import OrderEvent, OrderState
from orderworks.quality.watching import watch_session

PARTLY = OrderState.PARTIALLY_FILLED


def bought(ledger: Ledger, lease: Lease, *fills: tuple[int, str, float]) -> None:
    """So many shares of p-0 at such a price and second."""
    booked = [
        Fill(f"x{seconds:g}", "p-0", "A", Side.BUY, shares, Decimal(price), Decimal(0), at(seconds))
        for shares, price, seconds in fills
    ]
    book(ledger, lease, [], booked)


@pytest.fixture
def working(ledger: Ledger, lease: Lease) -> Lease:
    """p-0 was sent with a limit of 10.08 at second 60, and bought 100 at that."""
    plan_orders(ledger, "daily", ["p"])
    release(ledger, lease, "p")
    book(
        ledger,
        lease,
        [
            *events("p", 60.5, OrderState.NEW, OrderEvent.START, OrderEvent.FILL),
            *events("p-0", 60.5, OrderState.PENDING, OrderEvent.ACKNOWLEDGE, OrderEvent.FILL),
        ],
        [Fill("x", "p-0", "A", Side.BUY, 100, Decimal("10.08"), Decimal(0), at(100))],
    )
    return lease


def reprice(ledger: Ledger, lease: Lease, limit: str, asked: float, confirmed: float) -> None:
    """The child's limit, asked for at a second and confirmed at another."""
    number = orders_by_id(ledger, ["p-0"])["p-0"].revision + 1
    terms = Replacement("p-0", 1000, Decimal(limit), None)
    permit_revisions(ledger, lease, [Revision(terms, number, "it follows")], at(asked))
    confirm(ledger, lease, terms, confirmed)


def confirm(ledger: Ledger, lease: Lease, terms: Replacement, confirmed: float) -> None:
    moved = EventRecord("p-0", OrderEvent.REPLACE, PARTLY, PARTLY, at(confirmed), None, terms)
    book(ledger, lease, [moved])


def rewritten(ledger: Ledger, statement: LiteralString, value: str | None) -> None:
    """As another ledger might have it."""
    with ledger.transaction():
        ledger.execute("SET LOCAL session_replication_role = replica")
        ledger.execute(statement, (value,))


def limits(ledger: Ledger) -> list[Decimal]:
    """The limit of each fill, by time: as it is measured, and as the report shows it."""
    _, fills = load_for_measuring(ledger, ACCOUNT, DAY)
    found = fills["limit_price"].tolist()
    assert found == [row["limit_price"] for row in fills_of(ledger, ["p"])]
    return found


def breaches(ledger: Ledger) -> list[str]:
    watched = watch_session(ledger, ACCOUNT, DAY, LIMITS, at(600))
    return [alert.cause for alert in watched if alert.kind == "limit_breach"]


def test_a_fill_before_the_price_was_moved_is_no_breach(
    ledger: Ledger, working: Lease, market: ReplayMarket
) -> None:
    reprice(ledger, working, "10.05", asked=150, confirmed=150)
    bought(ledger, working, (500, "10.05", 200))
    assert limits(ledger) == [Decimal("10.08"), Decimal("10.05")]
    assert breaches(ledger) == []
    told = [alert.kind for alert in measure(ledger, market).alerts]
    assert "limit_breach" not in told
    (row,) = stored(ledger, "order_quality")
    assert (row["slippage_limit_bps"], row["slippage_limit_worst_bps"]) == (0, 0)
    assert row["limit_price"] == Decimal("10.055")


def test_a_fill_that_breaks_an_earlier_limit_is_told(
    ledger: Ledger, working: Lease, market: ReplayMarket
) -> None:
    """Though the limit that its order has now would allow it."""
    bought(ledger, working, (100, "10.09", 120))
    reprice(ledger, working, "10.10", asked=150, confirmed=150)
    bought(ledger, working, (300, "10.10", 200))
    assert breaches(ledger) == ["limit_breach:p"]
    measure(ledger, market)
    (row,) = stored(ledger, "order_quality")
    beyond = 100 * 0.01 / (200 * 10.08 + 300 * 10.10)
    assert row["slippage_limit_bps"] == pytest.approx(beyond * 1e4)
    assert row["slippage_limit_worst_bps"] == pytest.approx(0.01 / 10.08 * 1e4)


def test_each_of_several_limits_holds_from_its_moment_to_the_next(
    ledger: Ledger, working: Lease
) -> None:
    reprice(ledger, working, "10.06", asked=150, confirmed=151)
    reprice(ledger, working, "10.04", asked=250, confirmed=251)
    reprice(ledger, working, "10.07", asked=350, confirmed=351)
    bought(ledger, working, (1, "10.01", 149), (1, "10.01", 200), (1, "10.01", 300))
    bought(ledger, working, (1, "10.01", 400))
    moved = ["10.08", "10.08", "10.06", "10.04", "10.07"]
    assert limits(ledger) == [Decimal(limit) for limit in moved]


@pytest.mark.parametrize(
    ("side", "limit", "allowed"),
    [
        ("buy", "10.05", "10.08"),
        ("buy", "10.10", "10.10"),
        ("sell", "10.05", "10.05"),
        ("sell", "10.10", "10.08"),
    ],
)
@pytest.mark.parametrize("seconds", [150, 155, 160])
def test_between_asking_and_the_answer_either_limit_may_hold(
    ledger: Ledger, working: Lease, side: str, limit: str, allowed: str, seconds: float
) -> None:
    reprice(ledger, working, limit, asked=150, confirmed=160)
    bought(ledger, working, (10, "10.01", seconds))
    rewritten(ledger, "UPDATE orders SET side = %s", side)
    assert limits(ledger) == [Decimal("10.08"), Decimal(allowed)]


def test_a_limit_that_nobody_asked_for_holds_from_when_it_was_confirmed(
    ledger: Ledger, working: Lease
) -> None:
    confirm(ledger, working, Replacement("p-0", 1000, Decimal("10.10"), None), 160)
    bought(ledger, working, (10, "10.01", 159), (10, "10.01", 161))
    assert limits(ledger) == [Decimal("10.08"), Decimal("10.08"), Decimal("10.10")]


def test_a_limit_is_of_the_shares_that_were_traded_then(ledger: Ledger, working: Lease) -> None:
    """A split makes two of each share after the first fill."""
    change_terms(ledger, [OrderTerms("p-0", 2000, Decimal("5.04"))], at(150))
    bought(ledger, working, (200, "5.04", 200))
    assert limits(ledger) == [Decimal("10.08"), Decimal("5.04")]
    assert breaches(ledger) == []


def test_where_no_limit_was_kept_with_what_was_sent_the_orders_stands_for_it(
    ledger: Ledger, working: Lease
) -> None:
    reprice(ledger, working, "10.05", asked=150, confirmed=150)
    bought(ledger, working, (10, "10.05", 200))
    rewritten(ledger, "UPDATE send_attempts SET limit_price = %s", None)
    assert limits(ledger) == [Decimal("10.05"), Decimal("10.05")]


def test_a_fill_of_an_earlier_sending_has_the_limit_of_that(ledger: Ledger, lease: Lease) -> None:
    """The first sending, filled on a clock ahead of ours, was taken for lost, and the child sent again."""
    plan_orders(ledger, "daily", ["p"])
    release(ledger, lease, "p")
    silent = events("p-0", 65, OrderState.PENDING, OrderEvent.SILENCE, OrderEvent.ABSENCE)
    book(ledger, lease, silent)
    bid, ask = Decimal("10.04"), Decimal("10.06")
    permit(ledger, lease, [Release("p-0", 1000, "limit", Decimal("10.05"), bid, ask, 2)], at(90))
    book(
        ledger,
        lease,
        [
            *events("p", 100, OrderState.NEW, OrderEvent.START, OrderEvent.FILL),
            *events("p-0", 100, OrderState.PENDING, OrderEvent.ACKNOWLEDGE, OrderEvent.FILL),
        ],
        [Fill("x", "p-0", "A", Side.BUY, 100, Decimal("10.08"), Decimal(0), at(70))],
    )
    bought(ledger, lease, (100, "10.08", 59.9), (100, "10.05", 100))
    assert limits(ledger) == [Decimal("10.08"), Decimal("10.08"), Decimal("10.05")]
    assert breaches(ledger) == []
