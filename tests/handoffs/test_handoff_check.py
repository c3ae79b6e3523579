"""``check``: what goes on, what is quarantined, what is refused and how that is told."""

import copy
import json
import math
import threading
from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas import DataFrame, Timestamp
from sound_handoffs import sound, with_changes

from orderworks.handoffs import HandoffRefused, check
from orderworks.handoffs.content import json_able
from orderworks.model.errors import InputError
from orderworks.model.order import Side

ODD_WEIGHTS = [0.5, -10.0, 10.5, math.nan, math.inf, -math.inf]


@settings(max_examples=settings.default.max_examples // 4, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["AAPL", "MSFT", "BRK B", "bad", ""]),
            st.sampled_from(ODD_WEIGHTS),
            st.integers(-3, 3),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_accepted_and_quarantined_partition_the_rows(rows: list[tuple[str, float, int]]) -> None:
    frame = DataFrame({"symbol": [r[0] for r in rows], "weight": [r[1] for r in rows]})
    frame["position"] = range(len(rows))
    frame.index = pd.Index([r[2] for r in rows])  # labels repeat and are out of order

    checked = check("targets", frame, max_quarantined_pct=100)

    kept = checked.accepted["position"].tolist()
    dropped = sorted({int(str(entry.content["position"])) for entry in checked.quarantined})
    symbols = [r[0] for r in rows]
    sound_rows = [
        n
        for n, (symbol, weight, _) in enumerate(rows)
        if symbol not in ("bad", "") and abs(weight) <= 10 and symbols.count(symbol) == 1
    ]
    assert kept == sound_rows
    assert sorted(kept + dropped) == list(range(len(rows)))
    pd.testing.assert_frame_equal(checked.accepted, frame.iloc[kept])


def test_the_message_names_the_rows_the_rules_the_values_and_the_way_out() -> None:
    frame = with_changes("signals", [{}] * 40)
    frame.loc[3, "strength"] = 2.0
    frame.loc[17, "direction"] = "up"
    with pytest.raises(HandoffRefused) as refused:
        check("signals", frame)
    assert str(refused.value) == (
        "signals: 2 of 40 rows break a rule and 0 % may: "
        "row 3: strength must be between 0 and 1 (is 2.0); "
        "row 17: direction must be one of long, short, flat (is 'up'); "
        "correct the rows, or raise validation.max_quarantined_pct"
    )


def test_a_pair_of_columns_is_told_by_name() -> None:
    frame = with_changes("gated", [{"bid": Decimal("100.5")}])
    with pytest.raises(HandoffRefused, match=r"\(bid is 100\.5, ask is 100\.01\)"):
        check("gated", frame)


def test_the_message_tells_of_five_rows_and_the_error_carries_all() -> None:
    frame = with_changes("targets", [{"weight": 11.0}] * 7)
    with pytest.raises(HandoffRefused) as refused:
        check("targets", frame)
    message = str(refused.value)
    assert "row 4: " in message
    assert "row 5: " not in message
    assert "; and 2 more; correct" in message
    (violation,) = refused.value.violations
    assert violation.rule == "weight must be between -10 and 10"
    assert violation.column == "weight"
    assert violation.rows == (0, 1, 2, 3, 4, 5, 6)
    assert violation.examples == (11.0,) * 5
    assert len(refused.value.quarantined) == 7


def test_a_long_value_does_not_flood_the_message() -> None:
    frame = with_changes("scheduled", [{"client_order_id": "x" * 5000}])
    with pytest.raises(HandoffRefused) as refused:
        check("scheduled", frame)
    assert len(str(refused.value)) < 300


def test_a_row_that_breaks_two_rules_is_one_row_and_two_entries() -> None:
    frame = with_changes("signals", [{}, {"strength": 2.0, "price": -1.0}, {}, {}])
    checked = check("signals", frame, max_quarantined_pct=25)
    assert [(q.row, q.column) for q in checked.quarantined] == [(1, "strength"), (1, "price")]
    assert checked.accepted.index.tolist() == [0, 2, 3]


@pytest.mark.parametrize(("allowed_pct", "passes"), [(24.9, False), (25, True), (100, True)])
def test_the_share_of_quarantined_rows_decides(allowed_pct: float, passes: bool) -> None:
    frame = with_changes("targets", [{}, {"weight": 11.0}, {}, {}])
    if passes:
        assert len(check("targets", frame, max_quarantined_pct=allowed_pct).accepted) == 3
    else:
        with pytest.raises(HandoffRefused, match=f"1 of 4 rows breaks a rule and {allowed_pct} %"):
            check("targets", frame, max_quarantined_pct=allowed_pct)


def test_the_accepted_rows_keep_their_exact_prices_and_their_types() -> None:
    frame = with_changes("sized", [{}, {"quantity": 0}, {}])
    frame["note"] = ["a", "b", "c"]
    frame["quantity"] = frame["quantity"].astype("int32")
    accepted = check("sized", frame, max_quarantined_pct=50).accepted
    pd.testing.assert_frame_equal(accepted, frame.iloc[[0, 2]])
    assert isinstance(accepted["decision_price"].iloc[0], Decimal)


@pytest.mark.parametrize(
    ("row", "index", "label"),
    [(None, [10, 11], 11), ([5, 9], [10, 11], 9), (None, ["a", "b"], "b"), ([5, None], [0, 1], 1)],
)
def test_a_row_is_named_by_column_row_else_by_its_index_label(
    row: list[int | None] | None, index: list[object], label: object
) -> None:
    frame = with_changes("targets", [{}, {"weight": 11.0}])
    if row is not None:
        frame["row"] = row
    (entry,) = check("targets", frame.set_axis(index), max_quarantined_pct=50).quarantined
    assert entry.row == label


def test_the_raw_row_replaces_the_content_and_what_did_not_parse_is_shown() -> None:
    frame = with_changes("targets", [{}, {"weight": math.nan}])
    raw = DataFrame({"symbol": ["SYM0", "SYM1"], "weight": ["-0.25", "2,5 %"]})
    with pytest.raises(HandoffRefused, match=r"weight is missing \(the file has '2,5 %'\)") as r:
        check("targets", frame, raw=raw)
    assert r.value.quarantined[0].content == {"symbol": "SYM1", "weight": "2,5 %"}
    assert r.value.violations[0].examples == ("2,5 %",)


def test_a_column_that_is_missing_is_refused_before_any_row() -> None:
    frame = with_changes("signals", [{"strength": 2.0}]).drop(columns=["price", "ts"])
    with pytest.raises(HandoffRefused) as refused:
        check("signals", frame[["strategy", "symbol", "direction", "strength", "win_rate"]])
    assert str(refused.value) == (
        "signals: columns 'price', 'ts' are missing; the table has: "
        "strategy, symbol, direction, strength, win_rate; add them"
    )
    assert refused.value.quarantined == ()
    with pytest.raises(HandoffRefused, match=r"^targets: column 'weight' is missing; the table"):
        check("targets", DataFrame({"symbol": ["A"]}))


@pytest.mark.parametrize(
    ("column", "values", "must_hold"),
    [
        ("price", ["1.0", "2.0"], "numbers"),
        ("price", [True, False], "numbers"),
        ("price", [1j, 2j], "numbers"),
        ("quantity", ["1", "2"], "whole numbers"),
        ("symbol", [1, 2], "text"),
        ("direction", ["long", 3], "text"),
        ("ts", ["2026-11-20T14:30:00Z"] * 2, "times with a zone"),
        ("ts", [Timestamp("2026-11-20T14:30:00")] * 2, "times with a zone"),
    ],
)
def test_a_column_of_another_kind_is_refused(
    column: str, values: list[object], must_hold: str
) -> None:
    frame = sound("signals", rows=2)
    frame[column] = values
    told = f"^signals: column '{column}' must hold {must_hold} and holds .* such as .*; convert it$"
    with pytest.raises(HandoffRefused, match=told):
        check("signals", frame)


def test_a_column_that_occurs_twice_is_refused() -> None:
    frame = sound("targets")
    with pytest.raises(HandoffRefused, match="column 'weight' occurs 2 times; keep one"):
        check("targets", pd.concat([frame, frame[["weight"]]], axis=1))


@pytest.mark.parametrize(
    ("column", "dtype"),
    [
        ("price", "float32"),
        ("price", "Float64"),
        ("price", "double[pyarrow]"),
        ("quantity", "Int64"),
        ("quantity", "uint8"),
        ("quantity", "float64"),
        ("symbol", "str"),
        ("symbol", "string"),
        ("symbol", "category"),
        ("ts", "datetime64[s, America/New_York]"),
        ("win_rate", "object"),
    ],
)
def test_pandas_own_ways_to_store_a_kind_are_taken(column: str, dtype: str) -> None:
    frame = sound("signals")
    frame[column] = frame[column].astype(dtype)
    assert len(check("signals", frame).accepted) == 3


def test_a_nullable_column_may_be_empty_throughout() -> None:
    frame = sound("signals").assign(win_rate=None, avg_win_pct=np.nan, start=pd.NaT, algo=None)
    assert len(check("signals", frame).accepted) == 3


def test_a_refusal_is_rebuilt_whole_as_another_process_would() -> None:
    with pytest.raises(HandoffRefused) as refused:
        check("targets", with_changes("targets", [{"weight": 11.0}]))
    again = copy.deepcopy(refused.value)
    assert isinstance(again, InputError)
    assert str(again) == str(refused.value)
    assert again.handoff == "targets"
    assert again.violations == refused.value.violations
    assert again.quarantined == refused.value.quarantined


def test_an_unknown_handoff_and_a_raw_table_of_other_rows_are_the_callers_faults() -> None:
    with pytest.raises(ValueError, match="no suite is named 'signal'; there are: signals, "):
        check("signal", sound("signals"))
    with pytest.raises(ValueError, match="raw has 1 rows and the frame has 3"):
        check("targets", sound("targets"), raw=DataFrame({"symbol": ["A"]}))


def test_checks_in_two_threads_judge_their_own_rows() -> None:
    frames = [with_changes("targets", [{}] * n + [{"weight": 11.0}]) for n in range(1, 5)]
    found: dict[int, list[int | str]] = {}

    def judge(number: int) -> None:
        for _ in range(3):
            checked = check("targets", frames[number], max_quarantined_pct=100)
            found.setdefault(number, []).extend(entry.row for entry in checked.quarantined)

    threads = [threading.Thread(target=judge, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: [number + 1] * 3 for number in range(4)}


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (np.int64(3), 3),
        (np.float64(2.5), 2.5),
        (math.nan, None),
        (math.inf, "inf"),
        (pd.NaT, None),
        (pd.NA, None),
        (None, None),
        (True, True),
        (np.bool_(True), True),
        (Decimal("1.10"), "1.10"),
        (Decimal("NaN"), None),
        (Side.BUY, "buy"),
        (Timestamp("2026-11-20T14:30Z"), "2026-11-20T14:30:00+00:00"),
        (date(2026, 11, 20), "2026-11-20"),
        ("a\0b", "a\\0b"),
        ([1], "[1]"),
    ],
)
def test_content_is_what_json_and_jsonb_keep(value: object, kept: object) -> None:
    assert json_able(value) == kept
    assert type(json_able(value)) is type(kept)
    json.dumps(json_able(value), allow_nan=False)
