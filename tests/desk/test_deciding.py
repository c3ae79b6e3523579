"""What is in doubt waits for a person, and goes on as the person decides."""

from decimal import Decimal

import pytest
from judging import rows
from unreliable_broker import attempts, line, received, require_equal_books, send_due
from working_orders import ACCOUNT, at, fill, state_of

from orderworks.brokers.adapter import Report, ReportKind
from orderworks.desk.comparison import BreakKind
from orderworks.desk.deciding import decide, resolve
from orderworks.desk.desk import Desk
from orderworks.desk.reconciliation import reconcile
from orderworks.desk.reports import take_reports
from orderworks.desk.waves import Wave, work_wave
from orderworks.ledger.reconciliations import unresolved_breaks
from orderworks.model.errors import InputError
from orderworks.model.order import Order, OrderType, Side
from orderworks.model.state import OrderEvent


def held(desk: Desk) -> list[str]:
    return [
        row["client_order_id"]
        for row in rows(desk.ledger, "SELECT client_order_id FROM orders WHERE held ORDER BY 1")
    ]


def traded_by_hand(desk: Desk, shares: int) -> None:
    """Somebody trades at the broker, and no order of ours shows it."""
    line(desk).by_hand += shares


async def lost_in_doubt(desk: Desk) -> None:
    """An order whose message was lost, while its position moved: it may have traded."""
    line(desk).cut = 1
    await send_due(desk)
    traded_by_hand(desk, 7)
    result = await reconcile(desk, None)
    assert (result.absent, held(desk)) == (0, ["p-0"])
    assert state_of(desk.ledger, "p-0") == "UNKNOWN"


async def test_what_is_in_doubt_is_held_told_and_never_sent_again(desk: Desk) -> None:
    await lost_in_doubt(desk)
    (alert,) = rows(desk.ledger, "SELECT * FROM alerts WHERE kind = 'order_held'")
    assert alert["client_order_id"] == "p-0"
    assert "holds 7 AAPL where we have 0" in alert["message"]
    for number in range(3):
        await work_wave(desk, Wave(number, desk.clock.now(), at(60 * (number + 1))))
        await reconcile(desk, None)
    assert attempts(desk, "p-0") == [1]
    assert await received(desk) == []
    assert held(desk) == ["p-0"]
    assert len(rows(desk.ledger, "SELECT 1 FROM alerts WHERE kind = 'order_held'")) == 1


async def test_abandoned_it_is_closed_and_what_it_left_is_worked_on(desk: Desk) -> None:
    await lost_in_doubt(desk)
    traded_by_hand(desk, -7)
    assert (await decide(desk, "p-0", OrderEvent.ABANDON, "the broker's desk says no")).is_clean
    assert (state_of(desk.ledger, "p-0"), held(desk)) == ("CANCELLED", [])
    (order,) = rows(desk.ledger, "SELECT reason FROM orders WHERE client_order_id = 'p-0'")
    assert order["reason"] == "the broker's desk says no"
    await desk.clock.sleep_until(at(60))
    await work_wave(desk, Wave(1, desk.clock.now(), at(90)))
    (second,) = rows(desk.ledger, "SELECT quantity FROM orders WHERE client_order_id = 'p-1'")
    assert (second["quantity"], await received(desk)) == (100, ["p-1"])
    await require_equal_books(desk)


async def test_evidence_settles_what_is_held_before_anybody_decides(desk: Desk) -> None:
    line(desk).deaf, line(desk).blind = 1, 2
    await send_due(desk)
    traded_by_hand(desk, 7)
    await reconcile(desk, None)
    assert held(desk) == ["p-0"]
    traded_by_hand(desk, -7)
    with pytest.raises(InputError, match="p-0 is not held: it is"):
        await decide(desk, "p-0", OrderEvent.ABANDON, "surely it never arrived")
    assert state_of(desk.ledger, "p-0") in ("SUBMITTED", "PARTIALLY_FILLED", "FILLED")
    await require_equal_books(desk)


async def test_adopted_it_is_tracked_and_held_again_if_the_broker_still_does_not_show_it(
    desk: Desk,
) -> None:
    await lost_in_doubt(desk)
    result = await decide(desk, "p-0", OrderEvent.ADOPT, "I see it in the broker's log")
    assert (state_of(desk.ledger, "p-0"), held(desk)) == ("SUBMITTED", ["p-0"])
    assert not result.is_clean


async def test_adopted_it_has_filled_what_it_had_filled(desk: Desk) -> None:
    await send_due(desk)
    part = Report(ReportKind.FILLED, "p-0", at(1), fill=fill("x", "p-0", 20))
    expired = Report(ReportKind.EXPIRED, "p-0", at(2), filled=30)
    await take_reports(desk, [part, expired])
    await desk.written()
    traded_by_hand(desk, 20)
    line(desk).blind = 5
    await reconcile(desk, None)
    assert (state_of(desk.ledger, "p-0"), held(desk)) == ("UNKNOWN", ["p-0"])
    await decide(desk, "p-0", OrderEvent.ADOPT, "I see it in the broker's log")
    assert (state_of(desk.ledger, "p-0"), held(desk)) == ("PARTIALLY_FILLED", ["p-0"])
    told = rows(
        desk.ledger,
        "SELECT reason FROM order_events WHERE client_order_id = 'p-0' AND event = 'ADOPT'",
    )
    assert [one["reason"] for one in told] == ["I see it in the broker's log"]


