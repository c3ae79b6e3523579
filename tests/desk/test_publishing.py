"""Fills published to a real stream: each at least once, in order, and Redis never in the way."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from redis_servers import RedisServer, redis_server
from working_orders import ACCOUNT, family, fill, happened, open_books, plan_orders, send

from orderworks.desk import publishing
from orderworks.desk.publishing import FillStream
from orderworks.ledger.connection import Ledger
from orderworks.ledger.leases import Lease
from orderworks.ledger.movements import book
from orderworks.model.state import OrderEvent as E
from orderworks.model.state import OrderState as S
from orderworks.streams.connection import Redis

STREAM = "execution:fills"


@pytest.fixture
def lease(ledger: Ledger) -> Lease:
    """A slice of 100 that rests at the broker."""
    taken = open_books(ledger)
    planned = family("p", 100)
    plan_orders(ledger, *planned)
    send(ledger, taken, planned[1])
    book(ledger, taken, happened("p-0", E.ACKNOWLEDGE, start=S.PENDING) + happened("p", E.START))
    return taken


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with redis_server() as running:
        yield running


@pytest.fixture
def fills(server: RedisServer) -> FillStream:
    return FillStream(Redis(server.url), STREAM)


def told(server: RedisServer) -> list[dict[str, str]]:
    with Redis(server.url).asked() as client:
        return [fields for _, fields in client.xrange(STREAM)]


def ids(server: RedisServer) -> list[str]:
    return [fields["exec_id"] for fields in told(server)]


async def test_every_fill_is_published_once_in_the_order_of_booking(
    ledger: Ledger, lease: Lease, ledger_url: str, server: RedisServer, fills: FillStream
) -> None:
    assert await fills.catch_up(ledger_url, ACCOUNT) == 0
    book(ledger, lease, [], [fill("z", "p-0", 10)])
    book(ledger, lease, [], [fill("a", "p-0", 20)])
    assert await fills.catch_up(ledger_url, ACCOUNT) == 2
    book(ledger, lease, [], [fill("a2", "p-0", 15, replaces="a", price=Decimal("100.01"))])
    assert await fills.catch_up(ledger_url, ACCOUNT) == 1
    assert await fills.catch_up(ledger_url, ACCOUNT) == 0
    assert ids(server) == ["z", "a", "a2"]
    first, _, correction = told(server)
    assert first["account"] == ACCOUNT
    assert (first["client_order_id"], first["symbol"], first["side"]) == ("p-0", "AAPL", "buy")
    assert first["quantity"] == "10"
    assert Decimal(first["price"]) == fill("z", "p-0", 10).price
    assert first["ts"].endswith("Z")
    assert "replaces" not in first
    assert (correction["replaces"], correction["price"]) == ("a", "100.01")


async def test_a_dead_redis_is_caught_up_with_later(
    ledger: Ledger,
    lease: Lease,
    ledger_url: str,
    server: RedisServer,
    fills: FillStream,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    book(ledger, lease, [], [fill("1", "p-0", 10)])
    assert await fills.catch_up(ledger_url, ACCOUNT) == 1
    server.stop()
    book(ledger, lease, [], [fill("2", "p-0", 10)])
    assert await fills.catch_up(ledger_url, ACCOUNT) == 0
    assert "wait to be published: Redis did not answer" in caplog.text
    server.start()
    # It is left alone for a while, and then by the same process or another caught up with.
    assert await fills.catch_up(ledger_url, ACCOUNT) == 0
    another = FillStream(Redis(server.url), STREAM)
    assert await another.catch_up(ledger_url, ACCOUNT) == 1
    assert ids(server) == ["1", "2"]


async def test_what_dies_between_publishing_and_noting_it_publishes_again(
    ledger: Ledger,
    lease: Lease,
    ledger_url: str,
    server: RedisServer,
    fills: FillStream,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    book(ledger, lease, [], [fill(str(number), "p-0", 1) for number in range(5)])
    monkeypatch.setattr(publishing, "BATCH", 2)
    with monkeypatch.context() as dying:
        dying.setattr(publishing, "mark_published", dies)
        with pytest.raises(SystemExit):
            await fills.catch_up(ledger_url, ACCOUNT)
    assert await fills.catch_up(ledger_url, ACCOUNT) == 5
    assert ids(server) == ["0", "1", "0", "1", "2", "3", "4"]


def dies(*_: object) -> None:
    raise SystemExit


async def test_one_process_publishes_for_an_account_at_a_time(
    ledger: Ledger, lease: Lease, ledger_url: str, server: RedisServer, fills: FillStream
) -> None:
    book(ledger, lease, [], [fill("1", "p-0", 10)])
    assert publishing.take_turn(ledger, ACCOUNT)
    assert await fills.catch_up(ledger_url, ACCOUNT) == 0
    assert ids(server) == []


async def test_a_stream_that_is_none_blocks_nothing(
    ledger: Ledger, lease: Lease, ledger_url: str, server: RedisServer, fills: FillStream
) -> None:
    with Redis(server.url).asked() as client:
        client.set(STREAM, "text")
    book(ledger, lease, [], [fill("1", "p-0", 10)])
    assert await fills.catch_up(ledger_url, ACCOUNT) == 0
