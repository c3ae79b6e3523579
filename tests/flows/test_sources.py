"""Whole runs from a database and from a stream: planned once, whatever the source says later."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from judging import require_sound_books, rows
from prefect.blocks.system import Secret
from prefect.client.schemas import State
from redis_servers import RedisServer
from sqlalchemy import create_engine, text
from synthetic_day import SESSION, signal

from flows.daily import daily_execution
from flows.intraday import intraday_execution
from flows.rebalance import rebalance
from flows.reconcile import reconcile_account
from orderworks.ledger.connection import Ledger
from orderworks.model.crash_points import CrashPoint, at_crash_points
from orderworks.model.errors import InputError, NothingNew, SettingsError
from orderworks.streams.connection import Redis
from orderworks.streams.entry_ids import milliseconds_of

pytestmark = [pytest.mark.proof, pytest.mark.usefixtures("environment", "prefect_api")]

STREAM = "execution:signals"
FILLS = "execution:fills"
PASSWORD = "s3cr3tword"

EARLY = datetime(SESSION.year, SESSION.month, SESSION.day, 14, 33, tzinfo=UTC)
"""Before a daily run plans, five minutes after the open."""


class Died(BaseException):
    """A process that was killed."""


async def daily(market: str, signals: str | None, **others: object) -> State:
    asked: dict[str, Any] = {"session": SESSION, "market": market, "signals": signals} | others
    return await daily_execution(**asked, return_state=True)


async def intraday(market: str, signals: str) -> State:
    return await intraday_execution(
        session=SESSION, market=market, signals=signals, return_state=True
    )


async def dies_at(point: CrashPoint, market: str, signals: str) -> None:
    def dying(reached: CrashPoint) -> None:
        if reached is point:
            raise Died

    with at_crash_points(dying), pytest.raises(Died):
        await daily_execution(session=SESSION, market=market, signals=signals)


def traded(ledger: Ledger) -> set[str]:
    return {row["symbol"] for row in rows(ledger, "SELECT DISTINCT symbol FROM orders")}


# A database -------------------------------------------------------------------------------------


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database of signals, whose address is in the environment."""
    address = f"sqlite:///{tmp_path / 'signals.db'}?cached_statements=128"
    with create_engine(address).begin() as opened:
        opened.execute(
            text(
                "CREATE TABLE signals (strategy text, symbol text, direction text, strength real, "
                "price real, ts text, win_rate real, avg_win_pct real, avg_loss_pct real)"
            )
        )
        opened.execute(INSERT, signal("ACME"))
    monkeypatch.setenv("ORDERWORKS_SQL_URL", address)
    return address


INSERT = text(
    "INSERT INTO signals VALUES (:strategy, :symbol, :direction, :strength, :price, :ts, :win_rate, "
    ":avg_win_pct, :avg_loss_pct)"
)


@pytest.fixture
def query(tmp_path: Path) -> str:
    path = tmp_path / "signals.sql"
    path.write_text("SELECT * FROM signals WHERE date(ts) = :session ORDER BY symbol;")
    return str(path)


async def test_a_run_from_a_query_keeps_its_plan_when_the_table_changes(
    ledger: Ledger, market: str, database: str, query: str
) -> None:
    await dies_at(CrashPoint.PLAN_FROZEN, market, query)
    with create_engine(database).begin() as opened:
        opened.execute(INSERT, signal("RUSH"))
        opened.execute(text("DELETE FROM signals WHERE symbol = 'ACME'"))
    state = await daily(market, query)
    assert state.name == "Completed", state.message
    assert traded(ledger) == {"ACME"}
    require_sound_books(ledger)
    assert (await daily(market, query)).name == "Skipped"


async def test_until_it_has_a_plan_a_run_asks_again(
    ledger: Ledger, market: str, database: str, query: str
) -> None:
    await dies_at(CrashPoint.PLAN_BEFORE_FREEZE, market, query)
    with create_engine(database).begin() as opened:
        opened.execute(INSERT, signal("RUSH"))
    assert (await daily(market, query)).name == "Completed"
    assert traded(ledger) == {"ACME", "RUSH"}


