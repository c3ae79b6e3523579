"""What fills late is taken from the slices that took its place: a parent is not traded twice."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime

import pytest
from unreliable_broker import UnreliableBroker, line
from working_orders import at, fill, release, state_of

from orderworks.brokers.adapter import BrokerOrder, Report, ReportKind, Snapshot
from orderworks.desk.comparison import BreakKind
from orderworks.desk.desk import Desk
from orderworks.desk.ending import close_session
from orderworks.desk.reconciliation import reconcile
from orderworks.desk.reports import take_reports
from orderworks.desk.waves import Wave, work_wave
from orderworks.ledger.movements import permit


class TellsLate(UnreliableBroker):
    """Has something to tell before time goes on."""

    tells: Report

    async def events(self, until: datetime) -> AsyncIterator[list[Report]]:
        yield [self.tells]
        async for reports in super().events(until):
            yield reports


class ShowsLate(UnreliableBroker):
    """Tells of a late execution in its snapshots only."""

    shares = 30

    async def snapshot(self) -> Snapshot:
        seen = await super().snapshot()
        return replace(seen, executions=(*seen.executions, fill("late", "p-0", self.shares)))


CASES = pytest.mark.parametrize("late", [30, 60])


async def the_first_slice_was_cancelled(desk: Desk) -> None:
    """It was sent and confirmed before; its last execution has not been heard of."""
    permit(desk.ledger, desk.held_lease, [release("p-0", 60)], at(0))
    kinds = (ReportKind.ACKNOWLEDGED, ReportKind.CANCELLED)
    await take_reports(desk, [Report(kind, "p-0", at(1)) for kind in kinds])
    await desk.written()
    await desk.clock.sleep_until(at(60))


async def the_second_slice_stands_for_both(desk: Desk) -> None:
    await the_first_slice_was_cancelled(desk)
    await no_time_passes(desk)
    assert (await shown(desk)).quantity == 100


async def no_time_passes(desk: Desk) -> None:
    """A wave in which nothing is traded."""
    await work_wave(desk, Wave(1, desk.clock.now(), desk.clock.now()))


async def shown(desk: Desk) -> BrokerOrder:
    """The second slice, as the exchange has it."""
    (found,) = [o for o in (await desk.broker.snapshot()).orders if o.client_order_id == "p-1"]
    return found


def late_fill(shares: int) -> Report:
    return Report(ReportKind.FILLED, "p-0", at(2), fill=fill("late", "p-0", shares))


def will_tell(desk: Desk, report: Report) -> None:
    broker = line(desk)
    broker.__class__ = TellsLate
    assert isinstance(broker, TellsLate)
    broker.tells = report


@CASES
async def test_the_next_wave_cuts_back_what_took_the_place_of_a_late_fill(
    desk: Desk, late: int
) -> None:
    await the_second_slice_stands_for_both(desk)
    await take_reports(desk, [late_fill(late)])
    await desk.written()
    await no_time_passes(desk)
    assert (await shown(desk)).state == "CANCELLED"
    assert state_of(desk.ledger, "p-1") == "CANCELLED"


async def test_what_took_its_place_ends_with_the_parent_that_it_filled(desk: Desk) -> None:
    await the_second_slice_stands_for_both(desk)
    own = Report(ReportKind.FILLED, "p-1", at(61), fill=fill("own", "p-1", 40))
    await take_reports(desk, [late_fill(60), own])
    await desk.written()
    assert (state_of(desk.ledger, "p"), state_of(desk.ledger, "p-1")) == (
        "FILLED",
        "PARTIALLY_FILLED",
    )
    await no_time_passes(desk)
    assert (await shown(desk)).state == "CANCELLED"


@CASES
async def test_what_fills_late_is_not_bought_again_until_the_next_wave(
    desk: Desk, late: int
) -> None:
    """After the last slice that may be long in coming."""
    await the_second_slice_stands_for_both(desk)
    will_tell(desk, late_fill(late))
    await work_wave(desk, Wave(2, at(60), at(250)))
    theirs = await shown(desk)
    assert (theirs.state, theirs.filled_quantity) == ("CANCELLED", 0)
    assert state_of(desk.ledger, "p") == "CANCELLED"


async def test_what_fills_late_after_the_run_is_not_bought_again_until_the_close(
    desk: Desk,
) -> None:
    await the_second_slice_stands_for_both(desk)
    will_tell(desk, late_fill(60))
    await close_session(desk)
    theirs = await shown(desk)
    assert (theirs.state, theirs.filled_quantity) == ("CANCELLED", 0)


@CASES
async def test_what_the_last_reconciliation_shows_is_not_bought_again_until_the_next_wave(
    desk: Desk, late: int
) -> None:
    """After the run nobody may look for long."""
    await the_second_slice_stands_for_both(desk)
    broker = line(desk)
    broker.__class__ = ShowsLate
    assert isinstance(broker, ShowsLate)
    broker.shares = late
    found = await reconcile(desk, None)
    theirs = await shown(desk)
    assert (theirs.state, theirs.filled_quantity) == ("CANCELLED", 0)
    assert state_of(desk.ledger, "p-1") == "CANCELLED"
    # The exchange has cash and shares without it, and nothing else differs.
    assert {one.kind for one in found.breaks} == {BreakKind.CASH, BreakKind.POSITION}


async def test_what_a_look_at_unanswered_orders_shows_is_not_bought_again_in_that_wave(
    desk: Desk,
) -> None:
    await the_first_slice_was_cancelled(desk)
    line(desk).__class__ = ShowsLate
    line(desk).deaf = 1
    await work_wave(desk, Wave(1, at(60), at(250)))
    theirs = await shown(desk)
    assert (theirs.quantity, theirs.state, theirs.filled_quantity) == (100, "CANCELLED", 0)
