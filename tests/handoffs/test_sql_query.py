"""Signals and targets that a database has, asked from the real ones: PostgreSQL and SQLite."""

import math
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path

import pytest
from pandas import Timestamp
from sqlalchemy import create_engine, text

from orderworks.handoffs import check
from orderworks.handoffs.sql_query import Query, ask, read_query
from orderworks.handoffs.suites.signals import SIGNALS
from orderworks.handoffs.suites.targets import TARGETS
from orderworks.handoffs.table_file import TableFile
from orderworks.model.errors import InputError

VALUES = {"session": date(2026, 11, 20), "account": "SIM1"}
SELECT = "SELECT * FROM signals WHERE day = :session ORDER BY symbol"
COLUMNS = "strategy, symbol, direction, strength, price, ts, quantity"

Asks = Callable[..., TableFile]


@pytest.fixture(params=["postgresql", "sqlite"])
def url(
    request: pytest.FixtureRequest,
    fresh_database: Callable[[], AbstractContextManager[str]],
    tmp_path: Path,
):
    """A database with a table of signals, two of which are of the session."""
    if request.param == "sqlite":
        address, time = f"sqlite:///{tmp_path / 'signals.db'}", "text"
        yield filled(address, address, time)
        return
    with fresh_database() as address:
        yield filled(address, address.replace("postgresql:", "postgresql+psycopg:"), "timestamptz")


def filled(address: str, writable: str, time: str) -> str:
    with create_engine(writable).begin() as database:
        database.execute(
            text(
                "CREATE TABLE signals (strategy text, symbol text, direction text, strength real, "
                f"price numeric, ts {time}, quantity integer, day date)"
            )
        )
        for row in (
            "'momentum', 'MSFT', 'long', 0.5, 411.25, '2026-11-20T14:30:00Z', NULL, '2026-11-20'",
            "'momentum', 'AAPL', 'short', 0.25, 182.52, '2026-11-20T09:30:00-05:00', 100, '2026-11-20'",
            "'momentum', 'GONE', 'long', 1, 1, '2026-11-19T14:30:00Z', 100, '2026-11-19'",
        ):
            database.execute(text(f"INSERT INTO signals VALUES ({row})"))
    database.engine.dispose()
    return address


def asked(url: str, sql: str, values: Mapping[str, object] = VALUES, suite=SIGNALS) -> TableFile:
    return ask(Query(Path("signals.sql"), sql), url, values, suite)


def test_the_rows_of_the_session_are_signals(url: str) -> None:
    table = asked(url, f"SELECT {COLUMNS} FROM signals WHERE day = :session ORDER BY symbol")
    assert table.frame["symbol"].tolist() == ["AAPL", "MSFT"]
    assert table.frame["row"].tolist() == [1, 2]
    assert table.frame["price"].tolist() == [182.52, 411.25]
    assert table.frame["ts"].tolist() == [Timestamp("2026-11-20T14:30Z")] * 2
    assert table.frame["quantity"].tolist()[0] == 100
    assert math.isnan(table.frame["quantity"].tolist()[1])
    assert len(check("signals", table.frame, raw=table.raw).accepted) == 2


def test_no_rows_are_an_empty_table(url: str) -> None:
    table = asked(url, f"SELECT {COLUMNS} FROM signals WHERE 1 = 0")
    assert table.frame.empty
    assert "symbol" in table.frame


def test_a_row_that_breaks_a_rule_is_named_by_its_number(url: str) -> None:
    table = asked(
        url,
        f"SELECT {COLUMNS.replace('direction', 'symbol AS direction')} FROM signals ORDER BY ts",
    )
    with pytest.raises(InputError, match="row 1: direction"):
        check("signals", table.frame, raw=table.raw)


def test_targets_are_asked_for_likewise(url: str) -> None:
    table = asked(
        url, "SELECT symbol, strength AS weight FROM signals ORDER BY symbol", {}, TARGETS
    )
    assert table.frame["weight"].tolist() == [0.25, 1.0, 0.5]


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT * FROM signals", "column 'day' is not in the format"),
        ("SELECT symbol FROM nowhere", "nowhere"),
        ("SELECT symbol FROM signals WHERE day = :when", "'when'"),
        ("DELETE FROM signals", "write a SELECT"),
        ("SELECT symbol, symbol FROM signals", "occurs 2 times"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(url: str, sql: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as refused:
        asked(url, sql)
    assert "\n" not in str(refused.value)
    assert str(refused.value).startswith("signals.sql: ")


def test_a_query_that_is_no_select_changes_nothing(url: str) -> None:
    with pytest.raises(InputError, match="write a SELECT"):
        asked(url, "DELETE FROM signals")
    assert len(asked(url, f"SELECT {COLUMNS} FROM signals").frame) == 3


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://me:s3cr3tword@127.0.0.1:1/signals",
        "nonsense://me:s3cr3tword@here/signals",
        "mysql+pymysql://me:s3cr3tword@here/signals",
        "me:s3cr3tword@here",
    ],
)
def test_no_error_shows_the_password_of_an_address(address: str) -> None:
    with pytest.raises(InputError) as refused:
        asked(address, "SELECT 1")
    assert "s3cr3tword" not in str(refused.value)


def test_a_missing_or_empty_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_query(tmp_path / "signals.sql")
    (tmp_path / "signals.sql").write_text(" \n")
    with pytest.raises(InputError, match="write a query"):
        read_query(tmp_path / "signals.sql")
    (tmp_path / "signals.sql").write_text("SELECT 1;\n")
    assert read_query(tmp_path / "signals.sql").text == "SELECT 1"
