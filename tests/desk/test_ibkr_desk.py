"""A desk at Interactive Brokers: waves, doubt and reconciliation, from the ledger to the wire and back."""

from decimal import Decimal

from gateway.answers import Answer
from gateway.faults import CutAfter, CutBefore, Faults, Late, Lose, Silence, Twice
from gateway.requests import Request
from ibkr_desk import exit_of, persisted, planned, states, wave, working

from orderworks.desk.desk import Desk
from orderworks.desk.reconciliation import reconcile
from orderworks.desk.reports import cancel
from orderworks.ledger.movements import add_orders
from orderworks.ledger.orders import OrderRecord, orders_by_id
from orderworks.market.replay import ReplayMarket
from orderworks.model.errors import BrokerError


async def test_a_wave_is_sent_filled_and_reconciled(
    ledger_url: str, recorded: ReplayMarket
) -> None:
    orders = planned("a", 100, "100.01"), planned("b", 100, "90")
    async with working(ledger_url, recorded, *orders) as (desk, gateway):
        await wave(desk)
        await gateway.advance(3)
        await wave(desk)
        assert states(desk, "a", "b") == [("FILLED", 100), ("SUBMITTED", 0)]
        found = await reconcile(desk, None)
        assert found.is_clean, found.breaks
        assert gateway.brokerage.book.by_ref() == {"ow-a": 1, "ow-b": 1}


async def test_a_bracket_whose_target_fills_leaves_clean_books(
    ledger_url: str, recorded: ReplayMarket
) -> None:
    orders = (
        planned("e", 100, "100.01"),
        exit_of(
            *("s", "e", 100, "STOP_LOSS"),
            order_type="stop",
            limit_price=None,
            stop_price=Decimal("98"),
        ),
        exit_of("t", "e", 100, "TAKE_PROFIT", limit_price=Decimal("101.50")),
    )
    async with working(ledger_url, recorded, *orders) as (desk, gateway):
        await wave(desk)
        await gateway.advance(10)
        await wave(desk)
        assert states(desk, "e", "s", "t") == [("FILLED", 100), ("SUBMITTED", 0), ("SUBMITTED", 0)]
        assert (await reconcile(desk, None)).is_clean
        await gateway.advance(40)
        await wave(desk)
        assert states(desk, "s", "t") == [("CANCELLED", 0), ("FILLED", 100)]
        found = await reconcile(desk, None)
        assert found.is_clean, found.breaks


async def test_a_bracket_that_arrives_in_part_is_never_live_in_part(
    ledger_url: str, recorded: ReplayMarket
) -> None:
    target = exit_of("t", "e", 100, "TAKE_PROFIT", limit_price=Decimal("101.50"))
    orders = planned("e", 100, "99.01"), target
    async with working(ledger_url, recorded, *orders) as (desk, gateway):
        gateway.faults.script[Request.PLACE_ORDER, 2] = Lose()
        await wave(desk)
        assert states(desk, "e", "t") == [("SUBMITTED", 0), ("SUBMITTED", 0)]
        assert gateway.brokerage.book.by_ref() == {"ow-e": 1, "ow-t": 1}
        assert (await reconcile(desk, None)).is_clean


async def test_an_exit_that_goes_out_late_belongs_to_its_entry(
    ledger_url: str, recorded: ReplayMarket
) -> None:
    async with working(ledger_url, recorded, planned("e", 900, "100.01")) as (desk, gateway):
        await wave(desk)
        [run_id] = {one.run_id for one in orders_by_id(desk.ledger, ["ow-e"]).values()}
        resting = exit_of("t", "e", 900, "TAKE_PROFIT", limit_price=Decimal("103"), run_id=run_id)
        add_orders(desk.ledger, desk.held_lease, [resting])
        await wave(desk)
        sent = {m["orderRef"]: m for m in gateway.log.of(Request.PLACE_ORDER)}
        assert sent["ow-t"]["parentId"] == sent["ow-e"]["orderId"]
        # Once the entry has ended, it stands alone and is no larger than what there is to protect.
        await gateway.advance(2)
        await cancel(desk, ["ow-e"])
        [(state, filled)] = states(desk, "e")
        assert state == "CANCELLED"
        assert 0 < filled < 900
        stop = exit_of(
            *("s", "e", 900, "STOP_LOSS"),
            order_type="stop",
            limit_price=None,
            stop_price=Decimal("98"),
            run_id=run_id,
        )
        add_orders(desk.ledger, desk.held_lease, [stop])
        await wave(desk)
        late = orders_by_id(desk.ledger, ["ow-s"])["ow-s"]
        assert (late.state.value, late.quantity) == ("SUBMITTED", filled)
        assert {m["orderRef"]: m for m in gateway.log.of(Request.PLACE_ORDER)}["ow-s"][
            "parentId"
        ] == "0"


def orders_of(desk: Desk) -> dict[str, OrderRecord]:
    return orders_by_id(desk.ledger, [f"ow-{i}" for i in range(6)])


async def test_under_any_faults_each_order_is_one_and_the_books_are_the_brokers(
    ledger_url: str, recorded: ReplayMarket
) -> None:
    faults = Faults(
        rates={
            Request.PLACE_ORDER: {Lose(): 0.15, CutBefore(): 0.1, CutAfter(): 0.1, Silence(): 0.1},
            Answer.OPEN_ORDER: {Lose(): 0.1, Twice(): 0.2},
            Answer.ORDER_STATUS: {Lose(): 0.1, Twice(): 0.1, Late(2): 0.1},
            Answer.EXECUTION: {Lose(): 0.1, Twice(): 0.1, Late(2): 0.1},
            Answer.COMMISSION: {Lose(): 0.2, Late(3): 0.1},
        },
        seed=3,
    )
    prices = ("100.01", "99.01", "90", "100.01", "99.50", "101")
    orders = [planned(f"{i}", 60, price) for i, price in enumerate(prices)]
    async with working(ledger_url, recorded, *orders, faults=faults) as (desk, gateway):
        for _ in range(4):
            try:
                await wave(desk, 0.1)
            except BrokerError:
                await persisted(desk)
            await gateway.advance(2)
        gateway.faults = Faults()
        await gateway.advance(20)
        # What was a break while messages were lost locks until the books are looked at again, twice.
        for _ in range(2):
            await persisted(desk)
            await wave(desk, 0.5)
        found = await persisted(desk)
        held = [name for name, one in orders_of(desk).items() if one.held]
        assert {b.subject for b in found.breaks} <= set(held), found.breaks
        by_ref = gateway.brokerage.book.by_ref()
        assert all(count == 1 for count in by_ref.values())
        # One that is held locks its symbol: then the others may not have been sent.
        assert held or by_ref.keys() == {one.client_order_id for one in orders}
