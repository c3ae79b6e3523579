"""What is reported of an order that had ended: its parent, which others work on, moves with it."""

from unreliable_broker import send_due
from working_orders import ACCOUNT, at, fill, state_of

from orderworks.brokers.adapter import Report, ReportKind
from orderworks.desk.desk import Desk
from orderworks.desk.reports import take_reports
from orderworks.desk.settling import retire_parents
from orderworks.ledger.orders import open_orders


async def test_a_late_fill_moves_the_very_parent_that_the_caller_works_on(desk: Desk) -> None:
    """Another one read beside it would leave the caller with a state, and with shares, of before."""
    await send_due(desk)
    await take_reports(desk, [Report(ReportKind.CANCELLED, "p-0", at(1))])
    await desk.written()
    orders = open_orders(desk.ledger, ACCOUNT)
    assert orders.keys() == {"p", "p-1"}
    theirs, parent = dict(orders), orders["p"]

    late = Report(ReportKind.FILLED, "p-0", at(2), fill=fill("late", "p-0", 10))
    await take_reports(desk, [late], orders)
    await desk.written()
    assert parent.remaining == 90
    del theirs["p-1"]
    assert retire_parents(desk, theirs, whatever_is_to_come=True) == 1
    assert state_of(desk.ledger, "p") == "CANCELLED"
