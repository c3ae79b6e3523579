"""Which rows a rule is about, and that it judges these and no others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas import DataFrame

from orderworks.handoffs.conditions import Condition, HasNone, HasValue, Is, rows_where
from orderworks.handoffs.engine import broken_rows
from orderworks.handoffs.suite import Rule

kinds = st.sampled_from(["stop", "limit", None])
prices = st.sampled_from([1.5, 0.0, float("nan")])
conditions = st.lists(
    st.one_of(
        st.builds(Is, st.just("kind"), st.sampled_from(["stop", "limit", "absent"])),
        st.builds(HasValue, st.sampled_from(["kind", "price"])),
        st.builds(HasNone, st.sampled_from(["kind", "price"])),
    ),
    max_size=3,
).map(tuple)


def holds(condition: Condition, row: dict[str, object]) -> bool:
    value = row[condition.column]
    is_there = value is not None and value == value
    match condition:
        case Is(_, wanted):
            return value == wanted
        case HasValue():
            return is_there
        case HasNone():
            return not is_there


@given(st.lists(st.fixed_dictionaries({"kind": kinds, "price": prices})), conditions)
def test_a_row_is_one_of_them_if_all_conditions_hold_for_it(
    rows: list[dict[str, object]], wanted: tuple[Condition, ...]
) -> None:
    frame = DataFrame(rows, columns=["kind", "price"]).astype({"kind": "str", "price": "float64"})
    picked = rows_where(wanted, frame)
    assert list(picked.index) == [
        number for number, row in enumerate(rows) if all(holds(one, row) for one in wanted)
    ]


LETTER = "expect_column_values_to_match_regex", {"column": "x", "regex": "^[a-z]$"}


def test_a_rule_judges_the_rows_that_it_is_about() -> None:
    frame = DataFrame({"x": ["a", "1", "2", "3"], "kind": ["p", "q", "p", None]})
    rules = [
        Rule("x must be a letter where kind is p", ("x", "kind"), *LETTER, (Is("kind", "p"),)),
        Rule("x must be a letter", ("x",), *LETTER),
        Rule("x must be a letter without a kind", ("x", "kind"), *LETTER, (HasNone("kind"),)),
        Rule("x must be a letter where kind is q", ("x", "kind"), *LETTER, (Is("kind", "q"),)),
    ]
    assert broken_rows("targets", rules, frame) == [[2], [1, 2, 3], [3], [1]]


def test_a_rule_about_no_row_is_not_put_to_the_judge() -> None:
    unsound = Rule(
        "x must match where kind is p",
        ("x", "kind"),
        "expect_column_values_to_match_regex",
        {"column": "x", "regex": "("},
        (Is("kind", "p"),),
    )
    assert broken_rows("targets", [unsound], DataFrame({"x": ["a"], "kind": ["q"]})) == [[]]
    with pytest.raises(RuntimeError, match="'x must match where kind is p' could not be judged"):
        broken_rows("targets", [unsound], DataFrame({"x": ["a"], "kind": ["p"]}))
