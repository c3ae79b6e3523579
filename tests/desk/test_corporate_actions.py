"""A split and a dividend between two sessions: the ledger follows the exchange to the cent."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from working_orders import ACCOUNT, CASH, SESSION, START, at, family, order, plan_orders

from orderworks.brokers.adapter import BrokerOrder, Report, ReportKind, Snapshot
from orderworks.brokers.simulated.adapter import SimulatedBroker
from orderworks.brokers.simulated.exchange import Terms
from orderworks.desk.corporate_actions import changed_terms
from orderworks.desk.desk import Desk, open_desk
from orderworks.desk.reconciliation import reconcile
from orderworks.desk.releasing import due_now
from orderworks.desk.reports import follow
from orderworks.desk.submission import send
from orderworks.ledger.accounts import booked_portfolio
from orderworks.ledger.orders import open_orders
from orderworks.market.calendar import require_session
from orderworks.market.replay import ReplayMarket
from orderworks.market.synthetic import write_session
from orderworks.market.universe import Listing
from orderworks.model.clock import ReplayClock
from orderworks.model.corporate_action import ActionKind, AppliedAction
from orderworks.model.order import Replacement
from orderworks.model.portfolio import Portfolio
from orderworks.model.state import OrderState
from orderworks.settings import load_settings

NEXT = date(2025, 11, 21)
LISTINGS = {"AAPL": Listing(100.0, 50_000_000, 0.015, 1)}


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sessions of AAPL; the second opens after a dividend of 0.40 and a split of 3 for 2."""
    made: Path = tmp_path_factory.mktemp("market")
    for day in (SESSION, NEXT):
        write_session(made, require_session(day), LISTINGS, seed=1, earlier_sessions=1)
    (made / "corporate_actions.csv").write_text(
        f"date,symbol,kind,value\n{NEXT},AAPL,dividend,0.40\n{NEXT},AAPL,split,3/2\n"
    )
    return made


@asynccontextmanager
async def desk_on(day: date, url: str, directory: Path) -> AsyncIterator[Desk]:
    """The account's desk in a session, with the account taken over."""
    session, market = require_session(day), ReplayMarket(directory, day)
    clock = ReplayClock(START if day == SESSION else session.open)
    terms = Terms(ACCOUNT, CASH, 0.1, "fixed", allow_short=False)
    broker = SimulatedBroker(url, market, session, terms, clock)
    async with open_desk(load_settings(), url, session, market, broker, clock) as desk:
        assert await desk.take_over()
        yield desk


def later(url: str, directory: Path) -> AbstractAsyncContextManager[Desk]:
    return desk_on(NEXT, url, directory)


async def buy_61(url: str, directory: Path) -> None:
    """The first session: opening balances booked, 61 AAPL bought and booked."""
    async with desk_on(SESSION, url, directory) as desk:
        await reconcile(desk, None)
        market_order = {"order_type": "market", "limit_price": None}
        plan_orders(desk.ledger, *family("p", 61, **market_order))
        orders = open_orders(desk.ledger, ACCOUNT)
        await send(desk, orders, due_now(orders, desk.clock.now()).due, desk.clock.now())
        await follow(desk, at(120))
        assert booked_portfolio(desk.ledger, ACCOUNT).positions["AAPL"].quantity == 61
        assert (await reconcile(desk, None)).is_clean


async def test_the_books_equal_the_exchanges_to_the_cent(ledger_url: str, directory: Path) -> None:
    await buy_61(ledger_url, directory)
    async with later(ledger_url, directory) as desk:
        before = booked_portfolio(desk.ledger, ACCOUNT)
        result = await reconcile(desk, None)
        assert (result.is_clean, result.healed) == (True, 2)
        after = booked_portfolio(desk.ledger, ACCOUNT)
        theirs = await desk.broker.get_portfolio()
        assert after.cash == theirs.cash
        assert after.positions["AAPL"].quantity == theirs.positions["AAPL"].quantity == 91
        close = Decimal(str(desk.market.daily_before(NEXT)["close"].iloc[-1]))
        fraction = (close / 3).quantize(Decimal("0.01"))
        assert after.cash - before.cash == 61 * Decimal("0.40") + fraction

        again = await reconcile(desk, None)
        assert (again.is_clean, again.healed) == (True, 0)
        assert booked_portfolio(desk.ledger, ACCOUNT) == after


async def test_actions_in_the_opening_balances_are_not_booked_twice(
    ledger_url: str, directory: Path
) -> None:
    """The ledger is lost and begins anew, in the session that the actions came in force."""
    await buy_61(ledger_url, directory)
    async with later(ledger_url, directory) as desk:
        theirs = await desk.broker.get_portfolio()
        desk.ledger.execute("TRUNCATE cash, positions, snapshots")
        await reconcile(desk, None)
        assert booked_portfolio(desk.ledger, ACCOUNT).cash == theirs.cash
        assert (await reconcile(desk, None)).breaks == ()


def snapshot(*orders: BrokerOrder) -> Snapshot:
    split = AppliedAction(
        "s", NEXT, "AAPL", ActionKind.SPLIT, Fraction(2), None, 0, Decimal(0), at(1)
    )
    return Snapshot(at(2), Portfolio(ACCOUNT, CASH, {}), orders, (), (split,))


def test_a_resting_order_that_an_action_changed_is_reported_as_replaced() -> None:
    ours = replace(order("p-0", 60), limit_price=Decimal("100.00"), state=OrderState.SUBMITTED)
    theirs = BrokerOrder(
        "7", "p-0", "AAPL", "buy", 120, 0, OrderState.SUBMITTED, None, at(1), Decimal("50.00")
    )
    assert changed_terms(snapshot(theirs), {"p-0": ours}) == [
        Report(
            ReportKind.REPLACED,
            "p-0",
            at(1),
            "7",
            "a corporate action",
            terms=Replacement("p-0", 120, Decimal("50.00")),
        )
    ]
    for same in (
        replace(theirs, quantity=60, limit_price=Decimal("100.00")),
        replace(theirs, symbol="MSFT"),
        replace(theirs, state=OrderState.CANCELLED),
        replace(theirs, client_order_id="another"),
    ):
        assert changed_terms(snapshot(same), {"p-0": ours}) == []
