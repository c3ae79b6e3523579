"""Bad input: told in one clear sentence, nothing half-done, and what was refused is kept."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from command_processes import CommandProcesses, Ended
from judging import Total, exchange_total, rows
from synthetic_day import SESSION, signal, variables, write_market, write_table

from orderworks.ledger.connection import Ledger

Run = Callable[..., Ended]

A_LINE_OF_PROGRESS = re.compile(r"\d\d:\d\d:\d\d  ")


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_market(tmp_path_factory.mktemp("market"), SESSION)


@pytest.fixture
def daily(
    command_processes: CommandProcesses, ledger_url: str, market: Path, tmp_path: Path
) -> Run:
    """``orderworks run daily`` on the test's own ledger; a None leaves an option out."""

    def run(
        signals: Path | str | None, environment: Mapping[str, str] | None = None, **others: object
    ) -> Ended:
        asked = {"session": SESSION, "market": market, "signals": signals} | others
        options = [
            text
            for name, value in asked.items()
            if value is not None
            for text in (f"--{name.replace('_', '-')}", str(value))
        ]
        in_force = variables(ledger_url, tmp_path / "home") | dict(environment or {})
        return command_processes.run("run", "daily", *options, environment=in_force)

    return run


def require_refusal(ended: Ended, *said: str, status: int = 2) -> None:
    """One sentence at the end, which says this, and nothing of our insides."""
    assert ended.status == status, ended
    assert ended.out == ""
    *before, sentence = ended.err.splitlines()
    assert sentence.startswith("error: ")
    assert all(A_LINE_OF_PROGRESS.match(line) for line in before), before
    for words in said:
        assert words in sentence


def require_no_orders(ledger: Ledger) -> None:
    assert rows(ledger, "SELECT * FROM orders") == []
    assert exchange_total(ledger) == Total(orders=0, shares=0)


BAD_ROWS = {
    "unknown direction": (
        [signal("ACME"), signal("RUSH", "up")],
        {"3": "direction must be one of long, short, flat"},
        "(is 'up')",
    ),
    "NaN price": ([signal("ACME", price="NaN")], {"2": "price is missing"}, "(the file has 'NaN')"),
    "duplicate signal": (
        [signal("ACME"), signal("RUSH"), signal("ACME")],
        {
            "2": "duplicate signal: strategy and symbol must be unique",
            "4": "duplicate signal: strategy and symbol must be unique",
        },
        "symbol is 'ACME'",
    ),
    "strength 2": (
        [signal("ACME", strength=2)],
        {"2": "strength must be between 0 and 1"},
        "(is 2.0)",
    ),
    "win_rate 1.4": (
        [signal("ACME", win_rate=1.4)],
        {"2": "win_rate must be between 0 and 1"},
        "(is 1.4)",
    ),
}


@pytest.mark.parametrize(("table", "broken", "found"), BAD_ROWS.values(), ids=BAD_ROWS)
def test_bad_rows_are_told_and_kept(
    daily: Run,
    ledger: Ledger,
    tmp_path: Path,
    table: list[dict[str, object]],
    broken: dict[str, str],
    found: str,
) -> None:
    ended = daily(write_table(tmp_path / "signals.csv", *table))
    told = [f"row {row}: {rule}" for row, rule in broken.items()]
    require_refusal(ended, *told, found, "correct the rows")
    require_no_orders(ledger)
    (run,) = rows(ledger, "SELECT state, message, planned_at FROM runs")
    assert (run["state"], run["planned_at"]) == ("FAILED", None)
    assert f"error: {run['message']}" == ended.err.splitlines()[-1]
    kept = rows(ledger, "SELECT row, rule, content FROM quarantined_rows ORDER BY row")
    assert {row["row"]: row["rule"] for row in kept} == broken
    for row in kept:
        original = table[int(row["row"]) - 2]
        assert row["content"] == {name: str(value) for name, value in original.items()}


BAD_TABLES = {
    "missing column": (
        b"strategy,symbol,direction,price,ts,win_rate,avg_win_pct,avg_loss_pct\n"
        b"momentum,ACME,long,100.0,2024-11-21T14:32:00Z,0.55,2.0,1.5\n",
        ["signals: column 'strength' is missing", "price", "add it"],
    ),
    "header only": (
        ",".join(signal("ACME")).encode() + b"\n",
        ["the table has no rows", "add at least one"],
    ),
    "empty file": (b"", ["signals.csv: the file is empty", "write"]),
    "wrong encoding": (
        "strategy,symbol\nmömentum,ACME\n".encode("latin-1"),
        ["signals.csv: not UTF-8 text at byte 17", "save the file as UTF-8"],
    ),
}


