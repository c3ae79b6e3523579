"""New terms for what rests: asked once the ledger has them, and known again after a crash."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

import pytest
from unreliable_broker import require_equal_books, send_due
from working_orders import ACCOUNT, SESSION, at, order, plan_orders

from orderworks.brokers.adapter import Report
from orderworks.desk.desk import Desk
from orderworks.desk.reconciliation import reconcile
from orderworks.desk.reports import follow
from orderworks.desk.revising import CROSSES, FOLLOWS, reprice, revise
from orderworks.ledger.connection import open_ledger
from orderworks.ledger.controls import throw_kill_switch
from orderworks.ledger.movements import Revision
from orderworks.ledger.orders import OrderMap, open_orders, orders_by_id
from orderworks.model.errors import BrokerError, KillSwitchThrown
from orderworks.model.order import Replacement
from orderworks.model.state import OrderState
from orderworks.quality.watching import watch_session

FAR = Decimal("90.00")
"""Too far from the market to trade."""


async def resting(desk: Desk, **changes: object) -> OrderMap:
    """An order that rests far below the market, and all others that are open."""
    plain = order("q", 10, **{"algo": "none", "limit_price": FAR, "route_rule": "SIGNAL"} | changes)
    plan_orders(desk.ledger, plain, run_key="one that rests")
    await send_due(desk)
    found = open_orders(desk.ledger, ACCOUNT)
    assert found["q"].state is OrderState.SUBMITTED
    return found


def to(limit: str, quantity: int = 10, revision: int = 1) -> Revision:
    return Revision(Replacement("q", quantity, Decimal(limit)), revision, "a test")


def asked(desk: Desk) -> list[tuple[str, Decimal]]:
    return [
        (row["reason"], row["limit_price"])
        for row in desk.ledger.execute(
            "SELECT reason, limit_price FROM revision_attempts ORDER BY id"
        )
    ]


async def test_what_the_broker_confirms_is_what_the_order_is(desk: Desk) -> None:
    orders = await resting(desk)
    await revise(desk, orders, [to("91.00", 7)])
    for known in (orders["q"], orders_by_id(desk.ledger, ["q"])["q"]):
        assert (known.quantity, known.limit_price, known.revision) == (7, Decimal("91.00"), 1)
    assert (await reconcile(desk, None)).is_clean
    await require_equal_books(desk)


@pytest.mark.parametrize("arrived", [True, False])
async def test_an_answer_that_was_lost_is_found_in_a_snapshot(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, arrived: bool
) -> None:
    orders = await resting(desk)
    replace_orders = desk.broker.replace_orders

    async def lost(replacements: Sequence[Replacement]) -> list[Report]:
        if arrived:
            await replace_orders(replacements)
        raise BrokerError("the line went down")

    monkeypatch.setattr(desk.broker, "replace_orders", lost)
    with pytest.raises(BrokerError):
        await revise(desk, orders, [to("91.00")])
    assert orders_by_id(desk.ledger, ["q"])["q"].limit_price == FAR
    assert (await reconcile(desk, None)).is_clean
    known = orders_by_id(desk.ledger, ["q"])["q"]
    expected = (Decimal("91.00"), 1) if arrived else (FAR, 0)
    assert (known.limit_price, known.revision) == expected
    assert (await reconcile(desk, None)).healed == 0


async def test_terms_that_nobody_asked_for_are_a_break(desk: Desk) -> None:
    await resting(desk)
    await desk.broker.replace_orders([to("91.00").terms])
    (found,) = (await reconcile(desk, None)).breaks
    assert (found.kind, found.subject) == ("price", "q")
    assert (found.ours, found.theirs) == ("limit 90.00", "limit 91.00")


async def test_nothing_is_asked_for_once_the_switch_is_thrown(desk: Desk) -> None:
    orders = await resting(desk)
    with open_ledger(desk.url) as other:
        throw_kill_switch(other, ACCOUNT, "the feed is wrong")
    with pytest.raises(KillSwitchThrown):
        await revise(desk, orders, [to("91.00")])
    assert asked(desk) == []
    assert (await reconcile(desk, None)).is_clean


async def test_a_rest_that_crosses_does_so_once_and_within_the_collar(desk: Desk) -> None:
    orders = await resting(desk, cross_at=at(5))
    passive = orders["q"]
    passive.route_rule = "ALGO_PASSIVE"
    assert await reprice(desk, orders) == 0
    await desk.clock.sleep_until(at(5))
    assert await reprice(desk, orders) == 1
    ((reason, limit),) = asked(desk)
    quote = desk.market.quotes_at(desk.clock.now(), ["AAPL"]).iloc[0]
    collar = Decimal(str(quote["ask"])) * (
        1 + Decimal(str(desk.settings.execution.max_slippage_pct)) / 100
    )
    assert reason == CROSSES
    assert Decimal(str(quote["ask"])) <= limit <= collar
    assert await reprice(desk, orders) == 0


async def test_what_follows_the_touch_moves_with_it(desk: Desk) -> None:
    orders = await resting(desk, remainder="reprice")
    orders["q"].route_rule = "SMALL"
    assert await reprice(desk, orders) == 1
    ((reason, limit),) = asked(desk)
    quote = desk.market.quotes_at(desk.clock.now(), ["AAPL"]).iloc[0]
    assert (reason, limit) == (FOLLOWS, Decimal(str(quote["bid"])))
    assert await reprice(desk, orders) == 0


async def test_what_was_bought_before_the_price_was_moved_broke_no_limit(desk: Desk) -> None:
    """It buys at the ask, and what is left follows the bid."""
    ask = Decimal(str(desk.market.quotes_at(desk.clock.now(), ["AAPL"]).iloc[0]["ask"]))
    large = order(
        "q", 9_000, algo="none", limit_price=ask, route_rule="MEDIUM", remainder="reprice"
    )
    plan_orders(desk.ledger, large, run_key="one that follows")
    await send_due(desk)
    await follow(desk, at(6))
    orders = open_orders(desk.ledger, ACCOUNT)
    bought_at = {row["price"] for row in desk.ledger.execute("SELECT price FROM executions")}
    await reprice(desk, orders)
    assert orders["q"].limit_price is not None
    assert orders["q"].limit_price < max(bought_at)
    now = desk.clock.now()
    told = watch_session(desk.ledger, ACCOUNT, SESSION, desk.settings.quality, now)
    assert [alert.kind for alert in told if alert.kind == "limit_breach"] == []


@pytest.mark.parametrize("route_rule", ["SIGNAL", "STOP_LOSS", "TAKE_PROFIT"])
async def test_a_price_of_the_traders_own_is_left(desk: Desk, route_rule: str) -> None:
    orders = await resting(desk, remainder="reprice", cross_at=at(1))
    orders["q"].route_rule = route_rule
    await desk.clock.sleep_until(at(1) + timedelta(seconds=1))
    assert await reprice(desk, orders) == 0
    assert asked(desk) == []
