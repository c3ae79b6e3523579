"""A gateway in a process of its own, what suits its hurried market, and its record as the judge."""

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

from judging import rows
from synthetic_day import SESSION

from orderworks.ledger.connection import Ledger

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

SENT = "SELECT client_order_id AS name FROM orders WHERE reaches_broker"
OUR_FILLS = (
    "SELECT client_order_id AS ref, quantity, price FROM fills ORDER BY ref, quantity, price"
)
THEIR_FILLS = (
    "SELECT o.document -> 'fields' ->> 'orderRef' AS ref, f.quantity, f.price FROM exchange.fills f "
    "JOIN gateway.orders o ON o.perm_id::text = f.client_order_id ORDER BY ref, quantity, price"
)


@contextmanager
def running_gateway(environment: Mapping[str, str], market: str, speed: float) -> Iterator[Process]:
    """A gateway whose market begins with the open of the session, and runs so many times as fast."""
    arguments = ["--market", market, "--session", str(SESSION), "--speed", str(speed)]
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


def heard(process: Process) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def tell(process: Process, line: str) -> None:
    """Lets the gateway do something."""
    assert process.stdin is not None
    print(line, file=process.stdin, flush=True)
    assert heard(process) == "done"


def require_equal_books(ledger: Ledger) -> None:
    """Each order once, and fills, cash and positions equal, by the gateway's own record."""
    refs = Counter(
        row["ref"]
        for row in rows(
            ledger, "SELECT document -> 'fields' ->> 'orderRef' AS ref FROM gateway.orders"
        )
    )
    assert [ref for ref, times in refs.items() if times > 1] == []
    sent = {row["name"] for row in rows(ledger, SENT)}
    assert refs.keys() <= sent
    ours, theirs = (rows(ledger, query) for query in (OUR_FILLS, THEIR_FILLS))
    assert ours
    assert ours == theirs
    (cash,) = rows(ledger, "SELECT balance FROM cash")
    (their_cash,) = rows(ledger, "SELECT cash FROM exchange.accounts")
    assert abs(cash["balance"] - their_cash["cash"]) < Decimal("0.01")
    held = "SELECT symbol, quantity FROM {} WHERE quantity <> 0 ORDER BY symbol"
    assert rows(ledger, held.format("positions")) == rows(ledger, held.format("exchange.positions"))
    assert rows(ledger, "SELECT 1 FROM breaks WHERE resolved_at IS NULL") == []
