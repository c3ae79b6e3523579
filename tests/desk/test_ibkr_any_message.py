"""Any one message lost, or the socket cut at it: the same orders, the same fills, equal books.

Two orders are sent, one of which fills and one of which is cancelled, by two processes in turn. Of each
kind of message the first ones meet the fault, a life each. Judged by the gateway's own record.
"""

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager

import pytest
from gateway.answers import Answer
from gateway.faults import CutAfter, CutBefore, Fault, Faults, Kind, Lose
from gateway.requests import Request
from ibkr_desk import Trading, persisted, planned, states, trading, wave
from judging import GATEWAY, require_sound_books

from orderworks.desk.reconciliation import reconcile
from orderworks.desk.reports import cancel
from orderworks.market.replay import ReplayMarket
from orderworks.model.errors import BrokerError

Database = Callable[[], AbstractContextManager[str]]

KINDS: tuple[Kind, ...] = (
    *(Request.START_API, Request.PLACE_ORDER, Request.CANCEL_ORDER, Request.ALL_OPEN_ORDERS),
    *(Request.COMPLETED_ORDERS, Request.EXECUTIONS, Request.POSITIONS),
    *(Request.ACCOUNT_UPDATES_MULTI, Request.CANCEL_ACCOUNT_UPDATES_MULTI),
    *(Answer.MANAGED_ACCOUNTS, Answer.NEXT_VALID_ID, Answer.OPEN_ORDER, Answer.OPEN_ORDER_END),
    *(Answer.ORDER_STATUS, Answer.ERROR, Answer.EXECUTION, Answer.EXECUTION_END),
    *(Answer.COMMISSION, Answer.COMPLETED_ORDER, Answer.COMPLETED_ORDERS_END, Answer.POSITION),
    *(Answer.POSITION_END, Answer.ACCOUNT_UPDATE_MULTI, Answer.ACCOUNT_UPDATE_MULTI_END),
)
FAULTS: dict[str, tuple[Fault, int]] = {
    "lost": (Lose(), 4),
    "cut before it": (CutBefore(), 2),
    "cut after it": (CutAfter(), 2),
}
"""What befalls how many of the messages of each kind."""

Step = Callable[[], Awaitable[object]]


async def persist(there: Trading, step: Step) -> None:
    """Does something, again and again from what a snapshot shows, over a line that may break."""
    for _ in range(5):
        try:
            await step()
            return
        except BrokerError:
            await persisted(there.desk)
    raise AssertionError("it is never done")


async def cancels(there: Trading) -> None:
    """A cancel that may be lost is asked for again."""
    for _ in range(3):
        await cancel(there.desk, ["ow-b"])
        await reconcile(there.desk, None)
        if states(there.desk, "b") == [("CANCELLED", 0)]:
            return


async def begins_anew(there: Trading) -> None:
    """Another process takes over; where it does not come through it is started again."""
    await there.end()
    for _ in range(3):
        try:
            await there.begin()
            return
        except BrokerError:
            await there.end()


async def befalls_one(
    url: str, market: ReplayMarket, kind: Kind, number: int, fault: Fault
) -> bool:
    """A life in which a message meets a fault, which must change nothing; whether there is such a message."""
    faults = Faults({(kind, number): fault})
    orders = planned("a", 100, "100.01"), planned("b", 100, "90")
    async with trading(url, market, *orders, faults=faults, ask_seconds=0.6) as there:
        await persist(there, lambda: wave(there.desk, 3))
        await begins_anew(there)
        await persist(there, lambda: cancels(there))
        await persist(there, lambda: wave(there.desk, 3))
        befallen = any(entry.fault for entry in there.gateway.log.entries)
        # What is only missing in one answer is a break until the next.
        there.gateway.faults = Faults()
        found = await persisted(there.desk)
        assert found.is_clean, found.breaks
        assert states(there.desk, "a", "b") == [("FILLED", 100), ("CANCELLED", 0)]
        assert there.gateway.brokerage.book.by_ref() == {"ow-a": 1, "ow-b": 1}
        require_sound_books(there.desk.ledger, GATEWAY)
        return befallen


@pytest.mark.proof
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
async def test_one_message_that_does_not_come_through_changes_nothing(
    fresh_database: Database, recorded: ReplayMarket, kind: Kind, fault: str
) -> None:
    befalls, times = FAULTS[fault]
    for number in range(1, times + 1):
        with fresh_database() as url:
            if not await befalls_one(url, recorded, kind, number, befalls):
                assert number > 1, "there is no such message"
                return
