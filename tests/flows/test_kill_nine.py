"""kill -9 where it hurts most, then the same command again.

Judged by the exchange's own record: every order once, and as much traded as without the kill.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from command_processes import CommandProcesses, Ended
from judging import Total, exchange_total, require_sound_books, rows
from synthetic_day import SESSION, variables

from orderworks.ledger.connection import Ledger, open_ledger
from orderworks.model.crash_points import VARIABLE, CrashPoint

pytestmark = pytest.mark.proof

PATIENCE_SECONDS = 60

# At the second passing of a point of a wave slices rest at the exchange and more are to come.
POINTS = [
    f"{CrashPoint.PLAN_FROZEN}:1",
    f"{CrashPoint.CANCEL_ANSWERED}:1",
    f"{CrashPoint.SEND_PERMITTED}:2",
    f"{CrashPoint.EXCHANGE_RECORDED}:2",
    f"{CrashPoint.MARKET_MOVED}:2",
    f"{CrashPoint.RUN_BEFORE_DONE}:1",
]


@pytest.fixture(scope="session")
def daily(market: str, signals: str) -> tuple[str, ...]:
    """The command."""
    asked = ("--session", str(SESSION), "--signals", signals, "--market", market)
    return ("run", "daily", *asked)


@pytest.fixture(scope="session")
def unhurt(
    daily: tuple[str, ...],
    command_processes: CommandProcesses,
    fresh_database: Callable[[], AbstractContextManager[str]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Total:
    """What reaches the exchange and is traded where nobody kills the run."""
    with fresh_database() as url:
        environment = variables(url, tmp_path_factory.mktemp("home"))
        ended = command_processes.run(*daily, environment=environment)
        assert ended.status == 0, ended
        with open_ledger(url) as ledger:
            return exchange_total(ledger)


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_run_is_completed_by_the_same_command(
    orderworks: Callable[..., Ended],
    ledger: Ledger,
    daily: tuple[str, ...],
    unhurt: Total,
    point: str,
) -> None:
    killed = orderworks(*daily, **{VARIABLE: point})
    assert killed.status == -signal.SIGKILL, killed
    again = orderworks(*daily)
    assert again.status == 0, again
    assert "orders filled" in again.out
    require_sound_books(ledger)
    assert exchange_total(ledger) == unhurt


@pytest.mark.parametrize("point", [CrashPoint.REVISION_PERMITTED, CrashPoint.REVISION_ANSWERED])
def test_a_run_that_was_killed_while_it_repriced_is_completed(
    orderworks: Callable[..., Ended], ledger: Ledger, daily: tuple[str, ...], point: str
) -> None:
    passive = {"ORDERWORKS_ROUTER__SLICE_STYLE": "passive"}
    killed = orderworks(*daily, **passive, **{VARIABLE: f"{point}:1"})
    assert killed.status == -signal.SIGKILL, killed
    asked = "SELECT client_order_id, revision FROM revision_attempts"
    assert rows(ledger, asked)
    again = orderworks(*daily, **passive)
    assert again.status == 0, again
    require_sound_books(ledger)
    asked_twice = (
        f"SELECT 1 FROM ({asked}) a GROUP BY client_order_id, revision HAVING count(*) > 1"
    )
    # What never left may be asked for again; what the broker has done shows in its snapshot.
    if point == CrashPoint.REVISION_ANSWERED:
        assert rows(ledger, asked_twice) == []


def test_a_kill_from_outside_in_the_middle_of_a_wave(
    environment: dict[str, str],
    prefect_api: str,
    orderworks: Callable[..., Ended],
    ledger: Ledger,
    daily: tuple[str, ...],
    tmp_path: Path,
) -> None:
    # Slices enough for the run to last until it is noticed and shot.
    slices = {"ORDERWORKS_ROUTER__TWAP_NUM_SLICES": "20"}
    program = Path(sys.executable).with_name("orderworks")
    whole = os.environ | environment | slices | {"PREFECT_API_URL": prefect_api}
    with (
        (tmp_path / "said.txt").open("wb") as said,
        subprocess.Popen([program, *daily], env=whole, stderr=said) as run,
    ):
        _wait_for_a_wave(ledger, run)
        os.kill(run.pid, signal.SIGKILL)
    assert run.returncode == -signal.SIGKILL
    assert rows(ledger, "SELECT state FROM runs") == [{"state": "PLANNED"}]
    sent = exchange_total(ledger).orders
    assert sent > 0

    again = orderworks(*daily, **slices)
    assert again.status == 0, again
    assert "orders filled" in again.out
    assert exchange_total(ledger).orders > sent
    require_sound_books(ledger)


def _wait_for_a_wave(ledger: Ledger, run: subprocess.Popen[bytes]) -> None:
    """Returns when a slice is at the exchange that is not the first of its parent."""
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not rows(
        ledger,
        "SELECT 1 FROM orders WHERE slice_index > 0 AND state IN ('SUBMITTED', 'PARTIALLY_FILLED')",
    ):
        assert run.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < give_up, "no slice was sent"
        time.sleep(0.002)
