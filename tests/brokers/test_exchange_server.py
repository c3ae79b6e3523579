"""The exchange behind a socket: one owner at a time, sound whatever arrives, nothing lost."""

import asyncio
import socket
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from served import QUOTES, TERMS, TRADES, client, fills, lines, received, reported, served
from small_market import ACCOUNT, LATER, SESSION, at, order, recorded

from orderworks.brokers.adapter import BrokerAdapter
from orderworks.brokers.simulated.adapter import SimulatedBroker
from orderworks.brokers.simulated.client import RemoteSimulatedBroker, market_time_at
from orderworks.brokers.simulated.exchange import SimulatedExchange
from orderworks.brokers.simulated.faults import Fault, FaultPlan, Scripted
from orderworks.brokers.simulated.messages import (
    Advance,
    AskTime,
    Hello,
    Message,
    Submit,
    request_line,
)
from orderworks.brokers.simulated.server import ExchangeServer, ServedExchange, opens_exchange
from orderworks.market.replay import ReplayMarket
from orderworks.model.clock import ReplayClock
from orderworks.model.errors import BrokerError, Disconnected, PacingRefused, Unreachable
from orderworks.model.order import Order
from orderworks.model.portfolio import Portfolio
from orderworks.model.state import OrderState


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> ReplayMarket:
    return recorded(tmp_path_factory.mktemp("market"), QUOTES, TRADES)


# The same broker, in another process -------------------------------------------------------------


async def work(broker: BrokerAdapter) -> list[Any]:
    """A little of everything: what a broker says and shows."""
    await broker.connect()
    said: list[Any] = [await broker.market_time()]
    said.append(await broker.submit_orders([
        order("A", "buy", 250, name="ow-x"),
        order("A", "buy", 9, "90", name="ow-far"),
        order("NONE", "buy", 1, name="ow-none"),
    ]))  # fmt: skip
    said.append(await reported(broker, 3))
    said.append(await broker.get_order_status("ow-x"))
    said.append(await broker.get_order_status("ow-unheard"))
    said.append(await broker.cancel_orders(["ow-x", "ow-unheard"]))
    said.append(await broker.get_portfolio())
    said.append(await broker.snapshot())
    said.append(await broker.market_time())
    await broker.close()
    return said


async def test_it_says_and_shows_what_the_exchange_in_the_process_does(
    ledger_url: str, market: ReplayMarket, fresh_database: Any
) -> None:
    clock = ReplayClock(at(1))
    here = await work(SimulatedBroker(ledger_url, market, SESSION, TERMS, clock))
    with fresh_database() as url:
        async with served(url, market) as port:
            broker = client(port)
            there = await work(broker)
    assert there == here
    assert isinstance(there[-3], Portfolio)
    assert there[-3].positions["A"].quantity == 200


async def test_the_clock_goes_with_the_market(ledger_url: str, market: ReplayMarket) -> None:
    async with served(ledger_url, market) as port:
        clock = ReplayClock(SESSION.open)
        broker = RemoteSimulatedBroker(port, ACCOUNT, SESSION.date, clock)
        await broker.connect()
        assert await reported(broker, 7) == []
        assert clock.now() == await broker.market_time() == at(7)
        behind = ReplayClock(SESSION.open)
        another = RemoteSimulatedBroker(port, ACCOUNT, SESSION.date, behind)
        await another.connect()
        assert behind.now() == at(7)
        await another.close()


async def test_its_health_says_where_it_is_and_why_not(
    ledger_url: str, market: ReplayMarket
) -> None:
    async with served(ledger_url, market) as port:
        broker = client(port)
        assert not (await broker.health_check()).sound
        await broker.connect()
        health = await broker.health_check()
        assert (health.sound, health.message) == (
            True,
            f"the simulated exchange at 127.0.0.1:{port} at 2026-11-20 14:30:00 UTC",
        )
    health = await broker.health_check()
    assert not health.sound
    assert "broke" in health.message


# Who may ask -------------------------------------------------------------------------------------


