"""The one function that applies a suite to a handoff."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pandas import DataFrame, isna

from orderworks.handoffs.columns import typed_columns
from orderworks.handoffs.content import json_able, row_contents
from orderworks.handoffs.engine import broken_rows
from orderworks.handoffs.refusal import (
    ROWS_TOLD,
    Breach,
    HandoffRefused,
    Quarantined,
    Violation,
    too_many,
)
from orderworks.handoffs.rules import implied_by
from orderworks.handoffs.suite import Rule, Suite
from orderworks.handoffs.suites import SUITES

__all__ = ["Checked", "HandoffRefused", "Quarantined", "Violation", "check"]


@dataclass(frozen=True, slots=True)
class Checked:
    """A handoff that may go on: the rows that keep every rule, and what the others broke."""

    accepted: DataFrame
    quarantined: tuple[Quarantined, ...]


def check(
    handoff: str,
    frame: DataFrame,
    *,
    max_quarantined_pct: float = 0.0,
    raw: DataFrame | None = None,
) -> Checked:
    """Judge ``frame`` by the suite of ``handoff``.

    Args:
        handoff: a name in ``SUITES``.
        frame: any index; one with a name, or else a column ``row`` if there is one, labels the rows
            in what is told.
        max_quarantined_pct: the share of rows, in per cent, that may break a rule.
        raw: what the input file had, row by row as ``frame``; quarantined content is taken from
            it, so that what could not be parsed is still seen.

    Returns:
        ``accepted`` keeps the columns, types, index and order of ``frame``.

    Raises:
        HandoffRefused: a column is missing or of another kind, the table has no rows and must
            have some, or more rows break a rule than may.
        ValueError: the handoff has no suite, or ``raw`` has other rows than ``frame``.
    """
    if handoff not in SUITES:
        raise ValueError(f"no suite is named '{handoff}'; there are: {', '.join(SUITES)}")
    if raw is not None and len(raw) != len(frame):
        raise ValueError(f"raw has {len(raw)} rows and the frame has {len(frame)}")
    suite = SUITES[handoff]
    typed = typed_columns(suite, frame)
    if frame.empty:
        if suite.may_be_empty:
            return Checked(frame, ())
        raise HandoffRefused(f"{handoff}: the table has no rows; add at least one", handoff)

    rules = _rules_on(suite, typed)
    positions = broken_rows(handoff, rules, typed)
    broken = sorted({position for found in positions for position in found})
    if not broken:
        return Checked(frame, ())

    labels = dict(zip(broken, _labels(frame, broken), strict=True))
    contents = row_contents(frame if raw is None else raw, broken)
    in_file = contents if raw is not None else {position: {} for position in broken}
    breaches = _breaches(rules, positions, row_contents(typed, broken), in_file)
    quarantined = tuple(
        Quarantined(
            handoff, labels[position], breach.rule.sentence, breach.column, contents[position]
        )
        for position in broken
        for breach in breaches[position]
    )
    if 100 * len(broken) > max_quarantined_pct * len(frame):
        told = [(labels[position], breaches[position]) for position in broken]
        noun = str(frame.index.name or "row")
        message = too_many(handoff, len(frame), max_quarantined_pct, told, noun)
        raise HandoffRefused(message, handoff, _violations(told), quarantined)
    kept = [position for position in range(len(frame)) if position not in labels]
    return Checked(frame.iloc[kept], quarantined)


def _rules_on(suite: Suite, typed: DataFrame) -> tuple[Rule, ...]:
    names = list(typed.columns)
    implied = (rule for column in suite.columns_in(names) for rule in implied_by(column))
    return (*implied, *suite.rules_on(names))


def _labels(frame: DataFrame, positions: Sequence[int]) -> list[int | str]:
    """The labels of an index that has a name; else the numbers in column ``row``, or those labels."""
    taken = frame.iloc[list(positions)]
    numbered = "row" in frame.columns and frame.index.name is None
    numbers = taken["row"] if numbered else [None] * len(taken)
    return [
        _label(index if number is None or isna(number) else number)
        for number, index in zip(numbers, taken.index, strict=True)
    ]


def _label(value: object) -> int | str:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    plain = json_able(value)
    return plain if isinstance(plain, int) else str(plain)


def _breaches(
    rules: Sequence[Rule],
    positions: Sequence[Sequence[int]],
    values: Mapping[int, Mapping[str, object]],
    in_file: Mapping[int, Mapping[str, object]],
) -> dict[int, list[Breach]]:
    """What each row broke, in the order of the rules."""
    breaches: dict[int, list[Breach]] = {position: [] for position in values}
    for rule, found in zip(rules, positions, strict=True):
        for position in found:
            breaches[position].append(
                Breach(
                    rule,
                    tuple(values[position][name] for name in rule.columns),
                    tuple(in_file[position].get(name) for name in rule.columns),
                )
            )
    return breaches


def _violations(broken: Sequence[tuple[int | str, list[Breach]]]) -> tuple[Violation, ...]:
    by_rule: dict[str, list[tuple[int | str, Breach]]] = {}
    for label, breaches in broken:
        for breach in breaches:
            by_rule.setdefault(breach.rule.sentence, []).append((label, breach))
    return tuple(
        Violation(
            sentence,
            found[0][1].column,
            tuple(label for label, _ in found),
            tuple(breach.found for _, breach in found[:ROWS_TOLD]),
        )
        for sentence, found in by_rule.items()
    )
