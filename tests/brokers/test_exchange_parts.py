"""The exchange goes on in parts, some books before others, and comes to what it comes to at once.

A part is committed by itself. Whoever asks anything between two finds every book at one time, and so does
whoever opens the exchange after it died there.
"""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from datetime import timedelta
from decimal import Decimal
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recorded_rows import everything_recorded
from small_market import (
    ACCOUNT,
    LATER,
    SESSION,
    SLOW,
    Opens,
    QuoteRow,
    TradeRow,
    at,
    order,
    recorded,
)

from orderworks.brokers.adapter import Report, ReportKind
from orderworks.brokers.simulated.adapter import SimulatedBroker
from orderworks.brokers.simulated.exchange import SimulatedExchange
from orderworks.brokers.simulated.latency import Latencies
from orderworks.brokers.simulated.terms import Terms
from orderworks.market.replay import ReplayMarket
from orderworks.model.clock import ReplayClock
from orderworks.model.order import Order, TimeInForce
from orderworks.model.state import OrderState

NUMBERS = count(1)
SYMBOLS = ("A", "B", "C", "D")
LENGTH = 30
"""Seconds in which all of them are quoted and trade."""
ROUTES = {
    "buys": {"side": "buy"},
    "sells": {"side": "sell"},
    "rests": {"side": "buy", "limit": "99.98"},
    "rests for long": {"side": "sell", "limit": "100.04", "tif": TimeInForce.GTC},
    "stops": {"side": "sell", "stop": "99.97"},
    "trails": {"side": "sell", "trail_amount": Decimal("0.02")},
    "ends": {"side": "buy", "limit": "99.90", "tif": TimeInForce.GTD},
}


def wandering() -> tuple[list[QuoteRow], list[TradeRow]]:
    """Prices that wander about 100, a cent or two a second, each symbol its own way."""
    quotes: list[QuoteRow] = []
    trades: list[TradeRow] = []
    for symbol in SYMBOLS:
        draws, mid = random.Random(symbol), 10_000
        for second in range(LENGTH):
            mid += draws.choice([-2, -1, 0, 1, 2])
            quotes.append((second, symbol, (mid - 1) / 100, (mid + 1) / 100, 100, 100))
            trades.append(
                (second, symbol, (mid - 2) / 100, (mid + 2) / 100, draws.randint(100, 900))
            )
    return quotes, trades


QUOTES, TRADES = wandering()


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> ReplayMarket:
    return recorded(tmp_path_factory.mktemp("market"), QUOTES, TRADES)


def orders_of(routes: Sequence[tuple[str, str, int]]) -> list[Order]:
    """One for each symbol, route and quantity, and behind each that buys at once an exit of it."""
    orders = []
    for number, (symbol, route, quantity) in enumerate(routes):
        entry = order(symbol, quantity=quantity, name=f"ow-{number}", **ROUTES[route])
        orders.append(entry)
        if route == "buys":
            name = f"ow-{number}-exit"
            orders.append(
                order(symbol, "sell", quantity, "100.03", name, attached_to=entry.client_order_id)
            )
    return orders


@pytest.mark.hypothesis
@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(
    routes=st.lists(
        st.tuples(st.sampled_from(SYMBOLS), st.sampled_from([*ROUTES]), st.integers(50, 300)),
        min_size=3,
        max_size=8,
    ),
    seconds=st.lists(st.integers(2, 12), min_size=1, max_size=3),
    latencies=st.sampled_from([Latencies(), SLOW]),
    parts=st.lists(st.tuples(st.integers(1, 3), st.booleans(), st.booleans()), max_size=8),
)
def test_in_parts_and_dying_between_them_it_comes_to_the_same_as_at_once(
    opens: Opens,
    market: ReplayMarket,
    ledger_url: str,
    routes: list[tuple[str, str, int]],
    seconds: list[int],
    latencies: Latencies,
    parts: list[tuple[int, bool, bool]],
) -> None:
    """Of each part is drawn how much happens in it, and whether the exchange dies, or is asked for a later
    time, after it.
    """
    moments = [at(1 + sum(seconds[:n])) for n in range(1, len(seconds) + 1)]
    # After the close all is said that is still to be said.
    moments += [SESSION.close, SESSION.close + timedelta(minutes=1)]
    number = next(NUMBERS)
    terms = {"opening_cash": Decimal(1_000_000), "participation_cap": 0.3, "latencies": latencies}

    def opened(name: str) -> SimulatedExchange:
        return opens(market, account=f"{name}-{number}", **terms)

    with ExitStack() as stack:
        whole = stack.enter_context(closing(opened("whole")))
        told = whole.submit(orders_of(routes), at(1))
        told += [report for moment in moments for report in whole.advance(moment)]

        parted = stack.enter_context(closing(opened("parts")))
        heard = parted.submit(orders_of(routes), at(1))
        left = iter(parts)
        for moment in moments:
            while not parted.is_there(moment):
                enough, dies, is_hurried = next(left, (None, False, False))
                heard += parted.advance(moment, enough)
                if dies:
                    parted.close()
                    parted = stack.enter_context(closing(opened("parts")))
                if is_hurried and moment < moments[-1]:
                    break

        assert told_of(heard, "parts") == told_of(told, "whole")
        assert repr(parted.snapshot()).replace("parts-", "whole-") == repr(whole.snapshot())
    records = [everything_recorded(ledger_url, f"{name}-{number}") for name in ("parts", "whole")]
    assert records[0] == records[1]
    assert not records[0]["laggards"]


