"""From silence to evidence: real orders at the simulated exchange, whose answers get lost."""

import asyncio
from datetime import timedelta

import pytest
from psycopg import errors
from unreliable_broker import (
    UnreliableBroker,
    alerts,
    attempts,
    line,
    received,
    require_equal_books,
    send_due,
)
from working_orders import (
    ACCOUNT,
    CASH,
    LIMIT,
    SESSION,
    START,
    at,
    count,
    fill,
    release,
    state_of,
)

from orderworks.brokers.adapter import Report, ReportKind, Snapshot
from orderworks.brokers.simulated.adapter import SimulatedBroker
from orderworks.brokers.simulated.terms import Terms
from orderworks.desk.booking import Anomaly, Booking
from orderworks.desk.comparison import BreakKind
from orderworks.desk.desk import Desk, open_desk
from orderworks.desk.reconciliation import Reconciled, reconcile
from orderworks.desk.releasing import due_now
from orderworks.desk.reports import record, take_reports
from orderworks.desk.submission import Sent
from orderworks.desk.waves import Wave, work_wave
from orderworks.ledger.accounts import booked_portfolio
from orderworks.ledger.connection import Ledger
from orderworks.ledger.leases import give_back, lease_holder
from orderworks.ledger.movements import permit
from orderworks.ledger.orders import open_orders, orders_by_id
from orderworks.market.calendar import require_session
from orderworks.market.replay import ReplayMarket
from orderworks.model.clock import ReplayClock
from orderworks.model.errors import BrokerError, LeaseLost, SnapshotIncomplete
from orderworks.model.order import Order, OrderType, Side
from orderworks.model.state import OrderState
from orderworks.settings import load_settings

S = OrderState

# Fate unknown ----------------------------------------------------------------------------------


async def test_the_opening_balances_are_the_brokers(desk: Desk) -> None:
    assert booked_portfolio(desk.ledger, ACCOUNT).cash == CASH
    assert count(desk.ledger, "snapshots") == 1
    assert await reconcile(desk, None) == Reconciled(0, 0, ())


async def test_an_order_that_was_answered_needs_no_evidence(desk: Desk) -> None:
    assert await send_due(desk) == Sent(1, 0)
    assert state_of(desk.ledger, "p-0") in ("SUBMITTED", "FILLED")
    assert (await reconcile(desk, None)).is_clean
    await require_equal_books(desk)


async def test_unknown_and_found_is_adopted(desk: Desk) -> None:
    line(desk).deaf = 1
    await send_due(desk)
    assert (state_of(desk.ledger, "p-0"), state_of(desk.ledger, "p")) == ("UNKNOWN", "NEW")
    assert due_now(open_orders(desk.ledger, ACCOUNT), desk.clock.now(), {}).due == []
    async for _ in desk.broker.events(desk.clock.now() + timedelta(seconds=30)):
        pass  # It trades, and nobody hears of it.

    result = await reconcile(desk, None)
    assert (result.is_clean, result.absent) == (True, 0)
    assert result.healed >= 2
    assert state_of(desk.ledger, "p-0") in ("SUBMITTED", "PARTIALLY_FILLED", "FILLED")
    assert state_of(desk.ledger, "p") in ("SUBMITTED", "PARTIALLY_FILLED")
    assert attempts(desk, "p-0") == [1]
    assert await received(desk) == ["p-0"]
    await require_equal_books(desk)
    assert str(await reconcile(desk, None)) == "books equal the broker's"


async def test_unknown_and_twice_absent_is_sent_again(desk: Desk) -> None:
    line(desk).cut = 1
    await send_due(desk)
    assert state_of(desk.ledger, "p-0") == "UNKNOWN"
    before = desk.clock.now()
    assert await reconcile(desk, None) == Reconciled(0, 1, ())
    assert desk.clock.now() > before
    assert state_of(desk.ledger, "p-0") == "NEW"

    sent = orders_by_id(desk.ledger, ["p-0"])["p-0"]
    await send_due(desk)
    again = orders_by_id(desk.ledger, ["p-0"])["p-0"]
    assert (again.attempts, again.quantity, again.limit_price) == (2, 60, sent.limit_price)
    assert attempts(desk, "p-0") == [1, 2]
    assert await received(desk) == ["p-0"]
    assert (await reconcile(desk, None)).is_clean
    await require_equal_books(desk)


