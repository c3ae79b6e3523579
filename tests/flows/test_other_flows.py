"""The flows beside the daily run, and every flow with and without a Prefect server at hand."""

import os
import signal as signals_of_the_system
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from command_processes import Ended
from judging import LIVE, exchange_total, require_sound_books, rows
from prefect.client.schemas import State
from synthetic_day import EARLY_CLOSE, HOLIDAY, SESSION, signal, write_table

from flows.daily import daily_execution
from flows.end_of_day import end_of_day
from flows.intraday import intraday_execution
from flows.kill_switch import kill_switch
from flows.period_quality import monthly_quality, weekly_quality
from flows.rebalance import rebalance
from flows.reconcile import reconcile_account
from flows.recover import recover
from orderworks.desk.kill_switch import resume, throw
from orderworks.ledger.connection import Ledger
from orderworks.model.crash_points import VARIABLE, CrashPoint
from orderworks.model.errors import BooksDiffer, KillSwitchThrown
from orderworks.settings import load_settings

pytestmark = pytest.mark.usefixtures("environment", "prefect_api")

Die = Callable[[str], None]


@pytest.fixture
def daily_dies_at(orderworks: Callable[..., Ended], market: str, signals: str) -> Die:
    """A daily run in another process that is killed at a crash point."""

    def die(point: str) -> None:
        asked = ("--session", str(SESSION), "--signals", signals, "--market", market)
        ended = orderworks("run", "daily", *asked, **{VARIABLE: point})
        assert ended.status == -signals_of_the_system.SIGKILL, ended

    return die


async def daily(market: str, signals: str, **others: object) -> State:
    asked: dict[str, Any] = {"session": SESSION, "market": market, "signals": signals} | others
    return await daily_execution(**asked, return_state=True)


def held(ledger: Ledger) -> dict[str, int]:
    found = rows(ledger, "SELECT symbol, quantity FROM positions WHERE quantity <> 0")
    return {row["symbol"]: row["quantity"] for row in found}


async def test_intraday_is_named_by_its_newest_signal(
    ledger: Ledger, market: str, tmp_path: Path
) -> None:
    file = write_table(
        tmp_path / "intraday.csv",
        signal("ACME", ts=f"{SESSION}T15:09:59Z"),
        signal("RUSH", strength=0.95, ts=f"{SESSION}T10:10:30-05:00"),
    )
    asked: dict[str, Any] = {"session": SESSION, "market": market, "signals": file}
    first = await intraday_execution(**asked, return_state=True)
    assert first.name == "Completed", first.message
    (run,) = rows(ledger, "SELECT run_key, starts_at FROM runs")
    assert run["run_key"] == f"intraday:{SESSION}T10:10"
    assert f"{run['starts_at']:%H:%M:%S}" == "15:10:30"
    sent = exchange_total(ledger)
    assert (await intraday_execution(**asked, return_state=True)).name == "Skipped"
    assert exchange_total(ledger) == sent
    require_sound_books(ledger)


async def test_rebalance_moves_to_weights_once(ledger: Ledger, market: str, tmp_path: Path) -> None:
    asked: dict[str, Any] = {"session": SESSION, "market": market, "return_state": True}
    weights = {"ACME": 0.04, "RUSH": -0.02}
    first = await rebalance(weights=weights, **asked)
    assert first.name == "Completed", first.message
    before = held(ledger)
    assert before["ACME"] > 0 > before["RUSH"]
    sent = exchange_total(ledger)
    again = await rebalance(weights=weights, **asked)
    assert again.name == "Skipped"
    assert "is done already" in (again.message or "")
    assert exchange_total(ledger) == sent
    # What is still open of the first counts as if it were held already.
    going = {
        row["symbol"]: row["signed"]
        for row in rows(
            ledger,
            "SELECT symbol, sum(CASE side WHEN 'buy' THEN quantity ELSE -quantity END)::bigint "
            "AS signed FROM orders WHERE parent_id IS NULL AND attached_to IS NULL GROUP BY symbol",
        )
    }

    file = write_table(
        tmp_path / "targets.csv",
        {"symbol": "ACME", "weight": 0.01},
        {"symbol": "RUSH", "weight": 0},
    )
    second = await rebalance(targets=file, **asked)
    assert second.name == "Completed", second.message
    orders = {
        row["symbol"]: row
        for row in rows(
            ledger,
            "SELECT o.* FROM orders o JOIN runs r USING (run_id) "
            "WHERE parent_id IS NULL AND attached_to IS NULL AND r.run_id = (SELECT max(run_id) FROM runs)",
        )
    }
    assert (orders["RUSH"]["side"], orders["RUSH"]["quantity"]) == ("buy", -going["RUSH"])
    left = going["ACME"] - orders["ACME"]["quantity"]
    assert orders["ACME"]["side"] == "sell"
    assert left * float(orders["ACME"]["decision_price"]) == pytest.approx(100_000, rel=0.01)
    require_sound_books(ledger)