async def test_a_newer_client_takes_the_account_over_and_the_older_one_is_told(
    ledger_url: str, market: ReplayMarket
) -> None:
    async with served(ledger_url, market) as port:
        older, newer = client(port), client(port)
        await older.connect()
        await older.submit_orders([order("A", "buy", 250, name="ow-x")])
        await newer.connect()
        assert [o.client_order_id for o in (await newer.snapshot()).orders] == ["ow-x"]
        with pytest.raises(BrokerError, match=f"another client took account {ACCOUNT} over"):
            await older.submit_orders([order("A", "buy", 1, name="ow-late")])
        # It does not take the account back unasked.
        with pytest.raises(BrokerError, match="is not connected; connect first"):
            await older.snapshot()
        assert len(fills(await reported(newer, 5))) == 3
        assert received(ledger_url) == {"ow-x": 1}
        await older.connect()
        with pytest.raises(BrokerError, match="took account"):
            await newer.get_portfolio()


async def test_a_hello_that_was_late_on_its_way_takes_nothing_from_whoever_came_after(
    market: ReplayMarket, ledger_url: str
) -> None:
    plan = FaultPlan(1, script=(Scripted(Message.HELLO, 1, Fault.DELAY),), delay_seconds=0.5)
    async with served(ledger_url, market, plan) as port:
        broker = client(port, patience=0.1)
        with pytest.raises(Unreachable):
            await broker.connect()
        # The same client again, which need not wait for what became of its first hello.
        await broker.connect()
        await asyncio.sleep(0.6)
        assert (await broker.snapshot()).orders == ()
        await broker.close()


async def test_a_refusal_for_coming_too_fast_arrives_as_one(
    market: ReplayMarket, ledger_url: str
) -> None:
    plan = FaultPlan(1, script=(Scripted(Message.SUBMIT, 1, Fault.TOO_FAST),))
    async with served(ledger_url, market, plan) as port:
        broker = client(port)
        await broker.connect()
        for told in (PacingRefused, None):
            with pytest.raises(told) if told else nullcontext():
                await broker.submit_orders([order("A", "buy", 1, name="ow-x")])
        await broker.close()
    assert received(ledger_url) == {"ow-x": 1}


async def test_asking_for_the_time_takes_nothing_over(
    ledger_url: str, market: ReplayMarket
) -> None:
    async with served(ledger_url, market) as port:
        owner = client(port)
        await owner.connect()
        await reported(owner, 4)
        assert await market_time_at(port) == at(4)
        assert await client(port).market_time() == at(4)
        assert await reported(owner, 5) == []
        (answer,) = await lines(port, request_line(1, AskTime()))
        assert answer["now"] == "2026-11-20T14:30:05+00:00"


@pytest.mark.parametrize(
    ("hello", "told"),
    [
        (Hello("SIM2", SESSION.date), "account SIM2 is not served here, account SIM1 is"),
        (Hello(ACCOUNT, LATER.date), "session 2026-11-23 is not served here, session 2026-11-20"),
    ],
)
async def test_another_account_or_session_is_refused(
    ledger_url: str, market: ReplayMarket, hello: Hello, told: str
) -> None:
    async with served(ledger_url, market) as port:
        (answer,) = await lines(port, request_line(1, hello))
        assert told in answer["error"]


async def test_who_has_not_said_hello_moves_nothing(ledger_url: str, market: ReplayMarket) -> None:
    sent = order("A", "buy", 1, name="ow-x")
    async with served(ledger_url, market) as port:
        answers = await lines(
            port, request_line(1, Submit((sent,), at(1))), request_line(2, Advance(at(9)))
        )
        assert [answer["id"] for answer in answers] == [1, 2]
        assert all("said hello" in answer["error"] for answer in answers)
        assert received(ledger_url) == {}
        assert await market_time_at(port) == SESSION.open


async def test_an_order_of_another_account_is_refused_with_all_that_came_with_it(
    ledger_url: str, market: ReplayMarket
) -> None:
    async with served(ledger_url, market) as port:
        broker = client(port)
        await broker.connect()
        stray = replace(order("A", "buy", 1, name="ow-stray"), account="SIM2")
        with pytest.raises(BrokerError, match="ow-stray is of account SIM2, and account SIM1 is"):
            await broker.submit_orders([order("A", "buy", 1), stray])
        assert received(ledger_url) == {}


async def test_a_port_that_is_taken_is_told(ledger_url: str, market: ReplayMarket) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BrokerError, match=f"cannot listen on 127.0.0.1:{port}: .* in use"):
            async with served(ledger_url, market, port=port):
                raise AssertionError


async def test_it_listens_on_loopback_alone(ledger_url: str, market: ReplayMarket) -> None:
    line = ServedExchange(opens_exchange(ledger_url, market, SESSION, TERMS))
    server = ExchangeServer(line, ACCOUNT, SESSION.date)
    await server.start(0)
    assert server.addresses == ["127.0.0.1"]
    await server.close()