@pytest.mark.parametrize(("content", "said"), BAD_TABLES.values(), ids=BAD_TABLES)
def test_bad_tables(
    daily: Run, ledger: Ledger, tmp_path: Path, content: bytes, said: list[str]
) -> None:
    file = tmp_path / "signals.csv"
    file.write_bytes(content)
    require_refusal(daily(file), *said)
    require_no_orders(ledger)


BAD_REQUESTS: dict[str, tuple[dict[str, object], list[str]]] = {
    "a session in the future": (
        {"session": "2039-11-21"},
        ["session 2039-11-21 lies in the future", "correct --session"],
    ),
    "a signal of after the session": (
        {"ts": f"{SESSION}T21:00:00Z"},
        ["row 2 is of 2024-11-21 21:00:00 UTC", "correct its ts or --session"],
    ),
    "no such file": ({"signals": "nowhere.csv"}, ["nowhere.csv: no such file", "check the path"]),
    "no signals": ({"signals": None}, ["has no plan yet and needs its input", "--signals FILE"]),
    "no such market": (
        {"market": "nowhere"},
        ["there is no market directory", "nowhere", "--market"],
    ),
    "no market": ({"market": None}, ["replays recorded quotes and none are named", "--market DIR"]),
}


@pytest.mark.parametrize(("request_", "said"), BAD_REQUESTS.values(), ids=BAD_REQUESTS)
def test_bad_requests(
    daily: Run, ledger: Ledger, tmp_path: Path, request_: dict[str, object], said: list[str]
) -> None:
    options = dict(request_)
    stated = signal("ACME", ts=options.pop("ts", f"{SESSION}T14:32:00Z"))
    file = write_table(tmp_path / "signals.csv", stated)
    require_refusal(daily(**({"signals": file} | options)), *said)
    require_no_orders(ledger)


@pytest.mark.parametrize(
    ("environment", "file", "said"),
    [
        ({"ORDERWORKS_ROUTER__TWAP_SLICES": "3"}, "", "setting 'router.twap_slices' is unknown"),
        ({"ORDERWORKS_ROUTR__X": "3"}, "", "ORDERWORKS_ROUTR__X names no setting"),
        ({}, "router: {twap_slices: 3}", "setting 'router.twap_slices' is unknown"),
        (
            {},
            "router: {twap_interval_seconds: 0}",
            "setting 'router.twap_interval_seconds' cannot be 0",
        ),
    ],
)
def test_bad_settings(
    daily: Run,
    ledger: Ledger,
    tmp_path: Path,
    environment: dict[str, str],
    file: str,
    said: str,
) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(file, "utf-8")
    signals = write_table(tmp_path / "signals.csv", signal("ACME"))
    ended = daily(signals, environment | ({"ORDERWORKS_CONFIG": str(own)} if file else {}))
    require_refusal(ended, said)
    require_no_orders(ledger)


def test_a_database_that_is_down(daily: Run, tmp_path: Path) -> None:
    down = {"ORDERWORKS_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}
    ended = daily(write_table(tmp_path / "signals.csv", signal("ACME")), down)
    require_refusal(
        ended, "the ledger's database does not answer", "ORDERWORKS_DATABASE_URL", status=1
    )


def test_a_symbol_without_market_data_is_refused_and_told(
    daily: Run, ledger: Ledger, tmp_path: Path
) -> None:
    ended = daily(write_table(tmp_path / "signals.csv", signal("NOSUCH")))
    assert ended.status == 0, ended
    assert ended.out == "no orders; 1 signal came to no order: there is no quote for NOSUCH\n"
    assert "refused NOSUCH: QUOTE_MISSING" in ended.err
    (decision,) = rows(ledger, "SELECT accepted, code, reason FROM risk_decisions")
    assert not decision["accepted"]
    assert (decision["code"], "NOSUCH" in decision["reason"]) == ("QUOTE_MISSING", True)
    require_no_orders(ledger)


def test_corrected_input_goes_under_the_same_run_key_and_other_input_does_not(
    daily: Run, ledger: Ledger, tmp_path: Path
) -> None:
    require_refusal(daily(write_table(tmp_path / "bad.csv", signal("RUSH", strength=2))))
    require_no_orders(ledger)
    corrected = daily(
        write_table(tmp_path / "good.csv", signal("RUSH", strength=0.95, quantity=100))
    )
    assert (corrected.status, corrected.out) == (0, "1 of 1 orders filled\n"), corrected
    planned = rows(ledger, "SELECT * FROM orders")
    sent = exchange_total(ledger)
    assert sent.orders == 2, "the entry and its protective stop"

    others = write_table(tmp_path / "others.csv", signal("RUSH", strength=0.96))
    require_refusal(
        daily(others),
        f"run 'daily:{SESSION}'",
        "was planned from other inputs",
        "another --run-key",
    )
    assert rows(ledger, "SELECT * FROM orders") == planned
    assert exchange_total(ledger) == sent
