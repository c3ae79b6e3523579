"""A day whose executions changed after it was measured is measured again; one that did not is not."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from pandas.testing import assert_frame_equal
from quality_tables import CLOSE, DAY, at, quote, recorded
from traded_session import ACCOUNT, LIMITS, fill, measure, plan_orders, release, stored

from orderworks.ledger.connection import Ledger
from orderworks.ledger.leases import Lease
from orderworks.ledger.movements import EventRecord, book
from orderworks.market.calendar import require_session
from orderworks.market.replay import ReplayMarket
from orderworks.model.errors import QuotesForgotten
from orderworks.model.fill import Fill
from orderworks.model.order import Side
from orderworks.model.state import OrderEvent, OrderState, transition
from orderworks.quality.correcting import Corrected, measure_changed, measure_current
from orderworks.quality.report import SessionQuality, measure_session

NEXT = DAY + timedelta(days=3)
NEXT_CLOSE = require_session(NEXT).close


def late(
    ledger: Ledger,
    lease: Lease,
    exec_id: str,
    quantity: int,
    price: str,
    replaces: str | None = None,
    ts: datetime | None = None,
) -> None:
    """What comes for the child of order p on the next day."""
    events: Sequence[EventRecord] = ()
    if replaces is not None:
        event = OrderEvent.CORRECT if quantity else OrderEvent.BUST
        state = OrderState.PARTIALLY_FILLED
        events = [
            EventRecord(name, event, state, transition(state, event), NEXT_CLOSE)
            for name in ("p", "p-0")
        ]
    one = Fill(
        *(
            exec_id,
            "p-0",
            "A",
            Side.BUY,
            quantity,
            Decimal(price),
            Decimal(0),
            ts or at(130),
            replaces,
        )
    )
    book(ledger, lease, events, [one])


def again(ledger: Ledger, market: ReplayMarket) -> Corrected:
    return measure_changed(ledger, ACCOUNT, NEXT, market, LIMITS, NEXT_CLOSE)


@pytest.fixture
def measured_day(ledger: Ledger, lease: Lease, market: ReplayMarket) -> None:
    plan_orders(ledger, "daily", ["p"])
    release(ledger, lease, "p")
    fill(ledger, lease, "p", 700, "10.07")
    measure(ledger, market)


@pytest.mark.usefixtures("measured_day")
def test_what_did_not_change_is_left_alone(ledger: Ledger, market: ReplayMarket) -> None:
    before = stored(ledger, "measured_sessions")
    assert again(ledger, market) == Corrected()
    assert stored(ledger, "measured_sessions") == before


@pytest.mark.usefixtures("measured_day")
@pytest.mark.parametrize(
    ("exec_id", "quantity", "price", "replaces", "filled", "notional"),
    [
        ("late", 100, "10.09", None, 800, "8058.00"),
        ("x-p.2", 600, "10.06", "x-p", 600, "6036.00"),
        ("x-p.2", 0, "10.07", "x-p", 0, "0"),
    ],
)
def test_a_late_fill_a_correction_and_a_bust_change_their_day(
    ledger: Ledger,
    lease: Lease,
    market: ReplayMarket,
    exec_id: str,
    quantity: int,
    price: str,
    replaces: str | None,
    filled: int,
    notional: str,
) -> None:
    late(ledger, lease, exec_id, quantity, price, replaces)
    assert again(ledger, market).measured == (DAY,)
    (order,) = stored(ledger, "order_quality")
    assert (order["filled_quantity"], order["filled_notional"]) == (filled, Decimal(notional))
    rows = stored(ledger, "fill_quality")
    assert sum(row["quantity"] for row in rows) == filled
    for row in stored(ledger, "daily_quality"):
        assert (row["filled_quantity"], row["notional"]) == (filled, Decimal(notional))
    # What it costs now is what the day would have cost had it been so at once.
    kept = [stored(ledger, table) for table in ("order_quality", "fill_quality", "daily_quality")]
    measure(ledger, market)
    assert kept == [
        stored(ledger, table) for table in ("order_quality", "fill_quality", "daily_quality")
    ]
    assert again(ledger, market) == Corrected()


@pytest.mark.usefixtures("measured_day")
def test_a_day_without_its_market_is_kept_and_told_once(
    ledger: Ledger, lease: Lease, tmp_path: Path
) -> None:
    before = stored(ledger, "order_quality")
    late(ledger, lease, "late", 100, "10.09")
    for directory in (tmp_path / "empty", tmp_path / "empty too"):
        found = again(ledger, recorded(directory, []))
        assert found.measured == ()
    assert stored(ledger, "order_quality") == before
    alerts = [a for a in stored(ledger, "alerts") if a["kind"] == "quality_outdated"]
    assert len(alerts) == 1
    assert "cannot be measured again: the market has no quotes of session" in alerts[0]["message"]


@pytest.mark.usefixtures("measured_day")
def test_a_market_that_forgot_the_day_does_not_wipe_it_out(ledger: Ledger, tmp_path: Path) -> None:
    before = stored(ledger, "order_quality")
    empty = recorded(tmp_path / "empty", [])
    with pytest.raises(QuotesForgotten, match="what was measured is kept"):
        measure_session(ledger, ACCOUNT, DAY, CLOSE, empty, LIMITS, CLOSE)
    assert stored(ledger, "order_quality") == before


@pytest.mark.usefixtures("measured_day")
def test_a_day_whose_every_order_was_filled_on_later_days_too_is_not_taken_for_forgotten(
    ledger: Ledger, lease: Lease, market: ReplayMarket, tmp_path: Path
) -> None:
    late(ledger, lease, "next day", 100, "10.09", ts=NEXT_CLOSE)
    with pytest.raises(QuotesForgotten, match="what was measured is kept"):
        measure_session(
            ledger, ACCOUNT, DAY, CLOSE, recorded(tmp_path / "empty", []), LIMITS, CLOSE
        )
    assert again(ledger, market).measured == (DAY,)
    (order,) = stored(ledger, "order_quality")
    assert (order["filled_quantity"], order["twap_price"]) == (800, None)


def test_a_process_that_heard_no_quotes_shows_what_was_measured(
    ledger: Ledger, lease: Lease, market: ReplayMarket, tmp_path: Path
) -> None:
    plan_orders(ledger, "daily", ["p"])
    release(ledger, lease, "p")
    fill(ledger, lease, "p", 700, "10.07")
    quality = measure(ledger, market)
    silent = recorded(tmp_path / "silent", [])

    def later() -> SessionQuality:
        return measure_current(ledger, ACCOUNT, DAY, CLOSE, silent, LIMITS, CLOSE)

    for name in ("per_order", "per_fill", "daily"):
        kept, then = getattr(later(), name), getattr(quality, name)
        assert_frame_equal(kept, then[list(kept.columns)], check_dtype=True)
    outdated = "SELECT message FROM alerts WHERE kind = 'quality_outdated'"
    assert ledger.execute(outdated).fetchall() == []
    late(ledger, lease, "late", 100, "10.09")
    for _ in range(2):
        assert later().per_order["filled_quantity"].tolist() == [700]
    (alert,) = ledger.execute(outdated).fetchall()
    assert "changed after their cost was measured" in alert["message"]


@pytest.mark.usefixtures("measured_day")
def test_a_fill_that_comes_while_the_day_is_measured_is_not_forgotten(
    ledger: Ledger, lease: Lease, market: ReplayMarket
) -> None:
    late(ledger, lease, "meanwhile", 100, "10.09")
    of_day = measure_changed(ledger, ACCOUNT, DAY, market, LIMITS, CLOSE)
    assert of_day == Corrected()
    assert again(ledger, market).measured == (DAY,)


def test_a_day_that_was_never_measured_is_not_begun(
    ledger: Ledger, lease: Lease, market: ReplayMarket
) -> None:
    plan_orders(ledger, "daily", ["p"])
    release(ledger, lease, "p")
    fill(ledger, lease, "p", 700, "10.07")
    assert again(ledger, market) == Corrected()
    assert stored(ledger, "order_quality") == []


def test_what_was_hit_after_the_day_is_not_held_against_its_market(
    ledger: Ledger, lease: Lease, tmp_path: Path
) -> None:
    """The market of the day says nothing of an order that met the market of another."""
    market = recorded(tmp_path / "short", [quote(1, 10, 10.02), quote(30, 10.04, 10.06)])
    plan_orders(ledger, "daily", ["p"])
    release(ledger, lease, "p")
    quality = measure_session(ledger, ACCOUNT, DAY, CLOSE, market, LIMITS, at(50))
    unknown = ["twap_price", "vwap_price", "end_price", "open_price", "close_price"]
    assert quality.per_order[unknown].isna().all(axis=None)
