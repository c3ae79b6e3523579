"""What is transferred to the account or from it is no gain, no loss and no drawdown."""

from decimal import Decimal

import pytest
from unreliable_broker import line
from working_orders import ACCOUNT, at, fill, happened, order, plan_orders, send

from orderworks.desk.deciding import resolve
from orderworks.desk.desk import Desk
from orderworks.desk.reconciliation import reconcile
from orderworks.desk.valuation import risk_context, snapshot_equity, value_account
from orderworks.ledger.movements import book
from orderworks.ledger.reconciliations import unresolved_breaks
from orderworks.model.errors import InputError
from orderworks.model.order import Order, OrderType, Side
from orderworks.model.state import OrderEvent, OrderState
from orderworks.planning.risk.context import RiskContext


def seen(desk: Desk) -> RiskContext:
    return risk_context(desk, frozenset())


async def take_the_brokers_side(desk: Desk, *, is_transfer: bool = True) -> None:
    await reconcile(desk, None)
    for difference in unresolved_breaks(desk.ledger, ACCOUNT):
        await resolve(desk, difference.id, "from elsewhere", is_transfer=is_transfer)


def lose(desk: Desk) -> None:
    """Buys at more than the market gives."""
    one = order("dear", 100, algo="none")
    plan_orders(desk.ledger, one, run_key="dear")
    send(desk.ledger, desk.held_lease, one)
    events = happened("dear", OrderEvent.ACKNOWLEDGE, OrderEvent.COMPLETE, start=OrderState.PENDING)
    done = fill("xdear", "dear", 100, price=Decimal(900), ts=at(1))
    book(desk.ledger, desk.held_lease, events, [done])


@pytest.mark.parametrize("money", [Decimal("25000.5"), Decimal(-40_000)])
async def test_money_that_comes_or_goes_is_no_gain_and_no_loss(desk: Desk, money: Decimal) -> None:
    before = snapshot_equity(desk, "start").equity
    line(desk).deposited = money
    await take_the_brokers_side(desk)
    context = seen(desk)
    assert context.equity == pytest.approx(before + float(money))
    assert context.day_pnl == pytest.approx(0)
    assert context.peak_equity == pytest.approx(context.equity)


@pytest.mark.parametrize("shares", [70, -70])
async def test_shares_count_at_what_they_were_worth_when_they_came(desk: Desk, shares: int) -> None:
    before = snapshot_equity(desk, "start").equity
    line(desk).by_hand = shares
    await take_the_brokers_side(desk)
    worth = shares * value_account(desk).marks["AAPL"]
    assert worth != 0
    context = seen(desk)
    assert context.equity == pytest.approx(before + worth)
    assert context.day_pnl == pytest.approx(0)
    assert context.peak_equity == pytest.approx(context.equity)


async def test_a_loss_stays_a_loss_whatever_is_paid_in(desk: Desk) -> None:
    snapshot_equity(desk, "start")
    lose(desk)
    before = seen(desk)
    assert before.day_pnl < -10_000
    # The broker has the execution as well, and the deposit beside it.
    line(desk).by_hand, line(desk).deposited = 100, Decimal(-90_001) + 1_000_000
    await take_the_brokers_side(desk)
    after = seen(desk)
    assert after.day_pnl == pytest.approx(before.day_pnl)
    assert after.peak_equity - after.equity == pytest.approx(before.peak_equity - before.equity)


async def test_only_what_came_after_a_valuation_is_counted_on_top_of_it(desk: Desk) -> None:
    """A peak from before a withdrawal is as much lower; one from after it stands."""
    before = snapshot_equity(desk, "close").equity
    line(desk).deposited = Decimal(-30_000)
    await take_the_brokers_side(desk)
    assert seen(desk).peak_equity == pytest.approx(before - 30_000)
    snapshot_equity(desk, "close")
    line(desk).deposited += Decimal(5_000)
    await take_the_brokers_side(desk)
    assert seen(desk).peak_equity == pytest.approx(before - 25_000)


async def test_what_is_no_transfer_is_a_gain_or_a_loss(desk: Desk) -> None:
    """A fee, interest, a dividend."""
    before = snapshot_equity(desk, "start").equity
    line(desk).deposited = Decimal("-12.5")
    await take_the_brokers_side(desk, is_transfer=False)
    assert seen(desk).day_pnl == pytest.approx(-12.5)
    assert seen(desk).peak_equity == pytest.approx(before)


async def test_only_money_and_shares_are_transferred(desk: Desk) -> None:
    by_hand = Order("by-hand", ACCOUNT, "AAPL", Side.BUY, 7, OrderType.LIMIT, Decimal("90"))
    await desk.broker.submit_orders([by_hand])
    await reconcile(desk, None)
    (difference,) = unresolved_breaks(desk.ledger, ACCOUNT)
    with pytest.raises(InputError, match=r"of kind foreign_order.*without --transfer"):
        await resolve(desk, difference.id, "it is mine", is_transfer=True)
    assert unresolved_breaks(desk.ledger, ACCOUNT) == [difference]
