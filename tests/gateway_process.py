"""A gateway in a process of its own, and what suits its hurried market."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from steered_clock import STEERED_AT
from synthetic_day import SESSION

ROOT = Path(__file__).resolve().parents[1]
ACCOUNT = "DU1234567"
Process = subprocess.Popen[str]

RUNS_FAST = {
    "ORDERWORKS_BROKER__PROVIDER": "ibkr",
    "ORDERWORKS_BROKER__IBKR__ACCOUNT_ID": ACCOUNT,
    "ORDERWORKS_BROKER__IBKR__CLOCK": "gateway",
    "ORDERWORKS_BROKER__IBKR__ANSWER_SECONDS": "2",
    "ORDERWORKS_BROKER__IBKR__NO_SEND": "[]",
    "ORDERWORKS_BROKER__IBKR__WHAT_IF_PER_MINUTE": "600",
    "ORDERWORKS_EXECUTION__START_AFTER_OPEN_SECONDS": "120",
    # Of the market, of which a second of the wall has twenty.
    "ORDERWORKS_MARKET__QUOTE_WAIT_SECONDS": "180",
    "ORDERWORKS_MARKET__STALE_AFTER_SECONDS": "120",
    "ORDERWORKS_EXECUTION__SWEEP_SECONDS": "15",
    "ORDERWORKS_ROUTER__TWAP_INTERVAL_SECONDS": "30",
    "ORDERWORKS_QUALITY__ALERT_LATENCY_MS": "600000",
}


AT_STANDING = {
    "ORDERWORKS_BROKER__PROVIDER": "ibkr",
    "ORDERWORKS_BROKER__IBKR__ACCOUNT_ID": ACCOUNT,
    "ORDERWORKS_BROKER__IBKR__CLOCK": "gateway",
    "ORDERWORKS_BROKER__IBKR__NO_SEND": "[]",
    # What the broker is asked about margin stands beside a decision, and only here.
    "ORDERWORKS_BROKER__IBKR__WHAT_IF_ORDERS": "0",
}


@contextmanager
def running_gateway(
    environment: Mapping[str, str], market: str, speed: float, *others: str
) -> Iterator[Process]:
    """A gateway whose market begins with the open of the session, and runs so many times as fast."""
    arguments = ["--market", market, "--session", str(SESSION), "--speed", str(speed), *others]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.gateway", *arguments, "--account", ACCOUNT],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate()
        assert process.returncode == 0


@contextmanager
def standing_gateway(environment: Mapping[str, str], market: str) -> Iterator[dict[str, str]]:
    """One whose market stands but while a steered command waits: the settings that lead there."""
    with running_gateway(environment, market, 0, "--steered") as process:
        port, steered_at = heard(process).split()
        yield AT_STANDING | {"ORDERWORKS_BROKER__IBKR__PORT": port, STEERED_AT: steered_at}


def heard(process: Process) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def tell(process: Process, line: str) -> None:
    """Lets the gateway do something."""
    assert process.stdin is not None
    print(line, file=process.stdin, flush=True)
    assert heard(process) == "done"
