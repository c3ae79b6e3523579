"""A split and a dividend between two sessions: the ledger follows the exchange to the cent."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from working_orders import ACCOUNT, CASH, SESSION, START, at, family, order, plan_orders

from orderworks.brokers.adapter import BrokerOrder
from orderworks.brokers.simulated.adapter import SimulatedBroker
from orderworks.brokers.simulated.terms import Terms
from orderworks.desk import corporate_actions as booking_of_actions
from orderworks.desk.corporate_actions import changed_terms
from orderworks.desk.desk import Desk, open_desk
from orderworks.desk.making_room import make_room
from orderworks.desk.reconciliation import reconcile
from orderworks.desk.releasing import Agenda, Due, due_now
from orderworks.desk.reports import follow
from orderworks.desk.submission import send
from orderworks.ledger.accounts import booked_portfolio
from orderworks.ledger.corporate_actions import OrderTerms
from orderworks.ledger.movements import add_orders
from orderworks.ledger.orders import open_orders
from orderworks.market.calendar import require_session
from orderworks.market.replay import ReplayMarket
from orderworks.market.synthetic import write_session
from orderworks.market.universe import Listing
from orderworks.model.clock import ReplayClock
from orderworks.model.corporate_action import ActionKind, AppliedAction
from orderworks.model.state import OrderState
from orderworks.settings import load_settings

NEXT = date(2025, 11, 21)
PRICES = {SESSION: 100.0, NEXT: 62.0}


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sessions of AAPL; the second opens after a dividend of 0.40 and a split of 3 for 2."""
    made, first = (tmp_path_factory.mktemp(name) for name in ("market", "first"))
    for place, day in ((first, SESSION), (made, NEXT)):
        listings = {"AAPL": Listing(PRICES[day], 50_000_000, 0.015, 1)}
        write_session(place, require_session(day), listings, seed=1, earlier_sessions=1)
    # The second was written with bars of its own for the first.
    copytree(first / f"{SESSION}", made / f"{SESSION}", dirs_exist_ok=True)
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
        await send(desk, orders, due_now(orders, desk.clock.now(), {}).due, desk.clock.now())
        await follow(desk, at(120))
        assert booked_portfolio(desk.ledger, ACCOUNT).positions["AAPL"].quantity == 61
        assert (await reconcile(desk, None)).is_clean


async def rest_100(url: str, directory: Path) -> None:
    """The first session: a limit to buy 100 AAPL at 95.40 rests."""
    async with desk_on(SESSION, url, directory) as desk:
        await reconcile(desk, None)
        resting = order(
            "q", 100, algo="none", tif="gtc", route_rule="SIGNAL", limit_price=Decimal("95.40")
        )
        plan_orders(desk.ledger, resting)
        orders = open_orders(desk.ledger, ACCOUNT)
        await send(desk, orders, due_now(orders, desk.clock.now(), {}).due, desk.clock.now())
        await follow(desk, desk.session.close)
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


def shown(name: str, quantity: int, limit: str | None, **changes: Any) -> BrokerOrder:
    price = None if limit is None else Decimal(limit)
    order = BrokerOrder(
        "7", name, "AAPL", "buy", quantity, 0, OrderState.SUBMITTED, None, at(1), price
    )
    return order._replace(**changes)


def split(ratio: str, symbol: str = "AAPL") -> AppliedAction:
    return AppliedAction(
        "s", NEXT, symbol, ActionKind.SPLIT, Fraction(ratio), None, 0, Decimal(0), at(0)
    )


def dividend(amount: str) -> AppliedAction:
    return AppliedAction(
        "d", NEXT, "AAPL", ActionKind.DIVIDEND, None, Decimal(amount), 0, Decimal(0), at(0)
    )


