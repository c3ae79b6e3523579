"""What has to be asked before orders leave is asked before they are permitted: then they leave at once."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from decimal import Decimal

import pytest
from gateway.answers import Answer
from gateway.contracts import Listed as TheirListing
from gateway.faults import Delay, Faults, Refuse
from gateway.gateway import PAPER_ACCOUNT
from gateway.requests import Request
from gateway.small_session import SESSION
from ibkr_desk import Trading, plan_with_exits, planned, states, trading, wave
from judging import rows

from orderworks.brokers.ibkr.adapter import IbkrBroker
from orderworks.brokers.ibkr.listed import Listed
from orderworks.brokers.ibkr.price_grid import PriceGrid
from orderworks.desk.revising import revise
from orderworks.ledger.connection import open_ledger
from orderworks.ledger.movements import Revision
from orderworks.ledger.orders import orders_by_id
from orderworks.ledger.runs import freeze_plan, start_run
from orderworks.market.replay import ReplayMarket
from orderworks.model.errors import BrokerError
from orderworks.model.order import Replacement
from orderworks.model.quiet_hours import parse_quiet_hours

SLOW = 2.5
"""Seconds that an answer takes: what waited for it after the permit leaves as much later, on any machine."""
ALWAYS = parse_quiet_hours("00:00-23:59")
CON_ID = TheirListing("ACME").con_id
ACME = Listed("ACME", CON_ID, "NASDAQ", PriceGrid.of({Decimal(0): Decimal("0.01")}), Decimal(1))


def ours(there: Trading) -> IbkrBroker:
    assert isinstance(there.desk.broker, IbkrBroker)
    return there.desk.broker


def plan_another(there: Trading) -> None:
    ledger = there.desk.ledger
    run = start_run(ledger, PAPER_ACCOUNT, "rebalance:now", "rebalance", SESSION.date, {})
    freeze_plan(ledger, run, plan_with_exits([planned("b", 10, "90")]))
    there.gateway.clock.run(1)


async def seconds_to_leave(there: Trading, name: str) -> float:
    """Works a wave; how long after its permit an order of it came to the gateway."""
    working = asyncio.create_task(wave(there.desk))
    with open_ledger(there.url) as other:
        asked = "SELECT state FROM orders WHERE client_order_id = %s"
        while rows(other, asked, name)[0]["state"] == "NEW" and not working.done():
            await asyncio.sleep(0.01)
    permitted = time.monotonic()
    while not there.gateway.log.placed_by_ref()[name] and not working.done():
        await asyncio.sleep(0.01)
    left = time.monotonic()
    await working
    assert there.gateway.log.placed_by_ref()[name] == 1
    return left - permitted


async def test_after_a_number_was_refused_the_next_is_asked_for_once_and_before_the_permit(
    ledger_url: str, recorded: ReplayMarket
) -> None:
    async with trading(ledger_url, recorded, planned("a", 100, "90"), ask_seconds=10) as there:
        there.gateway.faults.next(Request.PLACE_ORDER, Refuse(103))
        await wave(there.desk)
        assert states(there.desk, "a") == [("SUBMITTED", 0)]
        asked = sum(1 for _ in there.gateway.log.of(Request.IDS))
        plan_another(there)
        assert await seconds_to_leave(there, "ow-b") < SLOW
        assert sum(1 for _ in there.gateway.log.of(Request.IDS)) == asked


async def test_a_number_that_was_refused_late_delays_the_permit_and_not_what_is_permitted(
    ledger_url: str, recorded: ReplayMarket
) -> None:
    async with trading(ledger_url, recorded, planned("b", 10, "90"), ask_seconds=10) as there:
        there.gateway.clock.run(1)
        ours(there)._talk.burnt.add(1)
        there.gateway.faults = Faults(rates={Answer.CURRENT_TIME: {Delay(SLOW): 1.0}})
        assert await seconds_to_leave(there, "ow-b") < SLOW


async def test_a_symbol_is_looked_up_before_the_permit(
    ledger_url: str, recorded: ReplayMarket
) -> None:
    looked_up: list[Sequence[str]] = []

    def slowly(symbols: Sequence[str]) -> Mapping[str, Listed]:
        looked_up.append(symbols)
        time.sleep(SLOW)
        return {"ACME": ACME}

    async with trading(ledger_url, recorded, planned("a", 100, "90")) as there:
        ours(there)._listed_of = slowly
        assert await seconds_to_leave(there, "ow-a") < SLOW
        assert looked_up == [["ACME"]]


async def test_what_never_left_is_no_attempt(ledger_url: str, recorded: ReplayMarket) -> None:
    async with trading(ledger_url, recorded, planned("a", 100, "90")) as there:
        ours(there)._quiet = [ALWAYS]
        for _ in range(5):
            with pytest.raises(BrokerError, match="no_send"):
                await wave(there.desk)
        assert states(there.desk, "a") == [("NEW", 0)]
        assert rows(there.desk.ledger, "SELECT 1 FROM send_attempts") == []
        ours(there)._quiet = []
        await wave(there.desk)
        assert states(there.desk, "a") == [("SUBMITTED", 0)]
        [order] = rows(there.desk.ledger, "SELECT attempts, held FROM orders")
        assert (order["attempts"], order["held"]) == (1, False)


async def test_new_terms_that_cannot_be_asked_for_now_are_not_permitted(
    ledger_url: str, recorded: ReplayMarket
) -> None:
    async with trading(ledger_url, recorded, planned("a", 100, "90")) as there:
        await wave(there.desk)
        orders = orders_by_id(there.desk.ledger, ["ow-a"])
        terms = Replacement("ow-a", 100, Decimal("90.01"))
        ours(there)._quiet = [ALWAYS]
        with pytest.raises(BrokerError, match="no_send"):
            await revise(there.desk, orders, [Revision(terms, 1, "it must move")])
        assert rows(there.desk.ledger, "SELECT 1 FROM revision_attempts") == []