@pytest.mark.parametrize("arrived", [True, False])
async def test_a_process_that_died_while_sending(desk: Desk, arrived: bool) -> None:
    """The permit is committed; whether the message left, only the broker knows."""
    permit(
        desk.ledger,
        desk.held_lease,
        [release("p-0", 60)],
        desk.clock.now(),
    )
    if arrived:
        order = Order("p-0", ACCOUNT, "AAPL", Side.BUY, 60, OrderType.LIMIT, LIMIT)
        await desk.broker.submit_orders([order])
    assert state_of(desk.ledger, "p-0") == "PENDING"

    result = await reconcile(desk, None)
    assert (result.is_clean, result.absent) == (True, 0 if arrived else 1)
    assert state_of(desk.ledger, "p-0") == ("SUBMITTED" if arrived else "NEW")
    steps = [
        (row["from_state"], row["to_state"])
        for row in desk.ledger.execute(
            "SELECT from_state, to_state FROM order_events WHERE client_order_id = 'p-0' ORDER BY id"
        )
    ]
    healed = [("PENDING", "SUBMITTED")] if arrived else [("PENDING", "UNKNOWN"), ("UNKNOWN", "NEW")]
    assert steps == [("NEW", "PENDING"), *healed]
    await send_due(desk)
    assert await received(desk) == ["p-0"]


@pytest.mark.parametrize("fault", ["blind", "hesitant"])
async def test_one_look_is_not_enough(desk: Desk, fault: str) -> None:
    """Shown by the second look, or shown by the first as not accepted yet: it is there."""
    line(desk).deaf = 1
    await send_due(desk)
    setattr(line(desk), fault, 1)
    result = await reconcile(desk, None)
    if fault == "hesitant":
        assert state_of(desk.ledger, "p-0") == "UNKNOWN"
        assert [one.kind for one in result.breaks] == [BreakKind.WRONG_STATE]
        result = await reconcile(desk, None)
    assert (result.is_clean, result.absent) == (True, 0)
    assert state_of(desk.ledger, "p-0") != "NEW"
    assert await received(desk) == ["p-0"]


async def test_what_the_first_look_showed_is_not_absent(desk: Desk) -> None:
    """Both looks must miss an order. Here another one is missed by both, and this one by one."""
    line(desk).deaf = 1
    await send_due(desk)
    await desk.clock.sleep_until(at(60))
    line(desk).cut = 1
    await send_due(desk)
    assert {state_of(desk.ledger, name) for name in ("p-0", "p-1")} == {"UNKNOWN"}

    class Flickering(UnreliableBroker):
        looks = 0

        async def snapshot(self) -> Snapshot:
            type(self).looks += 1
            self.hesitant, self.blind = int(self.looks == 1), int(self.looks == 2)
            return await super().snapshot()

    line(desk).__class__ = Flickering
    assert (await reconcile(desk, None)).absent == 1
    assert (state_of(desk.ledger, "p-0"), state_of(desk.ledger, "p-1")) == ("UNKNOWN", "NEW")


@pytest.mark.parametrize(("fault", "sendings"), [("cut", [1, 2]), ("deaf", [1]), ("down", [1])])
async def test_an_unknown_fate_is_settled_in_its_own_wave(
    desk: Desk, fault: str, sendings: list[int]
) -> None:
    """Not at the end of the run, when it would be too late to send an order that got lost."""
    setattr(line(desk), fault, 1)
    wave = Wave(0, START, at(30))
    if fault == "down":
        with pytest.raises(BrokerError):
            await work_wave(desk, wave)
        assert state_of(desk.ledger, "p-0") == "PENDING"
    await work_wave(desk, wave)
    assert state_of(desk.ledger, "p-0") in ("SUBMITTED", "PARTIALLY_FILLED", "FILLED")
    assert attempts(desk, "p-0") == sendings
    assert await received(desk) == ["p-0"]
    await require_equal_books(desk)