@pytest.mark.proof
async def test_reconcile_learns_what_became_of_orders(ledger: Ledger, daily_dies_at: Die) -> None:
    daily_dies_at(f"{CrashPoint.EXCHANGE_RECORDED}:1")
    assert rows(ledger, "SELECT 1 FROM orders WHERE state = 'PENDING'")
    state = await reconcile_account(return_state=True)
    assert state.name == "Completed", state.message
    assert "books equal the broker's" in (state.message or "")
    assert rows(ledger, "SELECT 1 FROM orders WHERE state IN ('PENDING', 'UNKNOWN')") == []
    require_sound_books(ledger)


@pytest.mark.proof
async def test_a_reconciliation_that_finds_a_break_fails_and_is_told_as_the_latest(
    ledger: Ledger, market: str, signals: str
) -> None:
    await daily(market, signals)
    assert (await reconcile_account(return_state=True)).name == "Completed"
    ledger.execute("UPDATE exchange.positions SET quantity = quantity + 7 WHERE symbol = 'SLIM'")
    broken = await reconcile_account(return_state=True)
    with pytest.raises(BooksDiffer, match="1 break"):
        await broken.aresult()
    (run,) = rows(ledger, "SELECT state, message FROM runs WHERE kind = 'reconcile'")
    assert run["state"] == "FAILED"
    assert "1 break" in run["message"]


async def test_end_of_day_ends_what_rests_and_can_be_repeated(
    ledger: Ledger, market: str, signals: str
) -> None:
    await daily(market, signals)
    assert rows(ledger, f"SELECT 1 FROM exchange.orders WHERE state IN {LIVE}")
    tables = ("order_quality", "daily_quality", "fills", "alerts")
    measured = []
    for _ in range(2):
        state = await end_of_day(return_state=True)
        assert state.name == "Completed", state.message
        measured.append(
            [rows(ledger, f"SELECT * FROM {table} ORDER BY 1, 2, 3, 4") for table in tables]
        )
        require_sound_books(ledger)
    assert measured[0] == measured[1]
    assert (
        rows(ledger, "SELECT 1 FROM orders WHERE closed_at IS NULL AND attached_to IS NULL") == []
    )
    for table in ("orders", "exchange.orders"):
        found = rows(
            ledger,
            f"SELECT 1 FROM {table} WHERE state IN ('SUBMITTED', 'PARTIALLY_FILLED') "
            "AND attached_to IS NULL",
        )
        assert found == []
    (day,) = rows(ledger, "SELECT * FROM daily_quality WHERE dimension = 'day'")
    (parents,) = rows(
        ledger,
        "SELECT count(*) AS orders, sum(filled_quantity) AS filled FROM orders "
        "WHERE parent_id IS NULL AND attached_to IS NULL",
    )
    assert (day["orders"], day["filled_quantity"]) == (parents["orders"], parents["filled"])


@pytest.mark.proof
async def test_a_week_and_a_month_are_summed_up_from_their_days(
    ledger: Ledger, market: str, signals: str
) -> None:
    await daily(market, signals)
    await end_of_day(return_state=True)
    for flow, kind in ((weekly_quality, "week"), (monthly_quality, "month")):
        for _ in range(2):
            state = await flow(day=SESSION, return_state=True)
            assert state.name == "Completed", state.message
        query = f"SELECT * FROM period_quality WHERE dimension = 'all' AND period = '{kind}'"
        (whole,) = rows(ledger, query)
        (day,) = rows(ledger, "SELECT * FROM daily_quality WHERE dimension = 'day'")
        assert whole["shortfall_total"] == day["shortfall_total"]
        said = f"{kind} of {whole['starts']}: {day['orders']} orders"
        assert (state.message or "").startswith(said)
    empty = await weekly_quality(day=date(2025, 1, 6), return_state=True)
    assert (empty.message or "") == "week of 2025-01-06: nothing was measured in it"


@pytest.mark.proof
async def test_after_the_kill_switch_nothing_is_sent_until_it_is_resumed(
    ledger: Ledger, daily_dies_at: Die, market: str, signals: str
) -> None:
    daily_dies_at(f"{CrashPoint.WAVE_BEGINS}:3")
    assert rows(ledger, f"SELECT 1 FROM exchange.orders WHERE state IN {LIVE}")
    killed = await kill_switch("the feed is wrong", return_state=True)
    assert killed.name == "Completed", killed.message
    assert (killed.message or "").startswith("killed: the feed is wrong; ")
    require_sound_books(ledger)
    assert (
        rows(ledger, "SELECT 1 FROM orders WHERE closed_at IS NULL AND attached_to IS NULL") == []
    )
    live = "SELECT 1 FROM exchange.orders WHERE state IN ('SUBMITTED', 'PARTIALLY_FILLED')"
    assert rows(ledger, live) == []

    sent = exchange_total(ledger)
    refused = await daily(market, signals, run_key="another")
    with pytest.raises(KillSwitchThrown, match="the feed is wrong"):
        await refused.aresult()
    assert exchange_total(ledger) == sent

    resume(load_settings(), "the feed is right again")
    assert (await daily(market, signals, run_key="another")).name == "Completed"
    assert exchange_total(ledger).orders > sent.orders
    require_sound_books(ledger)