def told_of(reports: list[Report], name: str) -> Counter[str]:
    """How often each report was told."""
    return Counter(repr(report).replace(f"{name}-", "") for report in reports)


def buy(symbol: str) -> Order:
    return order(symbol, "buy", 10, name=f"ow-{symbol}")


def one_behind(opens: Opens, market: ReplayMarket) -> SimulatedExchange:
    """An exchange that has filled A, and not B, of which as much is to be had at the same time."""
    exchange = opens(market)
    exchange.submit([buy(symbol) for symbol in "BA"], at(1))
    (filled,) = exchange.advance(at(5), 1)
    assert (filled.kind, filled.client_order_id) == (ReportKind.FILLED, "ow-A")
    return exchange


def committed_fills(url: str) -> list[str]:
    return sorted(row["client_order_id"] for row in everything_recorded(url)["fills"])


def test_a_part_is_committed_by_itself_with_how_far_the_others_have_come(
    opens: Opens, market: ReplayMarket, ledger_url: str
) -> None:
    exchange = one_behind(opens, market)
    assert committed_fills(ledger_url) == ["ow-A"]
    (behind,) = everything_recorded(ledger_url)["laggards"]
    assert (behind["since"], behind["behind"]) == (at(1), "A")
    assert exchange.now == at(5)
    (filled,) = exchange.advance(at(5))
    assert (filled.client_order_id, filled.ts) == ("ow-B", at(2))
    assert everything_recorded(ledger_url)["laggards"] == []


QUESTIONS: dict[str, Callable[[SimulatedExchange], bool]] = {
    "a snapshot": lambda exchange: len(exchange.snapshot().executions) == 2,
    "an order": lambda exchange: has_filled(exchange, "ow-B"),
    "the portfolio": lambda exchange: len(exchange.portfolio().positions) == 2,
    "the margin": lambda exchange: exchange.margin().maintenance > Decimal(450),
    "what an order would do": lambda exchange: bool(exchange.what_if([order("B", "sell", 10)])),
}


def has_filled(exchange: SimulatedExchange, name: str) -> bool:
    shown = exchange.order(name)
    return shown is not None and shown.state is OrderState.FILLED


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_is_shown_between_two_parts_is_of_one_time_and_committed(
    opens: Opens, market: ReplayMarket, ledger_url: str, question: str
) -> None:
    exchange = one_behind(opens, market)
    assert QUESTIONS[question](exchange)
    assert committed_fills(ledger_url) == ["ow-A", "ow-B"]
    # What was found on the way is said by the next answer, once.
    told = exchange.cancel([], at(5))
    assert [report.client_order_id for report in told] == ["ow-B"]


def test_what_is_asked_for_between_two_parts_meets_every_book_at_one_time(
    opens: Opens, market: ReplayMarket
) -> None:
    exchange = one_behind(opens, market)
    filled, refused = exchange.cancel(["ow-B"], at(5))
    assert (filled.kind, filled.client_order_id) == (ReportKind.FILLED, "ow-B")
    assert (refused.kind, refused.client_order_id) == (ReportKind.CANCEL_REFUSED, "ow-B")


def test_what_was_left_of_the_way_is_gone_before_a_later_time(
    opens: Opens, market: ReplayMarket
) -> None:
    exchange = opens(market)
    exchange.submit(list(map(buy, SYMBOLS)), at(1))
    exchange.advance(at(5), 1)
    told = exchange.advance(at(9), 1)
    assert [(one.client_order_id, one.ts) for one in told] == [
        (f"ow-{symbol}", at(2)) for symbol in "BCD"
    ]
    assert exchange.is_there(at(9))


def test_what_was_left_of_the_way_ends_with_its_session(
    opens: Opens, market: ReplayMarket, next_market: ReplayMarket, ledger_url: str
) -> None:
    one_behind(opens, market).close()
    later = opens(next_market, LATER)
    shown = later.order("ow-B")
    assert shown is not None
    assert (shown.state, shown.filled_quantity) == (OrderState.EXPIRED, 0)
    assert everything_recorded(ledger_url)["laggards"] == []


async def test_a_broker_reports_part_after_part_and_answers_between_them(
    market: ReplayMarket, ledger_url: str
) -> None:
    clock = ReplayClock(at(1))
    terms = Terms(ACCOUNT, Decimal(100_000), 0.3, "fixed", True)
    broker = SimulatedBroker(ledger_url, market, SESSION, terms, clock, part=1)
    await broker.connect()
    await broker.submit_orders([buy(symbol) for symbol in SYMBOLS])
    told = []
    async for reports in broker.events(at(5)):
        assert clock.now() == at(5)
        told.append([report.client_order_id for report in reports])
        if len(told) == 2:
            (filled, *_, refused) = await broker.cancel_orders(["ow-D"])
            assert filled.client_order_id == "ow-C"
            assert (refused.kind, refused.client_order_id) == (ReportKind.CANCEL_REFUSED, "ow-D")
    assert told == [["ow-A"], ["ow-B"]]
    assert len((await broker.snapshot()).executions) == len(SYMBOLS)
    await broker.close()
