"""The paper stub: a demo account in which every order fills at once, near the price."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from decimal import Decimal

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_market import ACCOUNT, LATER, SESSION, at, order, recorded

from orderworks.brokers.adapter import ReportKind
from orderworks.brokers.paper_stub import PaperStubBroker
from orderworks.market.calendar import Session
from orderworks.market.replay import ReplayMarket
from orderworks.model.clock import ReplayClock
from orderworks.model.errors import BrokerError, SessionOver
from orderworks.model.order import Order, Side
from orderworks.model.state import OrderState

QUOTES = [
    (0, "AAPL", 149.99, 150.01, 100, 100),
    (0, "MSFT", 300.0, 300.5, 100, 100),
    (0, "PENNY", 0.5001, 0.5003, 100, 100),
    (0, "ONE", 0.0, 10.0, 0, 100),
    (30, "LATE", 10.0, 10.02, 100, 100),
]

Connected = Callable[..., AbstractAsyncContextManager[PaperStubBroker]]


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> ReplayMarket:
    return recorded(tmp_path_factory.mktemp("market"), QUOTES, [])


@pytest.fixture(scope="module")
def next_market(tmp_path_factory: pytest.TempPathFactory) -> ReplayMarket:
    return recorded(tmp_path_factory.mktemp("market"), QUOTES, [], LATER)


@pytest.fixture
def connected(ledger_url: str, market: ReplayMarket) -> Connected:
    """The stub at ``second`` of a session, connected for as long as the context lasts."""

    @asynccontextmanager
    async def connect(
        second: float = 1,
        *,
        seed: int = 7,
        slippage_bps: float = 5.0,
        account: str = ACCOUNT,
        traded: ReplayMarket = market,
        session: Session = SESSION,
    ) -> AsyncIterator[PaperStubBroker]:
        broker = PaperStubBroker(
            ledger_url,
            account,
            traded,
            session,
            ReplayClock(at(second, session)),
            seed=seed,
            slippage_bps=slippage_bps,
        )
        await broker.connect()
        try:
            yield broker
        finally:
            await broker.close()

    return connect


async def test_the_account_starts_as_the_demo_portfolio(connected: Connected) -> None:
    async with connected() as broker:
        portfolio = await broker.get_portfolio()
        assert (await broker.health_check()).sound
    assert portfolio.cash == Decimal(100_000)
    assert {p.symbol: (p.quantity, p.share_cost) for p in portfolio.positions.values()} == {
        "AAPL": (100, Decimal(150)),
        "MSFT": (50, Decimal(300)),
        "GOOG": (20, Decimal(2_500)),
    }


async def test_every_order_is_acknowledged_and_then_filled_in_full(connected: Connected) -> None:
    sent = [order("AAPL", "buy", 10, name="ow-a"), order("MSFT", "sell", 5, "299", name="ow-b")]
    async with connected() as broker:
        reports = await broker.submit_orders(sent)
        portfolio = await broker.get_portfolio()
        status = await broker.get_order_status("ow-b")
        refused = await broker.cancel_orders(["ow-a"])
    assert [(report.kind, report.client_order_id) for report in reports] == [
        (ReportKind.ACKNOWLEDGED, "ow-a"),
        (ReportKind.FILLED, "ow-a"),
        (ReportKind.ACKNOWLEDGED, "ow-b"),
        (ReportKind.FILLED, "ow-b"),
    ]
    fills = [report.fill for report in reports if report.fill is not None]
    assert [fill.quantity for fill in fills] == [10, 5]
    assert portfolio.cash == 100_000 + sum(fill.cash_change for fill in fills)
    assert (portfolio.positions["AAPL"].quantity, portfolio.positions["MSFT"].quantity) == (110, 45)
    assert status is not None
    assert (status.state, status.filled_quantity) == (OrderState.FILLED, 5)
    assert [report.kind for report in refused] == [ReportKind.CANCEL_REFUSED]


@pytest.mark.parametrize("symbol", ["NONE", "ONE", "LATE"])
async def test_without_a_quote_of_both_sides_an_order_is_rejected(
    connected: Connected, symbol: str
) -> None:
    async with connected() as broker:
        (report,) = await broker.submit_orders([order(symbol, "buy", 10)])
        assert (report.kind, report.reason) == (ReportKind.REJECTED, f"no quote for {symbol}")
        assert (await broker.get_portfolio()).cash == Decimal(100_000)
        (kept,) = (await broker.snapshot()).orders
    assert (kept.state, kept.filled_quantity) == (OrderState.REJECTED, 0)


PRICED = st.builds(
    order,
    st.sampled_from(["AAPL", "MSFT", "PENNY"]),
    st.sampled_from(["buy", "sell"]),
    st.integers(1, 50),
    st.none() | st.sampled_from(["151.00", "0.4321"]),
)


@settings(
    max_examples=settings.default.max_examples // 6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(PRICED, min_size=1, max_size=5), st.integers(0, 3))
async def test_the_price_is_near_and_always_the_same(
    connected: Connected, sent: list[Order], seed: int
) -> None:
    async def prices(account: str, orders: list[Order]) -> dict[str, Decimal]:
        async with connected(account=f"{account}-{seed}", seed=seed) as broker:
            reports = await broker.submit_orders(orders)
        return {r.client_order_id: r.fill.price for r in reports if r.fill is not None}

    # The same whatever came before, and in whatever company.
    found = await prices("one", sent)
    assert found == await prices("other", sent[::-1])
    assert found == await prices("one", sent)

    mids = {"AAPL": Decimal("150"), "MSFT": Decimal("300.25"), "PENNY": Decimal("0.5002")}
    for one in sent:
        if one.limit_price is not None:
            assert found[one.client_order_id] == one.limit_price
            continue
        base = mids[one.symbol]
        worse = one.side.sign * (found[one.client_order_id] - base)
        tick = Decimal("0.01") if base >= 1 else Decimal("0.0001")
        assert -tick / 2 <= worse <= base * Decimal("0.0005") + tick / 2
        assert found[one.client_order_id] % tick == 0


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("limit", ["151.00", "149.00", "150.005", "0.00005"])
async def test_a_limit_is_never_filled_worse(connected: Connected, side: Side, limit: str) -> None:
    sent = [order("AAPL", side, 1, limit) for _ in range(5)]
    async with connected(slippage_bps=500.0) as broker:
        reports = await broker.submit_orders(sent)
    prices = [report.fill.price for report in reports if report.fill is not None]
    assert prices == [Decimal(limit)] * 5


async def test_another_seed_gives_other_prices(connected: Connected) -> None:
    sent = [order("MSFT", Side.BUY, 1) for _ in range(20)]

    async def prices(seed: int, slippage_bps: float = 50.0) -> list[Decimal]:
        async with connected(seed=seed, slippage_bps=slippage_bps) as broker:
            reports = await broker.submit_orders(sent)
        return [report.fill.price for report in reports if report.fill is not None]

    assert await prices(1) != await prices(2)
    assert len(set(await prices(1))) > 5
    assert set(await prices(1, slippage_bps=0)) == {Decimal("300.25").quantize(Decimal("0.01"))}


async def test_what_happened_outlives_the_process(
    connected: Connected, next_market: ReplayMarket
) -> None:
    async with connected(5) as broker:
        reports = await broker.submit_orders([order("AAPL", "buy", 10, name="ow-a")])
        portfolio = await broker.get_portfolio()
        assert [batch async for batch in broker.events(at(60))] == []
    async with connected(0) as broker:
        snapshot = await broker.snapshot()
        assert snapshot.at == at(60)
        assert snapshot.portfolio == portfolio
        assert [one.client_order_id for one in snapshot.orders] == ["ow-a"]
        assert list(snapshot.executions) == [r.fill for r in reports if r.fill is not None]
    # The next session still shows it, for whoever did not hear of it; this one is then over.
    async with connected(1, traded=next_market, session=LATER) as broker:
        assert len((await broker.snapshot()).executions) == 1
        await broker.submit_orders([order("AAPL", "buy", 1)])
    with pytest.raises(SessionOver, match="session of 2026-11-20 is over"):
        async with connected():
            pass


async def test_one_process_at_a_time(connected: Connected) -> None:
    async with connected():
        with pytest.raises(BrokerError, match="another process"):
            async with connected():
                pass


async def test_a_batch_asks_for_quotes_once(connected: Connected, market: ReplayMarket) -> None:
    class Counting(ReplayMarket):
        asked = 0

        def quotes_at(self, at: datetime, symbols: Sequence[str]) -> pd.DataFrame:
            self.asked += 1
            return super().quotes_at(at, symbols)

    counting = Counting(market.directory, market.session)
    async with connected(traded=counting) as broker:
        reports = await broker.submit_orders([order("AAPL", "buy", 1) for _ in range(50)])
    assert (len(reports), counting.asked) == (100, 1)


async def test_a_stub_that_is_not_connected_says_so(ledger_url: str, market: ReplayMarket) -> None:
    clock = ReplayClock(SESSION.open)
    broker = PaperStubBroker(ledger_url, ACCOUNT, market, SESSION, clock, seed=1, slippage_bps=1.0)
    with pytest.raises(BrokerError, match="not connected"):
        await broker.submit_orders([order("AAPL", "buy", 1)])