async def test_the_kill_switch_stops_a_run_that_has_its_plan(
    ledger: Ledger, daily_dies_at: Die, market: str, signals: str
) -> None:
    daily_dies_at(CrashPoint.PLAN_FROZEN)
    throw(load_settings(), "the feed is wrong")
    stopped = await daily(market, signals)
    with pytest.raises(KillSwitchThrown, match="the feed is wrong"):
        await stopped.aresult()
    assert exchange_total(ledger).orders == 0
    resume(load_settings(), "the feed is right again")
    assert (await daily(market, signals)).name == "Completed"
    assert exchange_total(ledger).orders > 0
    require_sound_books(ledger)


async def test_the_kill_switch_is_on_even_where_there_is_no_session(
    ledger: Ledger, market: str
) -> None:
    state = await kill_switch("enough", session=HOLIDAY, market=market, return_state=True)
    assert rows(ledger, "SELECT killed, reason FROM controls") == [
        {"killed": True, "reason": "enough"}
    ]
    assert (state.message or "").startswith("killed: enough; ")


async def test_recover_finishes_what_died(ledger: Ledger, daily_dies_at: Die) -> None:
    daily_dies_at(f"{CrashPoint.MARKET_MOVED}:2")
    state = await recover(return_state=True)
    assert state.name == "Completed", state.message
    assert f"daily:{SESSION}: " in (state.message or "")
    assert "orders filled" in (state.message or "")
    assert rows(ledger, "SELECT state FROM runs") == [{"state": "DONE"}]
    require_sound_books(ledger)
    sent = exchange_total(ledger)
    again = await recover(return_state=True)
    assert again.message == "nothing was left unfinished"
    assert exchange_total(ledger) == sent


@pytest.mark.proof
async def test_recover_tells_of_a_run_that_it_cannot_finish(
    ledger: Ledger, daily_dies_at: Die, tmp_path: Path
) -> None:
    daily_dies_at(CrashPoint.PLAN_FROZEN)
    gone = str(tmp_path / "gone")
    ledger.execute(
        "UPDATE runs SET settings = jsonb_set(settings, '{market}', to_jsonb(%s::text))", (gone,)
    )
    state = await recover(return_state=True)
    assert state.is_failed()
    assert (state.message or "").startswith(f"daily:{SESSION}: ")
    assert gone in (state.message or "")
    assert exchange_total(ledger).orders == 0


@pytest.mark.proof
async def test_a_run_that_died_for_good_does_not_stand_in_the_way_of_the_next_session(
    ledger: Ledger, daily_dies_at: Die, short_market: str, tmp_path: Path
) -> None:
    daily_dies_at(f"{CrashPoint.MARKET_MOVED}:2")
    unsent = "SELECT client_order_id FROM orders WHERE state = 'NEW'"
    assert rows(ledger, unsent)
    file = write_table(
        tmp_path / "next.csv", signal("SLIM", quantity=4200, ts=f"{EARLY_CLOSE}T15:00:00Z")
    )
    state = await daily(short_market, file, session=EARLY_CLOSE)
    assert state.name == "Completed", state.message
    before, after = rows(
        ledger,
        "SELECT quantity, filled_quantity, closed_at FROM orders "
        "WHERE symbol = 'SLIM' AND parent_id IS NULL AND attached_to IS NULL ORDER BY due_at",
    )
    assert 0 < before["filled_quantity"] < before["quantity"]
    assert before["closed_at"] is not None
    assert after["quantity"] == 4200 - before["filled_quantity"]
    assert rows(ledger, unsent) == []
    assert (await recover(return_state=True)).message == "nothing was left unfinished"
    require_sound_books(ledger)


@pytest.mark.proof
def test_a_flow_needs_no_prefect_server(
    environment: dict[str, str], ledger: Ledger, market: str, signals: str
) -> None:
    without = {name: value for name, value in os.environ.items() if "PREFECT" not in name}
    asked = ("--session", str(SESSION), "--signals", signals, "--market", market)
    ended = subprocess.run(
        [Path(sys.executable).with_name("orderworks"), "run", "daily", *asked],
        env=without | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr
    assert "orders filled" in ended.stdout
    assert "Traceback" not in ended.stderr
    require_sound_books(ledger)
