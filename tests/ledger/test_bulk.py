"""What goes in by COPY comes out as it was."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from orderworks.ledger.bulk import Columns, copy_columns, copy_rows
from orderworks.ledger.connection import Ledger
from orderworks.model.state import OrderState
from orderworks.row_text import BLOCK, array

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
ZONES = [UTC, timezone(timedelta(hours=-5)), timezone(timedelta(hours=5, minutes=45))]
MOMENTS = st.builds(
    lambda microseconds, zone: (
        datetime(2025, 11, 20, tzinfo=zone) + timedelta(microseconds=microseconds)
    ),
    st.integers(-(10**15), 10**15),
    st.sampled_from(ZONES),
)
NUMBERS = st.decimals(Decimal("-1e9"), Decimal("1e9"), places=9) | st.just(Decimal("1E-9"))
Row = tuple[str | None, Decimal | None, datetime | None, bool | None, int | None]
ROWS: st.SearchStrategy[list[Row]] = st.lists(
    st.tuples(
        st.none() | TEXTS,
        st.none() | NUMBERS,
        st.none() | MOMENTS,
        st.none() | st.booleans(),
        st.none() | st.integers(-(2**63), 2**63 - 1),
    ),
    max_size=6,
)
COLUMNS = ("text", "number", "moment", "truth", "whole")


def round_trip(ledger: Ledger, rows: list[Row]) -> list[Row]:
    with ledger.transaction(force_rollback=True):
        ledger.execute(
            "CREATE TABLE ledger.copied (place int GENERATED ALWAYS AS IDENTITY, text text, "
            "number numeric, moment timestamptz, truth boolean, whole bigint)"
        )
        copy_rows(ledger, "copied", COLUMNS, iter(rows))
        found = ledger.execute("SELECT * FROM copied ORDER BY place").fetchall()
    return [
        (row["text"], row["number"], row["moment"], row["truth"], row["whole"]) for row in found
    ]


@given(rows=ROWS)
@example(rows=[("\\N", None, None, None, None), (None, None, None, None, None)])
@example(rows=[("\\.", None, None, None, None), ("a\tb\nc\rd\\e", None, None, None, None)])
@example(rows=[("", None, None, None, None), ("'\"\u2028\x0b", None, None, None, None)])
@settings(
    max_examples=settings.default.max_examples // 2,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_what_goes_in_comes_out(ledger: Ledger, rows: list[Row]) -> None:
    assert round_trip(ledger, rows) == rows


def test_many_rows_keep_their_order(ledger: Ledger) -> None:
    rows: list[Row] = [(f"row {n}", Decimal(n) / 8, None, n % 2 == 0, n) for n in range(5_001)]
    assert round_trip(ledger, rows) == rows
    assert round_trip(ledger, []) == []


def test_a_column_may_be_empty_in_one_message_and_not_in_the_next(ledger: Ledger) -> None:
    """Each message is spelled by itself, and most columns by what they hold as a whole."""
    rows: list[Row] = [(None, None, None, None, n) for n in range(BLOCK)]
    rows += [("a\tb", Decimal("0.5"), None, True, n) for n in range(BLOCK)]
    with ledger.transaction(force_rollback=True):
        ledger.execute(
            "CREATE TABLE ledger.copied (text text, number numeric, truth boolean, whole bigint)"
        )
        text, number, _, truth, whole = zip(*rows, strict=True)
        columns = {"text": text, "number": number, "truth": truth, "whole": whole}
        copy_columns(ledger, "copied", columns)
        found = ledger.execute("SELECT * FROM copied").fetchall()
    assert {tuple(row.values()) for row in found} == set(
        zip(text, number, truth, whole, strict=True)
    )


def test_columns_of_several_lengths_are_no_rows(ledger: Ledger) -> None:
    columns: Columns = {"account": ["A"] * BLOCK, "balance": [1] * 2 * BLOCK}
    with pytest.raises(ValueError, match="too many values"):
        copy_columns(ledger, "cash", columns)


def test_a_state_is_its_text(ledger: Ledger) -> None:
    """With and without a gap beside it, which is written another way."""
    for gap in ([], [(None, None, None, None, None)]):
        rows: list[Row] = [(OrderState.PARTIALLY_FILLED, None, None, None, None), *gap]
        assert round_trip(ledger, rows)[0][0] == "PARTIALLY_FILLED"


@given(rows=ROWS)
@example(rows=[("NULL", None, None, None, None), ("null", None, None, None, None)])
@example(rows=[('{"a",b}\\', None, None, None, None), (" \t\n", None, None, None, None)])
@settings(
    max_examples=settings.default.max_examples // 2,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_what_goes_in_as_arrays_comes_out(ledger: Ledger, rows: list[Row]) -> None:
    columns = [array([row[place] for row in rows]) for place in range(len(COLUMNS))]
    found = ledger.execute(
        "SELECT * FROM unnest(%s::text[], %s::numeric[], %s::timestamptz[], %s::boolean[], "
        "%s::bigint[]) AS a (text, number, moment, truth, whole)",
        columns,
    ).fetchall()
    assert [tuple(row[name] for name in COLUMNS) for row in found] == rows
