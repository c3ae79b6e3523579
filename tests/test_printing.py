"""Printing is exact where it is to be processed, and honest where it is to be read."""

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderworks.model.listing import Listing
from orderworks.printing import Format, View, csv_text, json_text, plain, print_listing
from orderworks.tables import MOST_ROWS

money = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12)
moments = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-5))]))
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"))


@given(money)
def test_money_comes_back_as_it_was_and_without_an_exponent(value: Decimal) -> None:
    printed = plain(value)
    assert isinstance(printed, str)
    assert "e" not in printed.lower()
    assert Decimal(printed) == value


@given(moments)
def test_times_come_back_in_utc(moment: datetime) -> None:
    printed = plain(moment)
    assert isinstance(printed, str)
    assert printed.endswith("+00:00")
    assert datetime.fromisoformat(printed) == moment
    assert ("." in printed) == (moment.microsecond != 0)


@given(st.lists(st.tuples(texts, st.integers(), st.floats(allow_nan=False, allow_infinity=False))))
def test_json_and_csv_are_read_back(rows: list[tuple[str, int, float]]) -> None:
    listing = Listing(("name", "quantity", "measure"), list(rows))
    read = json.loads(json_text(listing))
    assert [(r["name"], r["quantity"], r["measure"]) for r in read] == rows
    header, *lines = csv.reader(io.StringIO(csv_text(listing), newline=""))
    assert header == ["name", "quantity", "measure"]
    assert [(name, int(q), float(m)) for name, q, m in lines] == rows


def test_what_json_has_no_word_for() -> None:
    nested = {"at": datetime(2026, 11, 20, tzinfo=UTC), "prices": [Decimal("1E+3"), nan, None]}
    assert plain(nested) == {"at": "2026-11-20T00:00:00+00:00", "prices": ["1000", None, None]}
    assert plain(date(2026, 11, 20)) == "2026-11-20"


def test_a_table_writes_numbers_for_a_reader(capsys: pytest.CaptureFixture[str]) -> None:
    values = (1234567, Decimal("0.5"), Decimal("1234.56789"), Decimal("9.125"), -0.004, True)
    print_listing(Listing(tuple("abcdef"), [values]), Format.TABLE)
    line = capsys.readouterr().out.splitlines()[1]
    assert line.split() == ["1,234,567", "0.50", "1,234.5679", "9.125", "-0.00", "yes"]


def test_a_column_that_holds_nothing_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    listing = Listing(("a", "b"), [(1, None), (2, None)])
    print_listing(listing, Format.TABLE, View("row", {"a": "first", "b": "second"}))
    assert "second" not in capsys.readouterr().out


def test_times_of_several_days_have_their_day(capsys: pytest.CaptureFixture[str]) -> None:
    moment = datetime(2026, 11, 20, 14, 35, tzinfo=UTC)
    rows = [(moment,), (moment + timedelta(days=1),)]
    print_listing(Listing(("at",), rows), Format.TABLE)
    printed = capsys.readouterr().out
    assert "2026-11-20 14:35:00" in printed
    assert "2026-11-21 14:35:00" in printed
    assert printed.endswith("2 rows. Times are UTC.\n")


def test_a_long_table_says_that_it_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [(f"row-{number}",) for number in range(MOST_ROWS + 1)]
    print_listing(Listing(("name",), rows), Format.TABLE)
    printed = capsys.readouterr().out
    assert f"row-{MOST_ROWS - 1}\n" in printed
    assert f"row-{MOST_ROWS}\n" not in printed
    assert "1,001 rows. The first 1,000 are shown: --format csv prints all." in printed


def test_notes_stand_below_once_each(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [("A", "late"), ("B", None), ("C", "late"), ("D", "stale")]
    view = View("row", {"name": "name"}, note="why")
    print_listing(Listing(("name", "why"), rows), Format.TABLE, view)
    lines = capsys.readouterr().out.splitlines()
    assert lines[-3:] == ["4 rows.", "A and 1 more: late", "D: stale"]


def test_markup_in_a_value_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    print_listing(Listing(("name",), [("[red]x[/red]",)]), Format.TABLE)
    assert "[red]x[/red]" in capsys.readouterr().out
