"""Which stock a symbol is: asked once a day, kept, and named in what is sent."""

import asyncio
from datetime import date
from decimal import Decimal
from math import nan

import pytest
from gateway.answers import Answer
from gateway.contracts import Listed as TheirListing
from gateway.faults import Lose
from gateway.gateway import PAPER_ACCOUNT
from gateway.requests import Request
from gateway.small_session import SESSION, at
from ib_async import Stock
from served_broker import Served, Serving, limit

from orderworks.brokers.ibkr.listed import Listed, refusal_of
from orderworks.brokers.ibkr.market.feed import IbkrMarket
from orderworks.brokers.ibkr.market.kept import KeptContracts
from orderworks.brokers.ibkr.market.listings import doubt
from orderworks.brokers.ibkr.market.shortable import may_be_shorted
from orderworks.brokers.ibkr.price_grid import PriceGrid
from orderworks.ledger.connection import open_ledger
from orderworks.ledger.contracts import kept_contracts
from orderworks.model.errors import Disconnected

ABOUT_CONTRACTS = (Request.CONTRACT_DETAILS, Request.MARKET_RULE)
HUNDREDS = Listed("ACME", 7, "NYSE", PriceGrid.of({Decimal(0): Decimal("0.01")}), Decimal(100))


def market_of(served: Served, session: date = SESSION.date) -> IbkrMarket:
    kept = KeptContracts(served.url, PAPER_ACCOUNT, session)
    return IbkrMarket(served.settings(), served.gateway.clock.now, kept=kept)


def asked(served: Served) -> int:
    return sum(served.received(request) for request in ABOUT_CONTRACTS)


async def test_a_second_run_of_the_day_asks_nothing_of_the_gateway(serving: Serving) -> None:
    symbols = ["ACME", "BRK.B"]
    async with serving(speed=0.0) as served:
        first = market_of(served)
        listed = await asyncio.to_thread(first.listed, symbols)
        await asyncio.to_thread(first.close)
        once = asked(served)
        assert once == 3  # two contracts, one market rule
        second = market_of(served)
        assert await asyncio.to_thread(second.doubtful, symbols) == {}
        assert await asyncio.to_thread(second.listed, symbols) == listed
        await asyncio.to_thread(second.close)
        assert asked(served) == once
        another_day = market_of(served, date(2026, 11, 23))
        await asyncio.to_thread(another_day.listed, symbols)
        await asyncio.to_thread(another_day.close)
        assert asked(served) == 2 * once
        with open_ledger(served.url) as ledger:
            [kept] = kept_contracts(ledger, PAPER_ACCOUNT, SESSION.date, ["ACME"])
    assert kept.con_id == TheirListing("ACME").con_id
    assert kept.primary_exchange == "NASDAQ"
    assert kept.increments == {Decimal(0): Decimal("0.0001"), Decimal(1): Decimal("0.01")}
    assert kept.size_increment == 1


async def test_what_the_broker_does_not_know_is_asked_again_by_the_next_run(
    serving: Serving,
) -> None:
    async with serving(speed=0.0) as served:
        for _ in range(2):
            feed = market_of(served)
            assert await asyncio.to_thread(feed.listed, ["NONE"]) == {}
            await asyncio.to_thread(feed.close)
        assert served.received(Request.CONTRACT_DETAILS) == 2


async def test_an_order_names_the_stock_by_its_number_and_its_exchange(serving: Serving) -> None:
    async with serving() as served:
        feed = market_of(served)
        async with served.working(listed_of=feed.listed) as broker:
            orders = [limit("a", 1, "90"), limit("b", 1, "90", symbol="NONE")]
            reports = await broker.submit_orders(orders)
        await asyncio.to_thread(feed.close)
        [placed] = served.gateway.log.of(Request.PLACE_ORDER)
    assert placed["conId"] == str(TheirListing("ACME").con_id)
    assert placed["primaryExchange"] == "NASDAQ"
    reasons = {one.client_order_id: one.reason for one in reports}
    assert "exactly one US stock named NONE" in (reasons["ow-b"] or "")


async def test_nothing_is_sent_while_it_cannot_be_learnt_which_stock_is_meant(
    serving: Serving,
) -> None:
    async with serving() as served:
        served.gateway.faults.rates = {Request.CONTRACT_DETAILS: {Lose(): 1.0}}
        kept = KeptContracts(served.url, PAPER_ACCOUNT, SESSION.date)
        feed = IbkrMarket(served.settings(ask_seconds=0.3), served.gateway.clock.now, kept=kept)
        async with served.working(listed_of=feed.listed) as broker:
            with pytest.raises(Disconnected, match=r"did not answer.*nothing was sent"):
                await broker.submit_orders([limit("a", 1, "90")])
        await asyncio.to_thread(feed.close)
        assert served.received(Request.PLACE_ORDER) == 0


