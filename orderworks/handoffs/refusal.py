"""What is told of rows that break a rule, and of a handoff that may not go on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orderworks.handoffs.suite import Rule
from orderworks.model.errors import InputError

ROWS_TOLD = 5
"""How many rows a message tells of; the error carries them all."""

LONGEST_VALUE = 60
"""Characters of one value in a message."""


@dataclass(frozen=True, slots=True)
class Quarantined:
    """One row and one rule that it broke.

    ``row`` is the value of the frame's column ``row`` if it has one, else the index label.
    ``column`` names the rule's columns; ``content`` holds all of the row's, JSON-able.
    """

    handoff: str
    row: int | str
    rule: str
    column: str
    content: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule and all the rows that broke it; ``examples`` are the first rows' values."""

    rule: str
    column: str
    rows: tuple[int | str, ...]
    examples: tuple[object, ...]


class HandoffRefused(InputError):
    """A handoff does not go on: a column is wrong, or more rows break a rule than may."""

    def __init__(
        self,
        message: str,
        handoff: str,
        violations: tuple[Violation, ...] = (),
        quarantined: tuple[Quarantined, ...] = (),
    ) -> None:
        # All in args: an error that crosses a process boundary is rebuilt from them.
        super().__init__(message, handoff, violations, quarantined)
        self.handoff = handoff
        self.violations = violations
        self.quarantined = quarantined

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True, slots=True)
class Breach:
    """One rule that one row broke: its columns' values, and what the input file has for them."""

    rule: Rule
    values: tuple[object, ...]
    in_file: tuple[object, ...]

    @property
    def column(self) -> str:
        return ", ".join(self.rule.columns)

    @property
    def found(self) -> object:
        """The value in breach; what the file has where that could not be parsed."""
        pairs = zip(self.values, self.in_file, strict=True)
        found = [text if value is None else value for value, text in pairs]
        return found[0] if len(found) == 1 else dict(zip(self.rule.columns, found, strict=True))

    def __str__(self) -> str:
        """``strength must be between 0 and 1 (is 2.0)``."""
        several = len(self.rule.columns) > 1
        told = [
            f"{column} {what}" if several else what
            for column, what in zip(self.rule.columns, self._what_is_there(), strict=True)
            if what
        ]
        return f"{self.rule.sentence} ({', '.join(told)})" if told else self.rule.sentence

    def _what_is_there(self) -> list[str]:
        return [_told(*pair) for pair in zip(self.values, self.in_file, strict=True)]


def too_many(
    handoff: str,
    rows: int,
    allowed_pct: float,
    broken: Sequence[tuple[int | str, list[Breach]]],
    noun: str = "row",
) -> str:
    """The message for ``broken``: the rows that break a rule, in the frame's order.

    Args:
        noun: what a row is called before its label.
    """
    told = [
        f"{noun} {label}: {', '.join(str(breach) for breach in breaches)}"
        for label, breaches in broken[:ROWS_TOLD]
    ]
    if len(broken) > ROWS_TOLD:
        told.append(f"and {len(broken) - ROWS_TOLD} more")
    verb = "breaks" if len(broken) == 1 else "break"
    return (
        f"{handoff}: {len(broken)} of {rows} rows {verb} a rule and {allowed_pct:g} % may: "
        f"{'; '.join(told)}; correct the rows, or raise validation.max_quarantined_pct"
    )


def _told(value: object, in_file: object) -> str:
    if value is not None:
        return f"is {_shown(value)}"
    return f"the file has {_shown(in_file)}" if in_file not in (None, "") else ""


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}..."
