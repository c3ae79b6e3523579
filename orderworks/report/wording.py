"""Numbers as the report writes them: grouped, aligned, a true minus, what is missing a dash; and lists."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from orderworks.market.calendar import NEW_YORK
from orderworks.model.counted import counted

MISSING = "–"
"""What stands for a number that is not known."""

MINUS = "−"

Figure = Decimal | float | int | None


def money(amount: Figure) -> str:
    """Two decimals, thousands grouped."""
    return _written(amount, "z,.2f")


def rounded(amount: Figure) -> str:
    """Whole units, thousands grouped."""
    return _written(amount, "z,.0f")


def bps(measure: Figure) -> str:
    """Basis points with their sign, a decimal; nothing has no sign."""
    return _written(measure, "+z,.1f").replace("+0.0", "0.0")


def price(value: Figure) -> str:
    """Two decimals at least and four at most."""
    text = _written(value, "z,.4f")
    return text[:-2] if text.endswith("00") else text


def percent(share: Figure) -> str:
    """A share of one in per cent; never 100 % for less, nor 0 % for more than nothing."""
    if not _known(share):
        return MISSING
    whole = round(float(share or 0) * 100)
    inside = min(max(whole, 1), 99) if 0 < float(share or 0) < 1 else whole
    return f"{inside} %"


def duration(milliseconds: Figure) -> str:
    """A time that something took, in the unit that suits it."""
    if not _known(milliseconds):
        return MISSING
    taken = float(milliseconds or 0)
    if abs(taken) < 1000:
        return f"{taken:.0f} ms"
    seconds = taken / 1000
    if abs(seconds) < 120:
        return f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


def clock(at: datetime) -> str:
    """The time of the day in New York."""
    return f"{at.astimezone(NEW_YORK):%H:%M:%S}"


def minute(at: datetime) -> str:
    """The time of the day in New York, without seconds."""
    return f"{at.astimezone(NEW_YORK):%H:%M}"


def moment(at: datetime) -> str:
    """Day and time in New York."""
    return f"{at.astimezone(NEW_YORK):%-d %b %H:%M:%S}"


def stamp(at: datetime) -> str:
    """Date with its year, and time, in New York."""
    return f"{at.astimezone(NEW_YORK):%-d %B %Y, %H:%M}"


def day(session: date) -> str:
    """A date in full."""
    return f"{session:%A} {session.day} {session:%B %Y}"


def short_day(session: date) -> str:
    """A date for a chart's axis."""
    return f"{session.day} {session:%b}"


count = counted


def listed(things: Sequence[str]) -> str:
    """'one', 'one and two', 'one, two and three'; of none nothing."""
    *head, last = things or [""]
    return f"{', '.join(head)} and {last}" if head else last


def _written(value: Figure, form: str) -> str:
    if not _known(value):
        return MISSING
    return format(value, form).replace("-", MINUS)


def _known(value: Figure) -> bool:
    return value is not None and not (isinstance(value, float) and math.isnan(value))