# A line that breaks ------------------------------------------------------------------------------


async def test_where_nothing_listens_the_sentence_says_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as once:
        port = once.getsockname()[1]
    with pytest.raises(BrokerError) as refused:
        await client(port).connect()
    assert f"127.0.0.1:{port} cannot be reached" in str(refused.value)
    assert "start it with 'orderworks exchange serve'" in str(refused.value)
    with pytest.raises(BrokerError, match="cannot be reached"):
        await market_time_at(port)


@pytest.mark.parametrize("said", [b"", b'{"number": 1, "now": "2026-'])
async def test_a_line_that_ends_before_the_time_is_told_is_a_line_that_broke(said: bytes) -> None:
    async def dies(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(said)
        writer.close()

    async with await asyncio.start_server(dies, "127.0.0.1", 0) as server:
        with pytest.raises(Unreachable, match="cannot be reached: the line broke; start it"):
            await market_time_at(server.sockets[0].getsockname()[1])


async def test_what_listens_and_is_no_exchange_is_told() -> None:
    async def chatter(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 welcome\n")

    async with await asyncio.start_server(chatter, "127.0.0.1", 0) as server:
        with pytest.raises(BrokerError, match=r"answered what is no answer: .*see what listens"):
            await client(server.sockets[0].getsockname()[1]).connect()


async def test_a_client_finds_the_server_again_after_it_was_gone(
    ledger_url: str, market: ReplayMarket
) -> None:
    async with served(ledger_url, market) as port:
        broker = client(port)
        await broker.connect()
        await broker.submit_orders([order("A", "buy", 250, name="ow-x")])
    with pytest.raises(Disconnected, match="broke; whether it received the last request"):
        await broker.submit_orders([order("A", "buy", 1, name="ow-y")])
    with pytest.raises(BrokerError, match="cannot be reached"):
        await broker.snapshot()
    async with served(ledger_url, market, port=port):
        assert [o.client_order_id for o in (await broker.snapshot()).orders] == ["ow-x"]
        assert len(fills(await reported(broker, 9))) == 3
        await broker.close()


async def test_a_client_that_dies_in_the_middle_of_a_message_sent_nothing(
    ledger_url: str, market: ReplayMarket
) -> None:
    whole = request_line(2, Submit((order("A", "buy", 1, name="ow-x"),), at(1)))
    async with served(ledger_url, market) as port:
        hello = request_line(1, Hello(ACCOUNT))
        assert len(await lines(port, hello, whole[:-1])) == 1
        assert received(ledger_url) == {}
        assert len(await lines(port, hello, whole)) == 2
        assert received(ledger_url) == {"ow-x": 1}


# What must not end it ----------------------------------------------------------------------------


class Failing(SimulatedExchange):
    """An exchange that fails once it has received an order of this name."""

    def submit(self, orders: Iterable[Order], at: Any) -> Any:
        sent = list(orders)
        reports = super().submit(sent, at)
        if any(one.client_order_id == "ow-poison" for one in sent):
            raise ZeroDivisionError("what nobody foresaw")
        return reports


async def test_what_fails_within_is_told_and_the_record_is_opened_again(
    ledger_url: str,
    market: ReplayMarket,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("orderworks.brokers.simulated.server.SimulatedExchange", Failing)
    async with served(ledger_url, market) as port:
        broker = client(port)
        await broker.connect()
        with pytest.raises(BrokerError, match=r"something failed within it .ZeroDivisionError"):
            await broker.submit_orders([order("A", "buy", 150, name="ow-poison")])
        assert "request failed: Submit" in caplog.text
        (kept,) = (await broker.snapshot()).orders
        assert (kept.client_order_id, kept.state) == ("ow-poison", OrderState.SUBMITTED)
        assert sum(fill.quantity for fill in fills(await reported(broker, 9))) == 150


async def test_a_database_that_was_gone_is_found_again(
    ledger_url: str, market: ReplayMarket
) -> None:
    async with served(ledger_url, market) as port:
        broker = client(port)
        await broker.connect()
        await broker.submit_orders([order("A", "buy", 250, name="ow-x")])
        with psycopg.connect(ledger_url) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        with pytest.raises(BrokerError, match="something failed within it"):
            await reported(broker, 9)
        assert len(fills(await reported(broker, 9))) == 3
        assert received(ledger_url) == {"ow-x": 1}
