"""From the restart of a killed run to its first resumed send: at most 2 s beyond imports."""

import signal
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from statistics import median

import pytest
from command_processes import CommandProcesses
from judging import require_sound_books, rows
from synthetic_day import SESSION, a_whole_day, variables, write_market, write_table

from orderworks.ledger.connection import open_ledger
from orderworks.model.crash_points import VARIABLE, CrashPoint

ROUNDS = 5
LIMIT_SECONDS = 2.0


@pytest.mark.benchmark(group="recovery")
def test_a_killed_run_sends_again(
    benchmark,
    command_processes: CommandProcesses,
    fresh_database: Callable[[], AbstractContextManager[str]],
    tmp_path: Path,
) -> None:
    """The process is a fork of one that has imported everything: what it takes lies beyond imports."""
    market = str(write_market(tmp_path / "market", SESSION))
    signals = write_table(tmp_path / "signals.csv", *a_whole_day())
    daily = ("run", "daily", "--session", str(SESSION), "--signals", signals, "--market", market)

    def recovered() -> float:
        with fresh_database() as url:
            environment = variables(url, tmp_path / "home")
            point = f"{CrashPoint.SEND_PERMITTED}:2"
            died = command_processes.run(*daily, environment=environment | {VARIABLE: point})
            assert died.status == -signal.SIGKILL, died
            restarted = time.time()
            again = command_processes.run(*daily, environment=environment)
            assert again.status == 0, again
            with open_ledger(url) as ledger:
                require_sound_books(ledger)
                (sent,) = rows(
                    ledger,
                    "SELECT extract(epoch FROM min(recorded_at))::float8 AS at FROM send_attempts "
                    "WHERE recorded_at > to_timestamp(%s)",
                    restarted,
                )
        return float(sent["at"]) - restarted

    measured: list[float] = []
    benchmark.pedantic(lambda: measured.append(recovered()), rounds=ROUNDS)
    print(f"first resumed send after {median(measured):.2f} s (of {ROUNDS} restarts)")
    assert median(measured) < LIMIT_SECONDS
