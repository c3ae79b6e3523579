"""Times of the day or of the week at which nothing is sent: a pure kernel."""

import re
from dataclasses import dataclass
from datetime import datetime

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MINUTES_A_DAY = 24 * 60
MINUTES_A_WEEK = 7 * MINUTES_A_DAY

_MOMENT = r"(?:(?P<{0}_day>[A-Z][a-z]{{2}}) )?(?P<{0}_hour>\d\d):(?P<{0}_minute>\d\d)"
_FORM = re.compile(_MOMENT.format("start") + "-" + _MOMENT.format("end"))


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From ``start`` until before ``end``, minutes of a cycle of one day or of one week.

    Hours that end before they start go over the turn of the cycle.
    """

    text: str
    start: int
    end: int
    cycle: int

    def contain(self, at: datetime) -> bool:
        """Whether ``at`` lies in them; its own zone is the one that is meant."""
        minute = at.weekday() * MINUTES_A_DAY + at.hour * 60 + at.minute
        return (minute - self.start) % self.cycle < (self.end - self.start) % self.cycle


def parse_quiet_hours(text: str) -> QuietHours:
    """Quiet hours as settings state them: '23:45-00:45' each day, 'Fri 23:00-Sat 03:00' each week.

    Raises:
        ValueError: saying what is wrong with ``text``.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        raise ValueError(f"'{text}' must be HH:MM-HH:MM, or Fri HH:MM-Sat HH:MM once a week")
    weekly = found["start_day"] is not None
    if weekly != (found["end_day"] is not None):
        raise ValueError(f"'{text}' must name a day of the week at both ends, or at neither")
    start, end = (_minute(found, name, text) for name in ("start", "end"))
    if start == end:
        raise ValueError(f"'{text}' must end at another time than it starts")
    return QuietHours(text, start, end, MINUTES_A_WEEK if weekly else MINUTES_A_DAY)


def _minute(found: re.Match[str], name: str, text: str) -> int:
    day = found[f"{name}_day"]
    if day is not None and day not in DAYS:
        raise ValueError(f"'{text}' must name days as {', '.join(DAYS)}")
    hour, minute = int(found[f"{name}_hour"]), int(found[f"{name}_minute"])
    if hour > 23 or minute > 59:
        raise ValueError(f"'{text}' must have hours up to 23 and minutes up to 59")
    return (DAYS.index(day) * MINUTES_A_DAY if day else 0) + hour * 60 + minute
