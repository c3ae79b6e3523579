"""When New York trades: the sessions of XNYS, their early closes, and why a day has none."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from orderworks.model.errors import InputError

NEW_YORK = ZoneInfo("America/New_York")
FIRST_DAY = date(2000, 1, 3)
LAST_DAY = date(2040, 12, 31)
"""The days that the calendar is asked about, both sessions; fixed, so that no answer depends on today."""

SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Session:
    """One trading session: ``open`` and ``close`` are aware UTC."""

    date: date
    open: datetime
    close: datetime
    early_close: bool


@lru_cache(maxsize=4096)
def find_session(day: date) -> Session | None:
    """The session of ``day``, or None where New York does not trade.

    Raises:
        InputError: if the calendar does not reach ``day``.
    """
    calendar = _calendar_reaching(day)
    label = day.isoformat()
    if not calendar.is_session(label):
        return None
    opens, closes = calendar.session_open_close(label)
    return Session(day, _utc(opens), _utc(closes), label in calendar.early_closes)


def require_session(day: date) -> Session:
    """The session of ``day``.

    Raises:
        InputError: saying why New York does not trade on ``day``.
    """
    session = find_session(day)
    if session is None:
        raise InputError(reason_closed(day))
    return session


def latest_session(day: date) -> Session:
    """The session of ``day``, or the last one before it.

    Raises:
        InputError: if the calendar does not reach ``day``.
    """
    return find_session(day) or require_session(previous_sessions(day, 1)[0])


def reason_closed(day: date) -> str:
    """Why New York does not trade on ``day``, in one sentence.

    Raises:
        InputError: if the calendar does not reach ``day``.
        ValueError: if New York trades on ``day``.
    """
    if find_session(day) is not None:
        raise ValueError(f"day must be one without a session, and {day} has one")
    if day.weekday() >= SATURDAY:
        return f"New York does not trade on {day}: it is a {day:%A}"
    named = _calendar().regular_holidays.holidays(
        day.isoformat(), day.isoformat(), return_name=True
    )
    name = named.iloc[0] if len(named) else "an unscheduled closure"
    return f"New York does not trade on {day}: {name}"


def sessions_between(first: date, last: date) -> list[Session]:
    """The sessions from ``first`` to ``last``, both included.

    Raises:
        InputError: if the calendar does not reach that far.
    """
    _calendar_reaching(first)
    labels = _calendar_reaching(last).sessions_in_range(first.isoformat(), last.isoformat())
    return [require_session(label.date()) for label in labels]


def previous_sessions(day: date, n: int) -> list[date]:
    """The dates of the ``n`` sessions before ``day``, the earliest first.

    Raises:
        InputError: if the calendar does not reach that far back.
    """
    sessions = _calendar_reaching(day).sessions
    end = int(sessions.searchsorted(day.isoformat()))
    if n > end:
        raise InputError(
            f"{n} sessions before {day} reach behind {FIRST_DAY}, where the calendar begins; "
            "ask for fewer"
        )
    return [session.date() for session in sessions[end - n : end]]


def latest_closed_session(now: datetime) -> date:
    """The date of the last session that had closed at ``now``.

    Raises:
        InputError: if the calendar does not reach ``now``.
    """
    calendar = _calendar_reaching(now.astimezone(NEW_YORK).date())
    closed = int(calendar.closes.searchsorted(now, side="right"))
    if not closed:
        raise InputError(f"the calendar begins on {FIRST_DAY}: no session had closed at {now}")
    latest: date = calendar.sessions[closed - 1].date()
    return latest


@lru_cache(maxsize=1)
def _calendar() -> Any:
    from exchange_calendars import get_calendar  # type: ignore[import-untyped]

    return get_calendar("XNYS", start=FIRST_DAY.isoformat(), end=LAST_DAY.isoformat())


def _calendar_reaching(day: date) -> Any:
    if not FIRST_DAY <= day <= LAST_DAY:
        raise InputError(
            f"the trading calendar covers {FIRST_DAY} to {LAST_DAY}, not {day}; correct the date"
        )
    return _calendar()


def _utc(moment: Any) -> datetime:
    utc: datetime = moment.to_pydatetime().astimezone(UTC)
    return utc