async def test_what_cannot_be_borrowed_is_not_shortable_and_that_is_kept(serving: Serving) -> None:
    symbols = ["ACME", "BRK.B"]
    async with serving(speed=0.0) as served:
        first = market_of(served)
        assert await asyncio.to_thread(first.not_shortable, symbols) == {"BRK.B"}
        await asyncio.to_thread(first.close)
        served.gateway.faults.rates = {Answer.TICK_GENERIC: {Lose(): 1.0}}
        second = market_of(served)
        assert await asyncio.to_thread(second.not_shortable, symbols) == {"BRK.B"}
        await asyncio.to_thread(second.close)


async def test_what_is_told_now_goes_before_what_is_kept(serving: Serving) -> None:
    async with serving(speed=0.0) as served:
        first = market_of(served)
        await asyncio.to_thread(first.listed, ["ACME"])
        await asyncio.to_thread(first.close)
        KeptContracts(served.url, PAPER_ACCOUNT, SESSION.date).keep_shortable({"ACME": False})
        second = market_of(served)
        assert await asyncio.to_thread(second.not_shortable, ["ACME"]) == frozenset()
        await asyncio.to_thread(second.close)


@pytest.mark.proof
async def test_more_symbols_than_lines_are_asked_about_one_after_another(serving: Serving) -> None:
    async with serving(speed=0.0) as served:
        feed = IbkrMarket(served.settings(market_data_lines=1), served.gateway.clock.now)
        symbols = ["BRK.B", "ACME", "BOLT"]
        assert await asyncio.to_thread(feed.not_shortable, symbols) == {"BRK.B"}
        await asyncio.to_thread(feed.close)


def test_a_symbol_that_stands_for_several_stocks_is_named_with_them() -> None:
    several = [
        Stock("ACME", currency="USD", localSymbol="ACME", primaryExchange=at)
        for at in ("NYSE", "PINK")
    ]
    assert doubt(several) == "the broker has 2 stocks of this name: ACME at NYSE, ACME at PINK"
    assert doubt([]) == "the broker knows no US stock of this name"


async def test_what_is_not_told_is_not_taken_for_not_shortable(serving: Serving) -> None:
    async with serving(speed=0.0) as served:
        lost = {Answer.TICK_GENERIC: {Lose(): 1.0}, Answer.TICK_SIZE: {Lose(): 1.0}}
        served.gateway.faults.rates = lost
        feed = market_of(served)
        assert await asyncio.to_thread(feed.not_shortable, ["BRK.B"]) == frozenset()
        quotes = await asyncio.to_thread(feed.quotes_at, at(0), ["BRK.B"])
        assert quotes["bid"].notna().all()
        await asyncio.to_thread(feed.close)


@pytest.mark.parametrize(
    ("level", "shares", "may"),
    [
        (3.0, nan, True),
        (2.0, 0.0, True),  # they may be located
        (1.5, 500.0, False),
        (1.0, nan, False),
        (nan, 0.0, False),
        (nan, 1.0, True),
        (nan, nan, None),
    ],
)
def test_whether_a_stock_may_be_sold_short(level: float, shares: float, may: bool | None) -> None:
    assert may_be_shorted(level, shares) is may


@pytest.mark.parametrize(
    ("increment", "lot"), [("0", 1), ("0.0001", 1), ("1", 1), ("2.5", 5), ("100", 100)]
)
def test_the_lot_is_the_least_number_of_whole_shares(increment: str, lot: int) -> None:
    grid = PriceGrid.of({Decimal(0): Decimal("0.01")})
    assert Listed("ACME", 7, "NYSE", grid, Decimal(increment)).lot_size == lot


def test_an_order_that_is_no_multiple_of_the_lot_is_not_sent() -> None:
    listed = {"ACME": HUNDREDS}
    assert refusal_of(limit("a", 200, "9.99"), "ACME", listed) is None
    assert "lot of 100" in (refusal_of(limit("a", 250, "9.99"), "ACME", listed) or "")
    assert "off the broker's grid" in (refusal_of(limit("a", 200, "9.999"), "ACME", listed) or "")
    assert refusal_of(limit("a", 250, "9.999"), "ACME", None) is None