async def test_targets_from_a_query_are_the_same_rebalance_all_day(
    ledger: Ledger, market: str, database: str, tmp_path: Path
) -> None:
    path = tmp_path / "targets.sql"
    path.write_text("SELECT symbol, 0.02 AS weight FROM signals")
    asked = {"session": SESSION, "market": market, "targets": str(path)}
    assert (await rebalance(**asked, return_state=True)).name == "Completed"
    with create_engine(database).begin() as opened:
        opened.execute(INSERT, signal("RUSH"))
    assert (await rebalance(**asked, return_state=True)).name == "Skipped"
    assert traded(ledger) == {"ACME"}


async def test_an_address_may_be_a_secret_block(
    ledger: Ledger, market: str, database: str, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ORDERWORKS_SQL_URL")
    monkeypatch.setenv("ORDERWORKS_SQL__URL", "block:signals-database")
    with pytest.raises(SettingsError, match="no Secret block 'signals-database'"):
        await daily_execution(session=SESSION, market=market, signals=query)
    await Secret(value=database).asave("signals-database")
    assert (await daily(market, query)).name == "Completed"
    kept = rows(ledger, "SELECT settings::text AS text FROM runs")
    assert all("cached_statements" not in row["text"] for row in kept)


async def test_an_address_that_is_nowhere_is_one_sentence(
    market: str, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERWORKS_SQL__URL", "env:NOT_SET_AT_ALL")
    with pytest.raises(SettingsError, match=r"NOT_SET_AT_ALL, which setting 'sql\.url' names"):
        await daily_execution(session=SESSION, market=market, signals=query)


async def test_a_password_in_the_settings_is_refused_and_not_repeated(
    market: str, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERWORKS_SQL__URL", f"postgresql://me:{PASSWORD}@here/signals")
    with pytest.raises(SettingsError, match="env:VARIABLE or block:NAME") as refused:
        await daily_execution(session=SESSION, market=market, signals=query)
    assert PASSWORD not in str(refused.value)


# A stream ---------------------------------------------------------------------------------------


@pytest.fixture
def redis(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Redis:
    monkeypatch.setenv("ORDERWORKS_REDIS_URL", redis_url)
    return Redis(redis_url)


def add(redis: Redis, fields: Mapping[str, object], number: int = 0, at: datetime = EARLY) -> str:
    entry_id = f"{milliseconds_of(at)}-{number}"
    with redis.asked() as client:
        client.xadd(STREAM, {name: str(value) for name, value in fields.items()}, id=entry_id)
    return entry_id


async def test_a_run_keeps_the_entries_that_it_was_planned_from(
    ledger: Ledger, market: str, redis: Redis
) -> None:
    until = add(redis, signal("ACME"))
    await dies_at(CrashPoint.PLAN_FROZEN, market, f"redis:{STREAM}")
    add(redis, signal("RUSH"), 1)
    with redis.asked() as client:
        client.xdel(STREAM, until)
    state = await daily(market, f"redis:{STREAM}")
    assert state.name == "Completed", state.message
    assert traded(ledger) == {"ACME"}
    (kept,) = rows(ledger, "SELECT stream, until_id, entries FROM stream_ranges")
    assert kept == {"stream": STREAM, "until_id": until, "entries": 1}


async def test_each_entry_is_traded_by_one_run(ledger: Ledger, market: str, redis: Redis) -> None:
    add(redis, signal("ACME"))
    assert (await daily(market, f"redis:{STREAM}")).name == "Completed"
    add(redis, signal("RUSH"), 1)
    assert (await intraday(market, f"redis:{STREAM}")).name == "Completed"
    by_run = rows(
        ledger, "SELECT DISTINCT kind, symbol FROM signals JOIN runs USING (run_id) ORDER BY kind"
    )
    assert by_run == [{"kind": "daily", "symbol": "ACME"}, {"kind": "intraday", "symbol": "RUSH"}]
    nothing = await intraday(market, f"redis:{STREAM}")
    assert nothing.name == "Skipped"
    assert "no entries" in (nothing.message or "")
    require_sound_books(ledger)


async def test_a_run_that_failed_before_its_plan_leaves_its_entries(
    ledger: Ledger, market: str, redis: Redis
) -> None:
    add(redis, signal("ACME"))
    bad = add(redis, signal("RUSH") | {"direction": "up"}, 1)
    with pytest.raises(InputError, match=f"entry {bad}: direction"):
        await daily_execution(session=SESSION, market=market, signals=f"redis:{STREAM}")
    assert [row["row"] for row in rows(ledger, "SELECT row FROM quarantined_rows")] == [bad]
    add(redis, signal("RUSH"), 2)
    # The later word on RUSH stands instead of the one that could not be understood.
    assert (await daily(market, f"redis:{STREAM}")).name == "Completed"
    assert traded(ledger) == {"ACME", "RUSH"}
    (kept,) = rows(ledger, "SELECT entries FROM stream_ranges")
    assert kept == {"entries": 3}


async def test_what_comes_after_planning_or_before_the_session_is_not_traded(
    ledger: Ledger, market: str, redis: Redis
) -> None:
    yesterday = EARLY.replace(day=EARLY.day - 1)
    add(redis, signal("RUSH"), at=yesterday)
    with pytest.raises(NothingNew, match="has no entries for the session"):
        await daily_execution(session=SESSION, market=market, signals=f"redis:{STREAM}")
    add(redis, signal("ACME"))
    add(redis, signal("SLIM"), at=EARLY.replace(hour=18))
    assert (await daily(market, f"redis:{STREAM}")).name == "Completed"
    assert traded(ledger) == {"ACME"}


async def test_where_signals_are_trades_none_replaces_another(
    market: str, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERWORKS_EXECUTION__SIGNAL_MEANING", "order")
    add(redis, signal("ACME", quantity=100))
    add(redis, signal("ACME", quantity=200), 1)
    with pytest.raises(InputError, match="2 of 2 rows break a rule"):
        await daily_execution(session=SESSION, market=market, signals=f"redis:{STREAM}")


async def test_fills_are_published_as_they_are_booked(
    ledger: Ledger, market: str, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERWORKS_REDIS__FILLS", FILLS)
    add(redis, signal("ACME"))
    add(redis, signal("SLIM", quantity=4200), 1)
    assert (await daily(market, f"redis:{STREAM}")).name == "Completed"
    booked = [row["exec_id"] for row in rows(ledger, "SELECT exec_id FROM fills ORDER BY number")]
    with redis.asked() as client:
        published = [fields["exec_id"] for _, fields in client.xrange(FILLS)]
    assert published == booked
    assert len(published) > 1


async def test_a_dead_redis_keeps_no_run_from_trading(
    ledger: Ledger,
    market: str,
    signals: str,
    running_redis: RedisServer,
    redis: Redis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ORDERWORKS_REDIS__FILLS", FILLS)
    running_redis.stop()
    try:
        assert (await daily(market, signals)).name == "Completed"
    finally:
        running_redis.start()
    assert rows(ledger, "SELECT 1 FROM published_fills") == []
    await reconcile_account(session=SESSION, market=market, return_state=True)
    booked = rows(ledger, "SELECT exec_id FROM fills ORDER BY number")
    with redis.asked() as client:
        published = [{"exec_id": fields["exec_id"]} for _, fields in client.xrange(FILLS)]
    assert published == booked != []


async def test_no_password_of_a_database_is_kept_anywhere(
    ledger: Ledger, market: str, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERWORKS_SQL_URL", f"postgresql://me:{PASSWORD}@127.0.0.1:1/signals")
    with pytest.raises(InputError, match="the database did not answer") as refused:
        await daily_execution(session=SESSION, market=market, signals=query)
    assert PASSWORD not in str(refused.value)
    tables = rows(ledger, "SELECT tablename FROM pg_tables WHERE schemaname = 'ledger'")
    for table in tables:
        kept = rows(ledger, f"SELECT t::text AS text FROM {table['tablename']} t")
        assert all(PASSWORD not in row["text"] for row in kept)
