"""The same listing as CSV, as a table to be piped, and as one on a terminal."""

import csv
import io
import json
import os
import subprocess
import sys

import pytest
from rich.text import Text
from small_ledger import (
    ACCOUNT,
    REASON,
    Says,
    name_of,
    records,
)

from orderworks.ledger.connection import Ledger
from orderworks.model.state import OrderState

LISTINGS = {
    "status": ["status"],
    "plan": ["plan"],
    "orders": ["orders"],
    "children": ["orders", "--children"],
    "fills": ["fills"],
    "positions": ["positions"],
    "quality": ["quality"],
    "quality by symbol": ["quality", "--by", "symbol"],
    "breaks": ["breaks", "--all"],
    "alerts": ["alerts"],
}
EVERY_LISTING = pytest.mark.parametrize("command", LISTINGS.values(), ids=LISTINGS)


@pytest.mark.parametrize(
    "command",
    [command for name, command in LISTINGS.items() if name != "status"],
    ids=[name for name in LISTINGS if name != "status"],
)
def test_csv_holds_the_same_values_as_json(says: Says, books: Ledger, command: list[str]) -> None:
    objects = records(says(*command, "--format", "json"))
    assert objects
    lines = list(csv.DictReader(io.StringIO(says(*command, "--format", "csv").stdout)))
    assert lines == [
        {
            name: ""
            if value is None
            else json.dumps(value)
            if isinstance(value, bool | dict | list)
            else str(value)
            for name, value in record.items()
        }
        for record in objects
    ]


@EVERY_LISTING
def test_a_piped_table_is_plain_and_on_a_terminal_it_fits(
    says: Says, books: Ledger, command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    piped = says(*command).stdout
    assert "\x1b" not in piped
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("FORCE_COLOR", "1")
    lines = [Text.from_ansi(line).plain for line in says(*command).stdout.splitlines()]
    table = [line for line in lines if " account SIM1" not in line and REASON not in line]
    assert len(table) > 1
    assert max(len(line) for line in table) <= 100


def test_the_table_of_orders(says: Says, books: Ledger) -> None:
    lines = says("orders").stdout.splitlines()
    headings = "order symbol side quantity filled avg price state limit due"
    assert " ".join(lines[0].split()) == headings
    parent, child = name_of("AAPL", "buy", "parent"), name_of("AAPL", "buy", "c0")
    assert lines[1].startswith(f"{parent[:7]}…{parent[-3:]} ")
    assert lines[2].startswith(f"  {child[:7]}…{child[-3:]} ")
    cells = "AAPL buy 10 3 100.0267 PARTIALLY_FILLED 100.10 14:35:00"
    assert " ".join(lines[1].split()[1:]) == cells
    refused = name_of("MSFT", "sell", "parent")
    assert lines[-2:] == [
        "4 orders of account SIM1: 2 PARTIALLY_FILLED, 1 NEW, 1 REJECTED. "
        "Times are UTC, of 2026-11-20.",
        f"{refused[:7]}…{refused[-3:]}: {REASON}",
    ]


def test_a_child_that_is_listed_alone_names_its_parent(says: Says, books: Ledger) -> None:
    lines = says("orders", "--children").stdout.splitlines()
    assert lines[0].split()[:3] == ["order", "parent", "symbol"]
    parent, child = name_of("AAPL", "buy", "parent"), name_of("AAPL", "buy", "c0")
    assert lines[1].startswith(f"{child[:7]}…{child[-3:]}  {parent[:7]}…{parent[-3:]}  AAPL ")


def test_states_are_coloured_on_a_terminal(
    says: Says, books: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    assert f"\x1b[31m{OrderState.REJECTED}" in says("orders").stdout


def test_empty_listings(says: Says, ledger: Ledger) -> None:
    assert says("orders", "--state", "UNKNOWN").stdout == (
        "No orders of account SIM1, state UNKNOWN.\n"
    )
    assert says("fills", "--format", "json").stdout == "[]\n"
    assert (
        says("fills", "--format", "csv").stdout
        == "exec_id,client_order_id,symbol,side,quantity,price,ts,commission\n"
    )
    assert says("plan").stdout.startswith("No planned orders of account SIM1.\n")
    (account,) = records(says("status", "--format", "json"))
    assert (account["account"], account["mode"], account["runs"]) == (ACCOUNT, None, [])


@pytest.mark.parametrize("form", ["table", "json"])
def test_a_reader_who_has_gone_away_is_no_failure_to_be_told(
    says: Says, books: Ledger, form: str
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    script = "from orderworks.commands.listings import app; app()"
    command = [sys.executable, "-c", script, "orders", "--format", form]
    ended = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (1, "")
