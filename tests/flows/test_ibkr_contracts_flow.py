"""Contracts of the gateway in runs: asked for once a day, and what cannot be borrowed is not sold short."""

import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from command_processes import Ended
from fallback_gateway import gateway
from judging import rows
from synthetic_day import SESSION, signal, write_table

from orderworks.ledger.connection import Ledger

pytestmark = pytest.mark.proof

REFUSED = "SELECT symbol, code FROM risk_decisions WHERE NOT accepted"
PLACED = "SELECT document -> 'fields' ->> 'conId' AS con_id FROM gateway.orders"


@pytest.fixture
def lending_market(market: str, tmp_path: Path) -> str:
    """The market, of which no RUSH can be borrowed."""
    directory = shutil.copytree(market, tmp_path / "lending")
    (directory / "borrow.csv").write_text("symbol,shares\nRUSH,0\n", "utf-8")
    return str(directory)


def test_contracts_are_asked_for_once_and_what_cannot_be_borrowed_is_refused_by_the_gate(
    ledger: Ledger,
    environment: dict[str, str],
    orderworks: Callable[..., Ended],
    lending_market: str,
    tmp_path: Path,
) -> None:
    log = tmp_path / "gateway.jsonl"
    short = signal("RUSH", "short", quantity=100)
    signals = write_table(tmp_path / "signals.csv", signal("ACME", quantity=100), short)
    again = write_table(tmp_path / "again.csv", signal("ACME", quantity=200), short)
    asked = ("--session", str(SESSION), "--signals")
    with gateway(environment, lending_market, "--log", str(log)) as there:
        first = orderworks("run", "daily", *asked, signals, **there)
        assert first.status == 0, first.err
        once = _asked(log)
        second = orderworks("run", "intraday", *asked, again, **there)
        assert second.status == 0, second.err
        assert _asked(log) == once
    assert once["CONTRACT_DETAILS"] == 2
    assert rows(ledger, REFUSED) == [{"symbol": "RUSH", "code": "SHORT_PERMISSION"}] * 2
    kept = rows(ledger, "SELECT symbol, con_id, shortable FROM contracts ORDER BY symbol")
    assert [(one["symbol"], one["shortable"]) for one in kept] == [("ACME", None), ("RUSH", False)]
    assert {one["con_id"] for one in rows(ledger, PLACED)} == {str(kept[0]["con_id"])}


def _asked(log: Path) -> Counter[str]:
    """How often the gateway was asked about contracts."""
    lines = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    kinds = [line["message"] for line in lines if line["from"] == "client"]
    return Counter(one for one in kinds if one in ("CONTRACT_DETAILS", "MARKET_RULE"))