async def test_two_unanswered_sendings_are_left_for_the_next_wave(desk: Desk) -> None:
    line(desk).cut = 2
    assert (await work_wave(desk, Wave(0, START, at(30)))).sent == 2
    assert state_of(desk.ledger, "p-0") == "UNKNOWN"
    await work_wave(desk, Wave(1, at(30), at(60)))
    assert attempts(desk, "p-0") == [1, 2, 3]
    assert await received(desk) == ["p-0"]


async def test_nothing_is_concluded_from_half_a_snapshot(desk: Desk) -> None:
    line(desk).cut = 1
    await send_due(desk)
    reconciliations = count(desk.ledger, "reconciliations")
    line(desk).broken = 1
    with pytest.raises(SnapshotIncomplete):
        await reconcile(desk, None)
    assert state_of(desk.ledger, "p-0") == "UNKNOWN"
    assert count(desk.ledger, "reconciliations") == reconciliations


async def test_an_order_that_resurfaces_is_not_sent_twice(desk: Desk) -> None:
    """Two snapshots missed it, and yet it is there: the third is believed."""
    line(desk).deaf = 1
    await send_due(desk)
    line(desk).blind = 2
    assert (await reconcile(desk, None)).absent == 1
    assert state_of(desk.ledger, "p-0") == "NEW"

    result = await reconcile(desk, None)
    assert result.is_clean
    assert alerts(desk) == ["resurfaced"]
    assert due_now(open_orders(desk.ledger, ACCOUNT), desk.clock.now(), {}).due == []
    await send_due(desk)
    assert await received(desk) == ["p-0"]
    await require_equal_books(desk)


@pytest.mark.parametrize("part", [0, 20])
async def test_one_that_was_confirmed_is_held_though_it_came_into_doubt_since(
    desk: Desk, part: int
) -> None:
    """A late refusal, of its first sending, made it UNKNOWN; then the broker does not show it."""
    line(desk).cut = 1
    await send_due(desk)
    await reconcile(desk, None)
    await send_due(desk)
    assert state_of(desk.ledger, "p-0") == "SUBMITTED"
    heard = [Report(ReportKind.REJECTED, "p-0", at(1), "7", "no margin")]
    if part:
        heard.insert(0, Report(ReportKind.FILLED, "p-0", at(1), fill=fill("x", "p-0", part)))
        line(desk).by_hand = part  # The exchange has not traded it.
    await take_reports(desk, heard)
    await desk.written()
    assert state_of(desk.ledger, "p-0") == "UNKNOWN"
    line(desk).blind = 2
    assert (await reconcile(desk, None)).absent == 0
    await send_due(desk)
    assert attempts(desk, "p-0") == [1, 2]
    assert alerts(desk).count("order_held") == 1


async def test_an_order_that_only_the_broker_remembers_is_not_sent_again(desk: Desk) -> None:
    """As after a restored backup: the ledger has planned the order and not heard of its sending."""
    order = Order("p-0", ACCOUNT, "AAPL", Side.BUY, 60, OrderType.LIMIT, LIMIT)
    await desk.broker.submit_orders([order])
    assert (await reconcile(desk, None)).is_clean
    await send_due(desk)
    assert await received(desk) == ["p-0"]
    found = desk.ledger.execute(
        "SELECT client_order_id, released_at, acknowledged_at FROM orders WHERE released_at IS NOT NULL "
        "ORDER BY client_order_id"
    ).fetchall()
    assert [row["client_order_id"] for row in found] == ["p", "p-0"]
    assert [row["acknowledged_at"] for row in found] == [START, START]


# Breaks and who may record them ----------------------------------------------------------------


