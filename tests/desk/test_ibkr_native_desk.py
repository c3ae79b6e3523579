"""A parent that IBKR's own algorithm works, as the desk has it: one order there, and what is left of it."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from gateway.faults import Lose, Refuse, Silence
from gateway.gateway import Gateway
from gateway.requests import Request
from gateway.small_session import SESSION, market, write_market
from ibkr_desk import planned, states, wave, working

from orderworks.desk.ending import cancel_everything
from orderworks.desk.reconciliation import reconcile
from orderworks.ledger.controls import throw_kill_switch
from orderworks.ledger.orders import OrderRecord, open_orders
from orderworks.market.replay import ReplayMarket
from orderworks.model.order import Remainder

END = SESSION.open + timedelta(seconds=16)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> ReplayMarket:
    directory: Path = write_market(tmp_path_factory.mktemp("market"))
    return market(directory)


def twap(quantity: int, remainder: Remainder, **changes: Any) -> tuple[OrderRecord, OrderRecord]:
    """A parent, and its one slice: the whole of it."""
    common = {"algo": "ibkr_twap", "native": {}, "route_rule": "NATIVE", "ends_at": END}
    common |= {"remainder": remainder.value} | changes
    parent = planned("p", quantity, "100.10", **common)
    return parent, planned("c", quantity, "100.10", parent_id="ow-p", **common)


def sent(gateway: Gateway) -> list[tuple[str, str]]:
    """What was placed: the names of ours, and the algorithm."""
    placed = gateway.log.of(Request.PLACE_ORDER)
    return [(one["orderRef"], one["algoStrategy"]) for one in placed]


async def test_what_is_left_is_swept_by_a_plain_order(
    ledger_url: str, recorded: ReplayMarket
) -> None:
    async with working(ledger_url, recorded, *twap(5_000, Remainder.SWEEP)) as (desk, gateway):
        await wave(desk)
        assert sent(gateway) == [("ow-c", "Twap")]
        await gateway.advance(5)
        await wave(desk)
        [(_, filled)] = states(desk, "c")
        assert 0 < filled < 5_000
        # Ten seconds before its end, by the settings.
        await gateway.advance(3)
        await wave(desk)
        [first, (name, algorithm)] = sent(gateway)
        assert first == ("ow-c", "Twap")
        assert algorithm == ""
        [(state, filled)] = states(desk, "c")
        assert state == "CANCELLED"
        open_now = open_orders(desk.ledger, desk.account)
        assert open_now[name].quantity == 5_000 - filled
        assert open_now[name].native is None
        assert (await reconcile(desk, None)).is_clean


@pytest.mark.parametrize(("remainder", "ends"), [("cancel", "CANCELLED"), ("keep", None)])
async def test_it_ends_with_its_time_or_outlasts_it(
    ledger_url: str, recorded: ReplayMarket, remainder: str, ends: str | None
) -> None:
    orders = twap(9_000, Remainder(remainder))
    async with working(ledger_url, recorded, *orders) as (desk, gateway):
        await wave(desk)
        await gateway.advance(17)
        await wave(desk)
        await wave(desk)
        (parent, filled), (child, _) = states(desk, "p", "c")
        assert (parent, child) == ((ends,) * 2 if ends else ("PARTIALLY_FILLED",) * 2)
        assert 0 < filled < 9_000
        assert sent(gateway) == [("ow-c", "Twap")]
        assert (await reconcile(desk, None)).is_clean


async def test_what_the_broker_refuses_is_not_swept(
    ledger_url: str, recorded: ReplayMarket
) -> None:
    wrong = twap(100, Remainder.SWEEP, algo="ibkr_vwap", native={"max_volume_pct": "50"})
    async with working(ledger_url, recorded, *wrong) as (desk, gateway):
        gateway.faults.next(Request.PLACE_ORDER, Refuse(201, inactive=True))
        await wave(desk)
        [(state, _)] = states(desk, "c")
        assert state == "REJECTED"
        for _ in range(2):
            await gateway.advance(8)
            await wave(desk)
        assert states(desk, "p") == [("REJECTED", 0)]
        assert [name for name, _ in sent(gateway)] == ["ow-c"]


@pytest.mark.parametrize("fault", [Lose(), Silence()])
async def test_it_is_one_order_at_the_broker_whatever_is_lost(
    ledger_url: str, recorded: ReplayMarket, fault: Lose | Silence
) -> None:
    orders = twap(100, Remainder.KEEP)
    async with working(ledger_url, recorded, *orders) as (desk, gateway):
        gateway.faults.next(Request.PLACE_ORDER, fault)
        await wave(desk)
        assert gateway.brokerage.book.by_ref() == {"ow-c": 1}
        messages = [*gateway.log.of(Request.PLACE_ORDER)]
        told = [one["algoParams"] for one in messages]
        assert all(one == told[0] for one in told)
        assert (await reconcile(desk, None)).is_clean


async def test_a_kill_cancels_it_and_nothing_is_swept(
    ledger_url: str, recorded: ReplayMarket
) -> None:
    async with working(ledger_url, recorded, *twap(9_000, Remainder.SWEEP)) as (desk, gateway):
        await wave(desk)
        await gateway.advance(3)
        throw_kill_switch(desk.ledger, desk.account, "a drill")
        assert await cancel_everything(desk, "a drill") == 1
        (parent, filled), (child, _) = states(desk, "p", "c")
        assert (parent, child) == ("CANCELLED", "CANCELLED")
        assert 0 < filled < 9_000
        assert sent(gateway) == [("ow-c", "Twap")]
        assert (await reconcile(desk, None)).is_clean
