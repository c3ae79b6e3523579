"""The simulated exchange on half an hour of real quotes and trades."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import cycle
from pathlib import Path

import pandas as pd
import pytest
from small_market import Opens, order

from orderworks.brokers.adapter import Report
from orderworks.market.calendar import NEW_YORK, require_session
from orderworks.market.replay import ReplayMarket
from orderworks.model.fill import Fill
from orderworks.model.order import Order

DAY = date(2013, 10, 8)
SYMBOLS = ("AIG", "BAC", "IBM", "SPY")
START = datetime(2013, 10, 8, 10, 0, tzinfo=NEW_YORK).astimezone(UTC)
END = START + timedelta(minutes=30)
CAP = 0.1
ONE_SECOND = timedelta(seconds=1)


class Traded:
    """What was sent, when, and what came of it."""

    def __init__(self, sent: dict[str, tuple[Order, datetime]], reports: list[Report]) -> None:
        self.sent = sent
        self.fills = [report.fill for report in reports if report.fill is not None]


@pytest.fixture
def market(sample_market: Path) -> ReplayMarket:
    return ReplayMarket(sample_market, DAY)


@pytest.fixture
def traded(market: ReplayMarket, opens: Opens) -> Traded:
    """Each minute a market order and three limits around the mid, in each symbol."""
    exchange = opens(
        market, require_session(DAY), opening_cash=Decimal(10**9), participation_cap=CAP
    )
    sent: dict[str, tuple[Order, datetime]] = {}
    reports: list[Report] = []
    sides = cycle(["buy", "sell", "sell", "buy", "buy"])
    for minute in range(30):
        now = START + timedelta(minutes=minute)
        batch = []
        for quote in market.quotes_at(now, SYMBOLS).itertuples():
            mid = round((quote.bid + quote.ask) / 2, 2)
            batch.append(order(quote.symbol, next(sides), 400))
            for offset in (-0.02, 0.0, 0.02):
                limit = f"{mid + offset:.2f}"
                batch.append(order(quote.symbol, next(sides), 1_500, limit))
        reports += exchange.submit(batch, now)
        sent |= {one.client_order_id: (one, now) for one in batch}
    reports += exchange.advance(END)
    return Traded(sent, reports)


def by_order(fills: list[Fill]) -> dict[str, list[Fill]]:
    grouped = defaultdict(list)
    for fill in fills:
        grouped[fill.client_order_id].append(fill)
    return grouped


def test_every_fill_lies_in_its_second_s_quote_or_trade_range(
    market: ReplayMarket, traded: Traded
) -> None:
    assert len(traded.fills) > 500
    at_touch = through = 0
    for symbol in SYMBOLS:
        quotes = market.quotes_between(symbol, START, END, prevailing=True).set_index("ts")
        bars = market.bars_between(symbol, START, END).set_index("ts")
        for fill in (fill for fill in traded.fills if fill.symbol == symbol):
            price = float(fill.price)
            quote = quotes.loc[: pd.Timestamp(fill.ts)].iloc[-1]
            inside_quote = 0 < quote["bid"] <= price <= quote["ask"]
            bar = bars.loc[fill.ts] if fill.ts in bars.index else None
            inside_bar = bar is not None and bar["low"] <= price <= bar["high"]
            assert inside_quote or inside_bar
            at_touch += price in (quote["bid"], quote["ask"])
            through += not inside_quote
            limit = traded.sent[fill.client_order_id][0].limit_price
            assert limit is None or fill.side.sign * (limit - fill.price) >= 0
    assert at_touch > 0
    assert through > 0


@pytest.mark.proof
def test_no_second_gives_more_than_it_displays(market: ReplayMarket, traded: Traded) -> None:
    taken: dict[tuple[str, str, datetime], int] = defaultdict(int)
    for fill in traded.fills:
        quote = market.quotes_at(fill.ts, [fill.symbol]).iloc[0]
        if float(fill.price) == quote["ask" if fill.side == "buy" else "bid"]:
            taken[fill.symbol, fill.side.value, fill.ts] += fill.quantity
    for (symbol, side, ts), quantity in taken.items():
        quote = market.quotes_at(ts, [symbol]).iloc[0]
        if quote["bid"] <= quote["ask"]:
            assert quantity <= quote["ask_size" if side == "buy" else "bid_size"]


def test_no_order_exceeds_its_cap_at_any_moment(market: ReplayMarket, traded: Traded) -> None:
    capped = 0
    for name, fills in by_order(traded.fills).items():
        sent, arrival = traded.sent[name]
        volumes = market.bars_between(sent.symbol, arrival, END).set_index("ts")["volume"].cumsum()
        filled = 0
        for fill in fills:
            assert fill.ts >= arrival + ONE_SECOND
            filled += fill.quantity
            allowed = CAP * volumes.loc[: pd.Timestamp(fill.ts)].iloc[-1]
            assert filled <= allowed
            capped += filled > allowed - 1
        assert filled <= sent.quantity
    assert capped > 0
