"""A daily run between streams: signals and quotes from a real Redis, fills published to it.

It trades at a gateway, in a process of its own, whose record is the judge, and whose market stands but while
the run waits: so what was priced from which quote is known to the moment.
"""

import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from forking import Ended, Forks, Running
from gateway_process import standing_gateway
from judging import GATEWAY, require_sound_books, rows
from mid_run import MANY_SLICES, until_it_trades
from redis_servers import RedisServer
from synthetic_day import SESSION, a_whole_day, in_session

from orderworks.ledger.connection import Ledger
from orderworks.market.calendar import require_session
from orderworks.model.crash_points import VARIABLE, CrashPoint
from orderworks.streams.connection import Redis
from orderworks.streams.entry_ids import last_id_by, milliseconds_of

pytestmark = pytest.mark.proof

OPEN = require_session(SESSION).open
SIGNALS, FILLS = "execution:signals", "execution:fills"
DAILY = in_session("daily", "--signals", f"redis:{SIGNALS}")

WIDER = 0.01
"""By so much a bid of the streams is below the gateway's own: what was priced from which is seen."""

STALE = timedelta(seconds=60)
"""The settings' default: nothing is priced from what is older."""

RELEASED = (
    "SELECT client_order_id, symbol, released_at, arrival_bid, arrival_ask FROM orders "
    "WHERE released_at IS NOT NULL"
)
TRADED = f"SELECT client_order_id, symbol, side, quantity, price, commission FROM {GATEWAY.fills}"


@dataclass(frozen=True, slots=True)
class Between:
    """Commands that trade at a gateway and between streams, and those streams."""

    commands: Forks
    environment: dict[str, str]
    redis: Redis

    def start(self, *arguments: str, **others: str) -> Running:
        return self.commands.start(*arguments, environment=self.environment | others)

    def run(self, *arguments: str, **others: str) -> Ended:
        return self.start(*arguments, **others).wait()

    def require_priced_from_the_streams(self, ledger: Ledger, old: timedelta) -> None:
        """What each order saw as it was released was the last entry of its symbol by then, or so old."""
        released = rows(ledger, RELEASED)
        assert released
        with self.redis.asked() as client:
            for order in released:
                key, at = f"market:quotes:{order['symbol']}", order["released_at"]
                entries = client.xrevrange(key, last_id_by(at), count=1)
                entries += client.xrange(key, f"({last_id_by(at - old)}", last_id_by(at))
                quotes = {(Decimal(quote["bid"]), Decimal(quote["ask"])) for _, quote in entries}
                assert (order["arrival_bid"], order["arrival_ask"]) in quotes, order

    def published(self) -> list[dict[str, str]]:
        with self.redis.asked() as client:
            return [fields for _, fields in client.xrange(FILLS)]


@pytest.fixture
def between(
    steered_commands: Forks, environment: dict[str, str], market: str, redis_url: str
) -> Iterator[Between]:
    """The streams hold the quotes of the market's first hours, and the signals of a whole day."""
    redis = Redis(redis_url)
    add_quotes(redis, Path(market))
    add_signals(redis)
    leads_to_the_streams = {
        "ORDERWORKS_MARKET__QUOTES": "redis",
        "ORDERWORKS_REDIS_URL": redis_url,
        "ORDERWORKS_REDIS__FILLS": FILLS,
    }
    with standing_gateway(environment, market) as leads_there:
        yield Between(steered_commands, environment | leads_there | leads_to_the_streams, redis)


def add_quotes(redis: Redis, market: Path) -> None:
    """Under ids of then: a run by the gateway's time sees each when that time has come."""
    quotes = pd.read_parquet(market / str(SESSION) / "quotes.parquet")
    early = quotes[quotes["ts"] < OPEN + timedelta(hours=2)]
    with redis.asked() as client:
        adding = client.pipeline(transaction=False)
        for quote in early.to_dict("records"):
            wider = {"bid": f"{quote['bid'] - WIDER:.2f}", "ask": f"{quote['ask']:.2f}"}
            sizes = {side: str(quote[side]) for side in ("bid_size", "ask_size")}
            fields = wider | sizes | {"ts": quote["ts"].isoformat()}
            adding.xadd(f"market:quotes:{quote['symbol']}", fields, id=milliseconds_of(quote["ts"]))
        adding.execute()


def add_signals(redis: Redis) -> None:
    with redis.asked() as client:
        for number, row in enumerate(a_whole_day()):
            fields = {name: str(value) for name, value in row.items()}
            client.xadd(SIGNALS, fields, id=f"{milliseconds_of(OPEN)}-{number + 1}")


def require_whole_day(ledger: Ledger, between: Between, old: timedelta = timedelta(0)) -> None:
    """Every order once, priced from the streams, and every fill of the broker published.

    Args:
        old: how old a quote that was priced from may be, if it was not the last one.
    """
    reconciled = between.run(*in_session("reconcile"))
    assert reconciled.status == 0, reconciled.err
    require_sound_books(ledger, GATEWAY)
    between.require_priced_from_the_streams(ledger, old)

    again = between.run(*DAILY)
    assert again.status == 0, again.err
    assert "done already" in again.out
    (read,) = rows(ledger, "SELECT entries FROM stream_ranges")
    assert read["entries"] == len(a_whole_day())

    booked = [row["exec_id"] for row in rows(ledger, "SELECT exec_id FROM fills ORDER BY number")]
    # At least once: a process may die between the stream and its own commit.
    told = {fill["exec_id"]: fill for fill in between.published()}
    assert list(told) == booked
    traded = rows(ledger, TRADED)
    assert len(traded) > len(a_whole_day())
    exact = ("quantity", "price", "commission")
    assert Counter(
        (fill["client_order_id"], fill["symbol"], fill["side"], *(Decimal(fill[n]) for n in exact))
        for fill in told.values()
    ) == Counter(tuple(fill.values()) for fill in traded)


def test_a_whole_day(ledger: Ledger, between: Between) -> None:
    ended = between.run(*DAILY)
    assert ended.status == 0, ended.err
    assert f"read 7 entries of {SIGNALS}" in ended.err
    require_whole_day(ledger, between)


@pytest.mark.parametrize(
    "point", [CrashPoint.PLAN_FROZEN, CrashPoint.SEND_ANSWERED, CrashPoint.BOOKING_COMMITTED]
)
def test_a_run_that_is_killed_goes_on_from_the_same_streams(
    ledger: Ledger, between: Between, point: CrashPoint
) -> None:
    killed = between.run(*DAILY, **{VARIABLE: point})
    assert killed.status == -signal.SIGKILL, killed.err
    ended = between.run(*DAILY)
    assert ended.status == 0, ended.err
    require_whole_day(ledger, between)


def test_a_redis_that_goes_away_in_the_middle(
    ledger: Ledger, between: Between, running_redis: RedisServer
) -> None:
    run = between.start(*DAILY, **MANY_SLICES)
    until_it_trades(ledger, run)
    running_redis.stop()
    try:
        ended = run.wait()
    finally:
        running_redis.start()
    assert ended.status == 0, ended.err
    assert "quotes stand still" in ended.err
    require_whole_day(ledger, between, old=STALE)
