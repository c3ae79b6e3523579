"""``orderworks replay``: numbers on standard output, progress beside it, a chart, and no traces."""

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from command_processes import CommandProcesses, Ended
from judging import Total, exchange_total, rows
from synthetic_day import SESSION, signal, variables, write_market, write_table

from orderworks.ledger.connection import Ledger

pytestmark = pytest.mark.proof

Run = Callable[..., Ended]


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_market(tmp_path_factory.mktemp("market"), SESSION)


@pytest.fixture
def replay(
    command_processes: CommandProcesses, ledger_url: str, market: Path, tmp_path: Path
) -> Run:
    """``orderworks replay`` of the one session, beside the test's own ledger."""

    def run(**others: object) -> Ended:
        rows = [signal("ACME", quantity=2000), signal("SLIM", quantity=1500)]
        asked = {
            "from": SESSION,
            "to": SESSION,
            "signals": write_table(tmp_path / "signals.csv", *rows),
            "market": market,
        } | others
        options = [text for name, value in asked.items() for text in (f"--{name}", str(value))]
        in_force = variables(ledger_url, tmp_path / "home")
        return command_processes.run("replay", *options, environment=in_force)

    return run


def test_the_tables_the_answer_and_the_chart(replay: Run, ledger: Ledger, tmp_path: Path) -> None:
    ended = replay()
    assert ended.status == 0, ended.err
    for number, algorithm in enumerate(("routed", "twap", "vwap"), start=1):
        line = ended.err.splitlines()[number - 1]
        assert re.fullmatch(rf"{number} of 3: {SESSION} {algorithm}: 2 orders, \d+% filled", line)
    *_, chart = ended.out.splitlines()
    assert "on 2 orders of 1 session (shortfall " in ended.out
    assert (
        chart
        == f"Chart: {tmp_path / 'home/reports'}/replay-{SESSION}-{SESSION}-routed-twap-vwap.png"
    )
    assert Path(chart.removeprefix("Chart: ")).read_bytes().startswith(b"\x89PNG")
    for told in ("fill rate", "3 algorithms.", "by the route of its orders.", "3 comparisons"):
        assert told in ended.out
    assert rows(ledger, "SELECT * FROM accounts") == []
    assert exchange_total(ledger) == Total(0, 0)


def test_to_be_processed_and_the_same_each_time(replay: Run) -> None:
    ended = replay(algos="vwap,twap", format="json")
    assert ended.status == 0, ended.err
    listed = json.loads(ended.out)
    whole = {row["algorithm"]: row for row in listed if row["route"] == "all"}
    assert list(whole) == ["vwap", "twap"]
    (against,) = whole["vwap"]["against"]
    assert (against["other"], against["orders"]) == ("twap", 2)
    assert whole["twap"]["against"] == []
    parts = [row for row in listed if row["route"] != "all"]
    assert sum(row["orders"] for row in parts) == 4
    assert "vwap" in ended.err
    assert "Chart: " in ended.err

    again = replay(algos="vwap,twap", format="csv")
    listed_again = list(csv.DictReader(io.StringIO(again.out)))
    for row, same in zip(listed, listed_again, strict=True):
        told = {name: "" if value is None else str(value) for name, value in row.items()}
        assert told | {"against": ""} == same | {"against": ""}


def test_without_an_order_it_says_why(replay: Run, tmp_path: Path) -> None:
    beyond = write_table(tmp_path / "beyond.csv", signal("ACME", price=300.0))
    assert json.loads(replay(signals=beyond, algos="twap", format="json").out) == []
    ended = replay(signals=beyond, algos="twap")
    assert (ended.status, ended.out) == (0, "")
    assert ended.err.splitlines()[-2:] == [
        "No signal came to an order.",
        "twap: 1 signal came to no order: 1 PRICE_COLLAR.",
    ]


BAD_REQUESTS: dict[str, tuple[dict[str, object], str]] = {
    "to before from": ({"to": "2024-11-20"}, "--to 2024-11-20 is before --from 2024-11-21"),
    "no date": ({"from": "yesterday"}, "--from takes a date such as 2026-11-20, not 'yesterday'"),
    "no session": ({"from": "2024-11-23", "to": "2024-11-24"}, "New York does not trade from"),
    "no such algorithm": ({"algos": "twap,wvap"}, "there is no algorithm 'wvap' (did you mean"),
    "no such market": ({"market": "nowhere"}, "there is no market directory"),
    "no data": ({"to": "2024-11-22"}, "lacks 1 of the 2 sessions from 2024-11-21 to 2024-11-22"),
    "no such file": ({"signals": "nowhere.csv"}, "nowhere.csv: no such file"),
}


@pytest.mark.parametrize(("request_", "said"), BAD_REQUESTS.values(), ids=BAD_REQUESTS)
def test_bad_requests(replay: Run, request_: dict[str, object], said: str) -> None:
    ended = replay(**request_)
    assert (ended.status, ended.out) == (2, "")
    (sentence,) = ended.err.splitlines()
    assert sentence.startswith("error: ")
    assert said in sentence


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (
            [signal("ACME"), signal("RUSH", "up")],
            "row 3: direction must be one of long, short, flat",
        ),
        ([signal("ACME", strength=2)], "row 2: strength must be between 0 and 1 (is 2.0)"),
        ([signal("ACME", ts="")], "row 2: ts is missing"),
        ([], "signals.csv: the file is empty; write its table into it"),
    ],
)
def test_bad_signals_are_told_as_a_run_tells_them(
    replay: Run, tmp_path: Path, table: list[dict[str, object]], said: str
) -> None:
    file = tmp_path / "bad" / "signals.csv"
    file.parent.mkdir()
    file.write_bytes(b"")
    ended = replay(signals=write_table(file, *table) if table else file)
    assert (ended.status, ended.out) == (2, "")
    (sentence,) = ended.err.splitlines()
    assert said in sentence