def test_a_resting_order_that_an_action_changed_gets_the_brokers_terms() -> None:
    ours = replace(order("p-0", 60), limit_price=Decimal("100.00"), state=OrderState.SUBMITTED)
    orders = {"p-0": ours}
    theirs = shown("p-0", 120, "50.00")
    assert changed_terms([theirs], orders, [split("2")]) == [
        OrderTerms("p-0", 120, Decimal("50.00"))
    ]
    for same in (
        shown("p-0", 60, "100.0"),
        theirs._replace(state=OrderState.REJECTED),
        theirs._replace(client_order_id="another"),
    ):
        assert changed_terms([same], orders, [split("2")]) == []
    assert changed_terms([theirs], orders, [split("2", symbol="MSFT")]) == []
    ours.state = OrderState.CANCELLED
    assert changed_terms([theirs], orders, [split("2")]) == []


def test_a_stop_follows_the_brokers_and_the_trigger_of_a_trailing_stop_does_not() -> None:
    stop = order(
        "x", 60, side="sell", order_type="stop", limit_price=None, stop_price=Decimal("90.00"),
        algo="none", attached_to="p-0", state=OrderState.SUBMITTED,
    )  # fmt: skip
    lower = shown("x", 60, None, stop_price=Decimal("89.75"))
    assert changed_terms([lower], {"x": stop}, [dividend("0.25")]) == [
        OrderTerms("x", 60, stop_price=Decimal("89.75"))
    ]
    trails = replace(stop, order_type="trailing_stop", stop_price=None, trail_amount=Decimal(3))
    moved = lower._replace(trail_amount=Decimal(3))
    assert changed_terms([moved], {"x": trails}, [dividend("0.25")]) == []
    halved = moved._replace(quantity=120, trail_amount=Decimal("1.5"))
    assert changed_terms([halved], {"x": trails}, [split("2")]) == [
        OrderTerms("x", 120, trail_amount=Decimal("1.5"))
    ]


def test_an_entry_says_in_todays_shares_where_its_exits_are_to_be() -> None:
    parent = order(
        "p", 60, stop_loss_price=Decimal("95.01"), take_profit_price=Decimal("110.01"),
        state=OrderState.SUBMITTED,
    )  # fmt: skip
    (terms,) = changed_terms([], {"p": parent}, [dividend("0.25"), split("2")])
    assert (terms.quantity, terms.stop_loss_price, terms.take_profit_price) == (
        60,
        Decimal("47.38"),
        Decimal("55.01"),
    )


def test_a_worked_parent_grows_with_its_slices() -> None:
    parent, *slices = family("p", 60, 40, limit_price=Decimal("100.00"))
    orders = {one.client_order_id: one for one in (parent, *slices)}
    changed = changed_terms(
        [shown("p-0", 120, "50.00"), shown("p-1", 80, "50.00")], orders, [split("2")]
    )
    assert {one.client_order_id: one.quantity for one in changed} == {
        "p-0": 120,
        "p-1": 80,
        "p": 200,
    }


async def test_an_exit_goes_through_with_its_position_and_gives_way_in_todays_shares(
    ledger_url: str, directory: Path
) -> None:
    """61 bought, protected at 90: 91 at 59.73. Where 30 of them are to be sold, 61 stay protected."""
    async with desk_on(SESSION, ledger_url, directory) as desk:
        await reconcile(desk, None)
        entry = order(
            "q", 61, algo="none", order_type="market", limit_price=None, route_rule="URGENT"
        )
        stop = replace(
            entry, client_order_id="q.stop", side="sell", order_type="stop", tif="gtc",
            stop_price=Decimal("90.00"), attached_to="q", route_rule="STOP_LOSS",
        )  # fmt: skip
        plan_orders(desk.ledger, entry)
        add_orders(desk.ledger, desk.held_lease, [stop])
        orders = open_orders(desk.ledger, ACCOUNT)
        await send(desk, orders, due_now(orders, desk.clock.now(), {}).due, desk.clock.now())
        await follow(desk, desk.session.close)
        assert (await reconcile(desk, None)).is_clean
    async with later(ledger_url, directory) as desk:
        assert (await reconcile(desk, None)).is_clean
        orders = open_orders(desk.ledger, ACCOUNT)
        protects = orders["q.stop"]
        assert (protects.quantity, protects.stop_price) == (91, Decimal("59.73"))
        sells = replace(
            entry, client_order_id="r", side="sell", quantity=30, reduce_only=True,
            due_at=desk.clock.now(), ends_at=desk.session.close, state=OrderState.NEW,
        )  # fmt: skip
        agenda = await make_room(desk, orders | {"r": sells}, Agenda([Due(sells, 30)], []))
        assert [one.quantity for one in agenda.due] == [30]
        assert open_orders(desk.ledger, ACCOUNT)["q.stop"].quantity == 61
        assert (await reconcile(desk, None)).is_clean


