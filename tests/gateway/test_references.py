"""Contracts, market rules, historical bars and market data, as the real client reads them."""

from datetime import date, datetime

import pytest
from ib_async import Contract, Stock

from .clients import ACME, Errors
from .conftest import Serves
from .contracts import CURRENCY, FOREIGN, Listed
from .running import connected, settled, until
from .small_session import SESSION, at

QUALIFIED = Stock("ACME", "SMART", "USD", conId=Listed("ACME").con_id)


async def test_contract_details_parallel_exchanges_and_market_rules(serves: Serves) -> None:
    async with serves() as (_, port), connected(port) as ib:
        [details] = await ib.reqContractDetailsAsync(ACME)
        exchanges = details.validExchanges.split(",")
        rules = dict(zip(exchanges, details.marketRuleIds.split(","), strict=True))
        assert (rules["SMART"], rules["BYX"]) == ("26", "32")
        increments = {}
        for rule in {"26", "32"}:
            found = await ib.reqMarketRuleAsync(int(rule))
            assert found is not None
            increments[rule] = [(one.lowEdge, one.increment) for one in found]
        assert increments == {"26": [(0, 0.0001), (1, 0.01)], "32": [(0, 0.01), (1, 0.05)]}
        assert (details.minSize, details.sizeIncrement) == (1, 1)
        assert details.liquidHours == "20261120:0930-20261120:1600"


async def test_a_contract_is_qualified_by_its_currency_and_known_by_its_id(serves: Serves) -> None:
    async with serves() as (_, port), connected(port) as ib:
        both = await ib.reqContractDetailsAsync(Stock("ACME", "SMART"))
        assert {one.contract.currency for one in both if one.contract} == {CURRENCY, FOREIGN}
        [qualified] = await ib.qualifyContractsAsync(Stock("ACME", "SMART", "USD"))
        assert isinstance(qualified, Contract)
        [by_id] = await ib.reqContractDetailsAsync(Contract(conId=qualified.conId))
        assert by_id.contract is not None
        assert (by_id.contract.symbol, by_id.contract.currency) == ("ACME", "USD")


async def test_an_unknown_symbol_is_an_error(serves: Serves) -> None:
    async with serves() as (_, port), connected(port) as ib:
        errors = Errors(ib)
        assert await ib.reqContractDetailsAsync(Stock("NOPE", "SMART", "USD")) == []
        assert errors.codes == [200]


async def test_a_class_of_shares_stands_behind_a_space(serves: Serves) -> None:
    async with serves() as (_, port), connected(port) as ib:
        [details] = await ib.reqContractDetailsAsync(Stock("BRK B", "SMART", "USD"))
        assert details.contract is not None
        assert details.contract.localSymbol == "BRK B"


@pytest.mark.parametrize("version", [157, 178])
async def test_symbols_are_found_by_their_beginning(serves: Serves, version: int) -> None:
    async with serves(version=version) as (_, port), connected(port) as ib:
        found = await ib.reqMatchingSymbolsAsync("ac")
        assert found is not None
        assert [one.contract.symbol for one in found if one.contract] == ["ACME"]


async def test_daily_bars_end_with_the_session_so_far(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        await gateway.advance(25)
        bars = await ib.reqHistoricalDataAsync(ACME, "", "20 D", "1 day", "TRADES", useRTH=True)
        assert len(bars) == 20
        assert [bar.date for bar in bars[-2:]] == [date(2026, 11, 19), SESSION.date]
        today = bars[-1]
        assert (today.open, today.low, today.close, today.volume) == (100, 99, 99, 25_000)
        before = await ib.reqHistoricalDataAsync(
            ACME, "20261119-21:00:00", "1 W", "1 day", "TRADES", useRTH=True
        )
        assert [bar.date.day for bar in before] == [13, 16, 17, 18, 19]


@pytest.mark.parametrize("format_date", [1, 2])
async def test_bars_within_the_session_begin_when_they_say(
    serves: Serves, format_date: int
) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        await gateway.advance(45)
        bars = await ib.reqHistoricalDataAsync(
            ACME, "", "1 D", "10 secs", "TRADES", useRTH=True, formatDate=format_date
        )
        begins = [bar.date for bar in bars if isinstance(bar.date, datetime)]
        assert begins == [at(second) for second in (0, 10, 20, 30, 40)]
        assert [bar.close for bar in bars] == [100, 99, 99, 102, 102]


async def test_bars_that_are_not_there_are_an_error(serves: Serves) -> None:
    async with serves() as (_, port), connected(port) as ib:
        errors = Errors(ib)
        assert not await ib.reqHistoricalDataAsync(ACME, "", "1 D", "1 day", "MIDPOINT", True)
        assert errors.codes == [162]


@pytest.mark.parametrize(
    ("asked", "has_live", "given", "mid"),
    [
        (1, True, 1, 99),
        (2, True, 1, 99),
        (3, True, 1, 99),
        (3, False, 3, None),
        (4, False, 3, None),
    ],
)
async def test_the_type_of_market_data_depends_on_the_subscription(
    serves: Serves, asked: int, has_live: bool, given: int, mid: float | None
) -> None:
    async with serves(has_live_data=has_live) as (gateway, port), connected(port) as ib:
        await gateway.advance(30)
        ib.reqMarketDataType(asked)
        [ticker] = await ib.reqTickersAsync(QUALIFIED)
        assert ticker.marketDataType == given
        assert (ticker.midpoint() == mid) is (mid is not None)


async def test_delayed_data_are_a_quarter_of_an_hour_old(serves: Serves) -> None:
    async with serves(has_live_data=False) as (gateway, port), connected(port) as ib:
        await gateway.advance(15 * 60 + 5)
        ib.reqMarketDataType(3)
        [ticker] = await ib.reqTickersAsync(QUALIFIED)
        assert (ticker.bid, ticker.ask, ticker.last) == (99.99, 100.01, 100)


async def test_when_the_market_is_closed_frozen_data_are_to_be_had(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        await gateway.advance_to(SESSION.close)
        ib.reqMarketDataType(2)
        [ticker] = await ib.reqTickersAsync(QUALIFIED)
        assert (ticker.marketDataType, ticker.bid) == (2, 101.99)


async def test_live_data_without_a_subscription_are_refused(serves: Serves) -> None:
    async with serves(has_live_data=False) as (_, port), connected(port) as ib:
        errors = Errors(ib)
        ib.reqMktData(QUALIFIED)
        await settled(ib)
        assert errors.codes == [354]


async def test_ticks_stream_until_they_are_cancelled(serves: Serves) -> None:
    async with serves() as (gateway, port), connected(port) as ib:
        ticker = ib.reqMktData(QUALIFIED)
        await until(ib, lambda: ticker.close == 100.5)
        assert (ticker.bidSize, ticker.askSize, ticker.close) == (300, 200, 100.5)
        await gateway.advance(25)
        await until(ib, lambda: ticker.volume == 26_000)
        assert (ticker.bid, ticker.ask, ticker.last) == (98.99, 99.01, 99)
        ib.cancelMktData(QUALIFIED)
        await settled(ib)
        await gateway.advance(20)
        await settled(ib)
        assert ticker.last == 99