async def test_a_break_is_kept_until_it_is_gone(desk: Desk) -> None:
    by_hand = Order("by-hand", ACCOUNT, "AAPL", Side.BUY, 7, OrderType.MARKET)
    await desk.broker.submit_orders([by_hand])
    async for _ in desk.broker.events(at(60)):
        pass
    expected = [BreakKind.FOREIGN_ORDER, BreakKind.MISSING_FILL, BreakKind.POSITION, BreakKind.CASH]
    for _ in range(2):
        result = await reconcile(desk, None)
        assert [one.kind for one in result.breaks] == expected
        assert str(result) == "4 breaks"
    assert count(desk.ledger, "breaks") == 4
    assert alerts(desk) == ["reconciliation_break"] * 4
    line(desk).blind = 1
    kept = [one.kind for one in (await reconcile(desk, None)).breaks]
    assert kept == [BreakKind.POSITION, BreakKind.CASH]
    found = desk.ledger.execute(
        "SELECT kind, resolution FROM breaks WHERE resolved_at IS NOT NULL ORDER BY id"
    ).fetchall()
    assert [row["kind"] for row in found] == ["foreign_order", "missing_fill"]
    assert {row["resolution"] for row in found} == {"gone at the next reconciliation"}


async def test_without_the_lease_nothing_is_booked(desk: Desk) -> None:
    line(desk).deaf = 1
    await send_due(desk)
    give_back(desk.ledger, desk.held_lease)
    events = count(desk.ledger, "order_events")
    with pytest.raises(LeaseLost, match="ran out"):
        await reconcile(desk, None)
    assert count(desk.ledger, "order_events") == events
    desk.lease = None
    with pytest.raises(LeaseLost, match="worked by nobody"):
        _ = desk.held_lease


async def test_a_booking_and_its_alerts_are_one(desk: Desk) -> None:
    """Else a process that dies between them has booked a late fill that nobody is told of."""
    await send_due(desk)
    late = [
        Report(ReportKind.CANCELLED, "p-0", at(1)),
        Report(ReportKind.FILLED, "p-0", at(2), fill=fill("late", "p-0", 1)),
    ]
    desk.ledger.execute("ALTER TABLE alerts RENAME TO no_alerts")
    await take_reports(desk, late)
    with pytest.raises(errors.UndefinedTable):
        await desk.written()
    desk.ledger.execute("ALTER TABLE no_alerts RENAME TO alerts")
    assert desk.ledger.execute("SELECT 1 FROM fills WHERE exec_id = 'late'").fetchone() is None
    for _ in range(2):
        await take_reports(desk, late)
        await desk.written()
    assert alerts(desk) == ["late_fill"]
    assert count(desk.ledger, "fills WHERE exec_id = 'late'") == 1


async def test_an_anomaly_is_told_though_nothing_is_booked(desk: Desk) -> None:
    for _ in range(2):
        record(desk, Booking(anomalies=[Anomaly("UNKNOWN_ORDER", "ow-1", "who?", at(0))]))
    assert alerts(desk) == ["unknown_order"]


# Holding the account ---------------------------------------------------------------------------


async def test_a_desk_whose_renewal_broke_is_handed_back(
    ledger_url: str, ledger: Ledger, market: ReplayMarket, caplog: pytest.LogCaptureFixture
) -> None:
    """The connection that renews is lost: the way out stays open, and tells what led there."""
    clock, session = ReplayClock(START), require_session(SESSION)
    settings = load_settings(lease={"ttl_seconds": 1})
    terms = Terms(ACCOUNT, CASH, 0.1, "fixed", allow_short=False)
    broker = SimulatedBroker(ledger_url, market, session, terms, clock)
    async with open_desk(settings, ledger_url, session, market, broker, clock) as desk:
        assert await desk.take_over()
        ours = [ledger.info.backend_pid, desk.ledger.info.backend_pid]
        async with asyncio.timeout(30):
            while "not renewed any more" not in caplog.text:
                ledger.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> ALL(%s) "
                    "AND datname = current_database() AND query LIKE 'SET search_path%%'",
                    (ours,),
                )
                await asyncio.sleep(0.05)
    assert desk.lease is None
    assert lease_holder(ledger, ACCOUNT) is None