async def test_a_resting_order_is_carried_over_and_fills_in_its_new_terms(
    ledger_url: str, directory: Path
) -> None:
    """100 at 95.40 less 0.40, split 3 for 2: 150 at 63.33, where the second session trades."""
    await rest_100(ledger_url, directory)
    async with later(ledger_url, directory) as desk:
        result = await reconcile(desk, None)
        assert (result.is_clean, result.healed) == (True, 3)
        ours = open_orders(desk.ledger, ACCOUNT)["q"]
        assert (ours.quantity, ours.limit_price) == (150, Decimal("63.33"))
        await follow(desk, desk.session.close)
        assert booked_portfolio(desk.ledger, ACCOUNT).positions["AAPL"].quantity == 150
        again = await reconcile(desk, None)
        assert (again.is_clean, again.healed) == (True, 0)


async def test_an_order_that_filled_in_its_new_terms_before_anybody_looked_is_booked(
    ledger_url: str, directory: Path
) -> None:
    await rest_100(ledger_url, directory)
    async with later(ledger_url, directory) as desk:
        assert [batch async for batch in desk.broker.events(desk.session.close)]
        assert (await reconcile(desk, None)).is_clean
        assert booked_portfolio(desk.ledger, ACCOUNT).positions["AAPL"].quantity == 150
        assert open_orders(desk.ledger, ACCOUNT) == {}


async def test_fills_that_nobody_heard_of_before_a_split_are_booked_after_it(
    ledger_url: str, directory: Path
) -> None:
    """An order fills in part, the process dies, and the next session opens with other terms."""
    async with desk_on(SESSION, ledger_url, directory) as desk:
        await reconcile(desk, None)
        resting = order("q", 9_000, algo="none", tif="gtc", route_rule="SIGNAL")
        plan_orders(desk.ledger, replace(resting, limit_price=Decimal("105.40")))
        orders = open_orders(desk.ledger, ACCOUNT)
        await send(desk, orders, due_now(orders, desk.clock.now(), {}).due, desk.clock.now())
        unheard = [batch async for batch in desk.broker.events(at(5))]
        assert unheard
    async with later(ledger_url, directory) as desk:
        assert (await reconcile(desk, None)).is_clean
        ours = open_orders(desk.ledger, ACCOUNT)["q"]
        assert 0 < ours.filled_quantity < 9_000
        assert ours.quantity == ours.filled_quantity + int(
            (9_000 - ours.filled_quantity) * Fraction(3, 2)
        )
        assert ours.limit_price == Decimal("70.00")


async def test_a_process_that_dies_while_it_books_books_all_of_it_later(
    ledger_url: str, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await buy_61(ledger_url, directory)
    async with later(ledger_url, directory) as desk:
        before = booked_portfolio(desk.ledger, ACCOUNT)
        with monkeypatch.context() as patched:
            patched.setattr(booking_of_actions, "changed_terms", _die)
            with pytest.raises(RuntimeError, match="died"):
                await reconcile(desk, None)
        assert booked_portfolio(desk.ledger, ACCOUNT) == before
        assert (await reconcile(desk, None)).is_clean
        assert booked_portfolio(desk.ledger, ACCOUNT).positions["AAPL"].quantity == 91


def _die(*_: object) -> None:
    raise RuntimeError("died")