async def test_an_order_that_was_confirmed_and_is_gone_is_held(desk: Desk) -> None:
    await send_due(desk)
    line(desk).blind = 2
    await reconcile(desk, None)
    assert held(desk) == ["p-0"]
    assert (await reconcile(desk, None)).is_clean
    assert held(desk) == [], "it is shown again"


async def test_a_locked_symbol_waits_and_goes_on_when_a_person_took_the_brokers_side(
    desk: Desk,
) -> None:
    traded_by_hand(desk, 7)
    assert not (await reconcile(desk, None)).is_clean
    await work_wave(desk, Wave(0, desk.clock.now(), at(30)))
    assert (state_of(desk.ledger, "p-0"), await received(desk)) == ("NEW", [])
    (difference,) = unresolved_breaks(desk.ledger, ACCOUNT)

    with pytest.raises(InputError, match="needs a reason"):
        await resolve(desk, difference.id, " ")
    assert (await resolve(desk, difference.id, "bought by hand")).is_clean
    (booked,) = rows(desk.ledger, "SELECT * FROM adjustments")
    assert (booked["symbol"], booked["quantity_change"], booked["reason"]) == (
        "AAPL",
        7,
        "bought by hand",
    )
    with pytest.raises(InputError, match=f"no open break {difference.id}"):
        await resolve(desk, difference.id, "again")
    await work_wave(desk, Wave(0, desk.clock.now(), at(60)))
    assert await received(desk) == ["p-0"]


async def test_cash_is_adjusted_as_well_and_locks_the_account_until_then(desk: Desk) -> None:
    line(desk).deposited = Decimal("25000.5")
    await reconcile(desk, None)
    await work_wave(desk, Wave(0, desk.clock.now(), at(30)))
    assert await received(desk) == []
    (difference,) = unresolved_breaks(desk.ledger, ACCOUNT)
    assert (await resolve(desk, difference.id, "a deposit")).is_clean
    (booked,) = rows(desk.ledger, "SELECT cash_change FROM adjustments")
    assert booked["cash_change"] == Decimal("25000.5")


async def test_a_little_cash_is_alerted_and_stays_a_break_while_orders_go_on(desk: Desk) -> None:
    line(desk).deposited = Decimal("-12.34")
    await reconcile(desk, None)
    await work_wave(desk, Wave(0, desk.clock.now(), at(30)))
    assert await received(desk) == ["p-0"]
    (alert,) = rows(desk.ledger, "SELECT kind FROM alerts")
    assert alert["kind"] == "reconciliation_break"
    result = await reconcile(desk, None)
    assert [one.kind for one in result.breaks] == ["cash"]


async def test_another_difference_of_the_same_symbol_is_a_break_again(desk: Desk) -> None:
    traded_by_hand(desk, 7)
    await reconcile(desk, None)
    (difference,) = unresolved_breaks(desk.ledger, ACCOUNT)
    await resolve(desk, difference.id, "bought by hand")
    assert (await reconcile(desk, None)).is_clean
    traded_by_hand(desk, 1)
    result = await reconcile(desk, None)
    assert [(b.subject, b.ours, b.theirs) for b in result.breaks] == [("AAPL", "7", "8")]


async def test_the_same_difference_of_a_position_is_a_break_again(desk: Desk) -> None:
    """Resolved, it was booked: what comes later with the same figures may be a lost fill of ours."""
    for shares in (7, -7):
        traded_by_hand(desk, shares)
        await reconcile(desk, None)
        (difference,) = unresolved_breaks(desk.ledger, ACCOUNT)
        assert (await resolve(desk, difference.id, "traded by hand")).is_clean
    traded_by_hand(desk, 7)
    result = await reconcile(desk, None)
    assert [(b.subject, b.ours, b.theirs) for b in result.breaks] == [("AAPL", "0", "7")]
    await reconcile(desk, None)
    told = [row["message"] for row in rows(desk.ledger, "SELECT message FROM alerts ORDER BY id")]
    assert told == [
        f"position of AAPL: ours {ours}, the broker's {theirs}"
        for ours, theirs in ("07", "70", "07")
    ]


async def test_a_difference_stands_as_it_was_accepted_until_it_is_gone(desk: Desk) -> None:
    by_hand = Order("by-hand", ACCOUNT, "AAPL", Side.BUY, 7, OrderType.LIMIT, Decimal("90"))
    await desk.broker.submit_orders([by_hand])
    await reconcile(desk, None)
    (difference,) = unresolved_breaks(desk.ledger, ACCOUNT)
    assert difference.kind == BreakKind.FOREIGN_ORDER
    assert (await resolve(desk, difference.id, "it is mine")).is_clean
    assert (await reconcile(desk, None)).is_clean
    line(desk).blind = 1
    assert (await reconcile(desk, None)).is_clean
    result = await reconcile(desk, None)
    assert [(b.kind, b.subject) for b in result.breaks] == [(BreakKind.FOREIGN_ORDER, "by-hand")]


async def test_only_what_is_held_is_decided(desk: Desk) -> None:
    with pytest.raises(InputError, match=r"no order 'nobody'.*orders --held"):
        await decide(desk, "nobody", OrderEvent.ADOPT, "a reason")
    with pytest.raises(InputError, match="p-0 is not held: it is NEW"):
        await decide(desk, "p-0", OrderEvent.ABANDON, "a reason")
