"""Every fault that Interactive Brokers is known for, and what becomes of an order that meets it.

One row a fault: what is done and met in turn, and how it ends. The order is to buy 100 ACME: at ``TAKES``
it fills within two seconds, at ``RESTS`` never. Another one of ACME is due afterwards. Judged by the
gateway's own record.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal

import pytest
from gateway.answers import Answer
from gateway.faults import (
    INACTIVE,
    LOCATING,
    UNTIL_OPEN,
    Busy,
    CancelledByBroker,
    Correct,
    CutAfter,
    CutBefore,
    Delay,
    Fault,
    Hold,
    Kind,
    Late,
    Lose,
    LoseLink,
    Refuse,
    RollBack,
    Say,
    SecondPermId,
    Silence,
    Twice,
)
from gateway.gateway import PAPER_ACCOUNT
from gateway.requests import Request
from gateway.small_session import at
from ibkr_desk import Trading, planned, trading, wave
from judging import GATEWAY, require_sound_books, rows

from orderworks.desk.reconciliation import reconcile
from orderworks.desk.reports import cancel
from orderworks.desk.revising import revise
from orderworks.ledger.accounts import booked_portfolio
from orderworks.ledger.movements import Revision
from orderworks.ledger.orders import orders_by_id
from orderworks.market.replay import ReplayMarket
from orderworks.model.order import Replacement

NAME, NEXT = "ow-a", "ow-b"
TAKES, RESTS = "100.01", "90"
AFTERWARDS = 15
"""When, in seconds, the next order is due."""
PLACE, CANCEL, START = Request.PLACE_ORDER, Request.CANCEL_ORDER, Request.START_API
ORDER, STATUS, EXECUTION = Answer.OPEN_ORDER, Answer.ORDER_STATUS, Answer.EXECUTION

Step = Callable[[Trading], Awaitable[None]]


def meets(kind: Kind, fault: Fault) -> Step:
    """The next message of a kind meets a fault."""

    async def step(there: Trading) -> None:
        there.gateway.faults.next(kind, fault)

    return step


def works(seconds: float) -> Step:
    """A wave of so many seconds."""

    async def step(there: Trading) -> None:
        await wave(there.desk, seconds)

    return step


def passes(seconds: float) -> Step:
    """Time passes and nobody works."""

    async def step(there: Trading) -> None:
        await there.gateway.advance(seconds)

    return step


def loses_link(*, data_kept: bool) -> Step:
    """The gateway has no link to the broker for five seconds."""

    async def step(there: Trading) -> None:
        there.gateway.lose_link(LoseLink(5, data_kept=data_kept))

    return step


async def time_runs(there: Trading) -> None:
    """The market's time goes on while the desk waits by the wall's."""
    there.gateway.clock.run(1)


async def is_cut(there: Trading) -> None:
    there.gateway.cut(1)


async def looks(there: Trading) -> None:
    await reconcile(there.desk, None)


async def cancels(there: Trading) -> None:
    await cancel(there.desk, [NAME])


async def changes(there: Trading) -> None:
    """A resting order gets another limit."""
    orders = orders_by_id(there.desk.ledger, [NAME])
    terms = Replacement(NAME, orders[NAME].quantity, Decimal("90.01"))
    await revise(there.desk, orders, [Revision(terms, orders[NAME].revision + 1, "it must move")])


@dataclass(frozen=True)
class Case:
    """A fault.

    Attributes:
        does: in turn; a wave follows, and then another in which the next order is due.
        limit: the order's price.
        ends: the order's state in the ledger, and how many shares it has filled there.
        received: how often the gateway received it, by its name; a change counts.
        at_broker: how many orders the broker has or had of its name.
        held: whether it waits for a person.
        breaks: the kinds of difference that are left; they lock the symbol.
        alerts: the kinds of alert that were raised.
    """

    does: tuple[Step, ...] = ()
    limit: str = TAKES
    ends: tuple[str, int] = ("FILLED", 100)
    received: int = 1
    at_broker: int = 1
    held: bool = False
    breaks: tuple[str, ...] = ()
    alerts: frozenset[str] = frozenset()


RESTING = ("SUBMITTED", 0)
IN_THE_MIDDLE = works(0.1)
"""It is sent, and fills only later."""
DIES = Trading.end, passes(5), Trading.begin, looks
BROKEN = frozenset({"reconciliation_break"})

CASES: dict[str, Case] = {
    "no answer to placeOrder, which arrived": Case((meets(PLACE, Silence()),)),
    "no answer to placeOrder, which never arrived": Case((meets(PLACE, Lose()),), received=2),
    "the socket is cut before placeOrder": Case((meets(PLACE, CutBefore()),), received=2),
    "the socket is cut after placeOrder": Case((meets(PLACE, CutAfter()),)),
    "the socket is cut, and it fills meanwhile": Case((IN_THE_MIDDLE, is_cut, passes(5))),
    "the process ends, and it fills meanwhile": Case((IN_THE_MIDDLE, *DIES)),
    "nextValidId goes back": Case((works(3), meets(START, RollBack(50)), *DIES)),
    "nextValidId goes back while it lives": Case(
        (IN_THE_MIDDLE, meets(START, RollBack(50)), *DIES)
    ),
    "it is completed and has no order id": Case(
        (works(3), meets(START, RollBack(50)), Trading.end, Trading.begin, looks)
    ),
    "the client id is in use for a while": Case((IN_THE_MIDDLE, meets(START, Busy()), *DIES)),
    "1100 before it is sent, then 1102": Case((loses_link(data_kept=True), passes(6))),
    "1100, it fills, 1102": Case((IN_THE_MIDDLE, loses_link(data_kept=True), passes(6))),
    "1100, it fills, 1101": Case((IN_THE_MIDDLE, loses_link(data_kept=False), passes(6))),
    "1100 while it is sent, then 1102": Case((time_runs, meets(PLACE, LoseLink(1)))),
    "10349, and it lives": Case((meets(PLACE, Say(10349)),)),
    "202, and it lives": Case((meets(PLACE, Say(202)),)),
    "201, and it lives": Case((meets(PLACE, Say(201)),)),
    "103, and it lives": Case((meets(PLACE, Say(103)),)),
    "104, and it lives": Case((meets(PLACE, Say(104)),)),
    "399: held until the open": Case((meets(PLACE, UNTIL_OPEN), works(6))),
    "404: held while shares are located": Case((meets(PLACE, LOCATING), works(6))),
    "201, then Inactive": Case((meets(PLACE, Refuse(201, inactive=True)),), ends=("REJECTED", 0)),
    "201 and no status": Case((meets(PLACE, Refuse(201)),), ends=("REJECTED", 0)),
    "202: the broker cancels it": Case(
        (meets(PLACE, CancelledByBroker(1)),), RESTS, ends=("CANCELLED", 0)
    ),
    "103: its number was used": Case((meets(PLACE, Refuse(103)),), received=2),
    "110: off the grid": Case((meets(PLACE, Refuse(110)),), ends=("REJECTED", 0), at_broker=0),
    "110: a change is off the grid": Case(
        (works(1), meets(PLACE, Refuse(110)), changes), RESTS, RESTING, received=2
    ),
    "10147 to a cancel, and it lives": Case(
        (works(1), meets(CANCEL, Refuse(10147)), cancels), RESTS, RESTING
    ),
    "10148 to a cancel, and it lives": Case(
        (works(1), meets(CANCEL, Refuse(10148)), cancels), RESTS, RESTING
    ),
    "10148 to a cancel: it has filled, which was not heard": Case(
        (IN_THE_MIDDLE, meets(EXECUTION, Lose()), meets(STATUS, Lose()), passes(3), cancels)
    ),
    "a cancel is lost": Case((works(1), meets(CANCEL, Lose()), cancels), RESTS, RESTING),
    "Inactive without a reason, for a while": Case(
        (meets(PLACE, INACTIVE), works(6)), alerts=BROKEN
    ),
    "Inactive without a reason, for good": Case(
        (meets(PLACE, Hold(3600, status="Inactive")),),
        ends=("UNKNOWN", 0),
        breaks=("wrong_state",),
        alerts=BROKEN,
    ),
    "all that is said of it is said twice": Case(
        tuple(meets(kind, Twice()) for kind in (ORDER, STATUS, EXECUTION, Answer.COMMISSION))
    ),
    "a status comes after later ones": Case((IN_THE_MIDDLE, meets(STATUS, Late(4)))),
    "an execution comes after its status": Case((meets(EXECUTION, Late(3)),)),
    "an execution is lost": Case((meets(EXECUTION, Lose()),)),
    "the price of an execution is corrected": Case(
        (meets(EXECUTION, Correct(100, "99.90")),), alerts=frozenset({"correction"})
    ),
    "the shares of an execution are corrected": Case(
        (meets(EXECUTION, Correct(60, "99.90")),),
        ends=("CANCELLED", 60),
        breaks=("wrong_state",),
        alerts=BROKEN | {"correction"},
    ),
    "a commission comes late": Case((meets(Answer.COMMISSION, Delay(2)),)),
    "a commission comes before its execution": Case((meets(EXECUTION, Late(5)),)),
    "a commission is lost": Case((meets(Answer.COMMISSION, Lose()),)),
    "a change makes a second order of it": Case(
        (works(1), meets(PLACE, SecondPermId()), changes),
        RESTS,
        RESTING,
        received=2,
        at_broker=2,
        held=True,
        breaks=("price", "two_orders"),
        alerts=BROKEN | {"order_held"},
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_what_becomes_of_an_order(
    ledger_url: str, recorded: ReplayMarket, case: Case
) -> None:
    later = planned("b", 100, RESTS, due_at=at(AFTERWARDS))
    async with trading(ledger_url, recorded, planned("a", 100, case.limit), later) as there:
        for step in (*case.does, works(3), looks):
            await step(there)
        await there.gateway.advance_to(at(AFTERWARDS))
        await wave(there.desk, 3)
        left = (await reconcile(there.desk, None)).breaks
        desk, gateway = there.desk, there.gateway
        orders = orders_by_id(desk.ledger, [NAME, NEXT])
        order, following = orders[NAME], orders[NEXT]
        received, booked = gateway.log.placed_by_ref(), gateway.brokerage.book.by_ref()
        assert ((order.state.value, order.filled_quantity), order.held) == (case.ends, case.held)
        assert (received[NAME], booked[NAME]) == (case.received, case.at_broker)
        assert tuple(sorted(one.kind.value for one in left)) == case.breaks
        assert {row["kind"] for row in rows(desk.ledger, "SELECT kind FROM alerts")} == case.alerts
        # Trading goes on, once and under a number of its own, unless a difference locks the symbol.
        expected = ("NEW", 0, 0) if case.breaks else ("SUBMITTED", 1, 1)
        assert (following.state.value, received[NEXT], booked[NEXT]) == expected
        befallen = [entry for entry in gateway.log.entries if entry.fault]
        assert len(befallen) == len(gateway.faults.script)
        require_a_number_each(there)
        require_equal_books(there)
        if not case.breaks and not case.alerts:
            require_sound_books(desk.ledger, GATEWAY)


def require_a_number_each(there: Trading) -> None:
    """No number was used for two orders."""
    names = defaultdict[str, set[str]](set)
    for message in there.gateway.log.of(PLACE):
        names[message["orderId"]].add(message["orderRef"])
    assert [number for number, used in names.items() if len(used) > 1] == []


def require_equal_books(there: Trading) -> None:
    """Cash and positions by the ledger are the broker's, to the cent."""
    ours = booked_portfolio(there.desk.ledger, PAPER_ACCOUNT)
    theirs = there.gateway.brokerage.portfolio()
    assert ours.cash == theirs.cash
    held = {symbol: one.quantity for symbol, one in ours.positions.items()}
    assert held == {symbol: one.quantity for symbol, one in theirs.positions.items()}
