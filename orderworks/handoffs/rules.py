"""The rules that suites are made of, each written once.

Except for those that say so, a rule passes over a row that has no value: that a value must be
there is a rule of its own (``not_missing``), and a required column implies it.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from orderworks.handoffs.conditions import HasNone, HasValue, Is
from orderworks.handoffs.suite import Column, Rule
from orderworks.model.names import SYMBOL, SYMBOL_SENTENCE


def each(rule: Callable[[str], Rule], *columns: str) -> tuple[Rule, ...]:
    """The same rule for several columns."""
    return tuple(rule(column) for column in columns)


def implied_by(column: Column) -> tuple[Rule, ...]:
    """The rules that a column's kind and presence already state."""
    presence = (not_missing,) if column.presence == "required" else ()
    kind = {"number": (finite,), "integer": (whole,)}.get(column.kind, ())
    return tuple(rule(column.name) for rule in (*presence, *kind))


def not_missing(column: str) -> Rule:
    return _on_column(f"{column} is missing", column, "expect_column_values_to_not_be_null")


def not_blank(column: str) -> Rule:
    return _matching(f"{column} must not be blank", column, r"\S")


def finite(column: str) -> Rule:
    largest = sys.float_info.max
    return _between(f"{column} must be finite", column, min_value=-largest, max_value=largest)


def whole(column: str) -> Rule:
    return _on_column(
        f"{column} must be a whole number", column, "expect_column_values_to_be_whole"
    )


def above_zero(column: str) -> Rule:
    return _between(f"{column} must be above 0", column, min_value=0.0, strict_min=True)


def at_least(column: str, low: int) -> Rule:
    return _between(f"{column} must be at least {low}", column, min_value=float(low))


def between(column: str, low: float, high: float) -> Rule:
    """Bounds included."""
    sentence = f"{column} must be between {low:g} and {high:g}"
    return _between(sentence, column, min_value=float(low), max_value=float(high))


def fraction(column: str) -> Rule:
    return between(column, 0, 1)


def inside_fraction(column: str) -> Rule:
    """Strictly between 0 and 1."""
    return _between(
        f"{column} must be strictly between 0 and 1",
        column,
        min_value=0.0,
        max_value=1.0,
        strict_min=True,
        strict_max=True,
    )


def smaller_than(column: str, magnitude: float) -> Rule:
    """Strictly inside -magnitude and +magnitude."""
    return _between(
        f"{column} must lie inside -{magnitude:g} and {magnitude:g}",
        column,
        min_value=-float(magnitude),
        max_value=float(magnitude),
        strict_min=True,
        strict_max=True,
    )


def one_of(column: str, values: Iterable[str]) -> Rule:
    allowed = [str(value) for value in values]
    return _on_column(
        f"{column} must be one of {', '.join(allowed)}",
        column,
        "expect_column_values_to_be_in_set",
        value_set=allowed,
    )


def symbol(column: str) -> Rule:
    return _matching(f"{column} {SYMBOL_SENTENCE}", column, SYMBOL)


def at_most_characters(column: str, most: int) -> Rule:
    return _on_column(
        f"{column} must be at most {most} characters long",
        column,
        "expect_column_value_lengths_to_be_between",
        max_value=most,
    )


def unique(*columns: str, of: str) -> Rule:
    """No two rows have the same values in ``columns``; all that do are in breach."""
    sentence = f"duplicate {of}: {' and '.join(columns)} must be unique"
    if len(columns) == 1:
        return _on_column(sentence, columns[0], "expect_column_values_to_be_unique")
    return Rule(
        sentence,
        columns,
        "expect_compound_columns_to_be_unique",
        {"column_list": list(columns), "ignore_row_if": "any_value_is_missing"},
    )


def not_above(low: str, high: str) -> Rule:
    return _ordered(f"{low} must not be above {high}", low, high, or_equal=True)


def before(early: str, late: str) -> Rule:
    return _ordered(f"{early} must be before {late}", early, late, or_equal=False)


def equal(column: str, other: str) -> Rule:
    return Rule(
        f"{column} must equal {other}",
        (column, other),
        "expect_column_pair_values_to_be_equal",
        {"column_A": column, "column_B": other, "ignore_row_if": "either_value_is_missing"},
    )


def required_where(column: str, other: str, value: str) -> Rule:
    """``column`` has a value in the rows where ``other`` is ``value``."""
    return Rule(
        f"{column} is missing where {other} is {value}",
        (column, other),
        "expect_column_values_to_not_be_null",
        {"column": column},
        (Is(other, value),),
    )


def absent_where(column: str, other: str, value: str) -> Rule:
    """``column`` has no value in the rows where ``other`` is ``value``."""
    return Rule(
        f"{column} must not be set where {other} is {value}",
        (column, other),
        "expect_column_values_to_be_null",
        {"column": column},
        (Is(other, value),),
    )


def one_required_where(columns: Sequence[str], other: str, value: str) -> Rule:
    """One of two ``columns`` has a value in the rows where ``other`` is ``value``."""
    first, second = columns
    return Rule(
        f"{first} or {second} is missing where {other} is {value}",
        (first, second, other),
        "expect_column_values_to_not_be_null",
        {"column": first},
        (Is(other, value), HasNone(second)),
    )


def one_of_where(column: str, values: Iterable[str], other: str, value: str) -> Rule:
    """``column`` is one of ``values`` in the rows where ``other`` is ``value``."""
    allowed = [str(one) for one in values]
    return Rule(
        f"{column} must be {' or '.join(allowed)} where {other} is {value}",
        (column, other),
        "expect_column_values_to_be_in_set",
        {"column": column, "value_set": allowed},
        (Is(other, value),),
    )


def below_where(low: str, high: str, other: str, value: str) -> Rule:
    """``low`` is below ``high`` in the rows where ``other`` is ``value``."""
    rule = _ordered(
        f"{low} must be below {high} where {other} is {value}", low, high, or_equal=False
    )
    return replace(rule, columns=(*rule.columns, other), where=(Is(other, value),))


def not_both(column: str, other: str) -> Rule:
    """A row has a value in one of the two columns at most."""
    return Rule(
        f"{column} and {other} must not both be set",
        (column, other),
        "expect_column_values_to_be_null",
        {"column": column},
        (HasValue(other),),
    )


def sound_quote() -> tuple[Rule, ...]:
    """A two-sided, uncrossed quote. A locked one is sound."""
    return (*each(above_zero, "bid", "ask"), not_above("bid", "ask"))


def _on_column(sentence: str, column: str, expectation: str, **arguments: object) -> Rule:
    return Rule(sentence, (column,), expectation, {"column": column, **arguments})


def _between(sentence: str, column: str, **bounds: object) -> Rule:
    return _on_column(sentence, column, "expect_column_values_to_be_between", **bounds)


def _matching(sentence: str, column: str, pattern: str) -> Rule:
    return _on_column(sentence, column, "expect_column_values_to_match_regex", regex=pattern)


def _ordered(sentence: str, low: str, high: str, *, or_equal: bool) -> Rule:
    return Rule(
        sentence,
        (low, high),
        "expect_column_pair_values_a_to_be_greater_than_b",
        {
            "column_A": high,
            "column_B": low,
            "or_equal": or_equal,
            "ignore_row_if": "either_value_is_missing",
        },
    )
