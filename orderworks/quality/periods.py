"""Days, weeks and months: what of their execution quality is kept."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

import pandas as pd

from orderworks.ledger.connection import Ledger
from orderworks.ledger.quality import serialise
from orderworks.market.calendar import NEW_YORK, sessions_between
from orderworks.quality.aggregating import DIMENSIONS, MEASURES, grouped, table_of

ALL = "all"
"""The one key of the dimension ``day`` of a day, and of ``all`` of a period."""


class PeriodKind(StrEnum):
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Period:
    """A week from Monday to Sunday, or a calendar month."""

    kind: PeriodKind
    starts: date

    @classmethod
    def containing(cls, kind: PeriodKind, day: date) -> Period:
        """The period that a day is in."""
        back = day.weekday() if kind is PeriodKind.WEEK else day.day - 1
        return cls(kind, day - timedelta(days=back))

    @property
    def ends(self) -> date:
        """Its last day."""
        if self.kind is PeriodKind.WEEK:
            return self.starts + timedelta(days=6)
        return self.starts.replace(day=monthrange(self.starts.year, self.starts.month)[1])

    def __str__(self) -> str:
        return f"{self.kind} of {self.starts}"


def latest_over(kind: PeriodKind, now: datetime) -> Period:
    """The newest period whose last session has closed."""
    period = Period.containing(kind, now.astimezone(NEW_YORK).date())
    sessions = sessions_between(period.starts, period.ends)
    if sessions and sessions[-1].close <= now:
        return period
    return Period.containing(kind, period.starts - timedelta(days=1))


def store_day(ledger: Ledger, account: str, session: date) -> None:
    """Sums up what is stored of a session, in the place of what was summed up before; and so the week
    and the month that it is in, where they were summed up."""
    dimensions = {name: (name,) if name != "day" else () for name in DIMENSIONS}
    where = {"account": account, "session": session}
    with ledger.transaction():
        serialise(ledger, account)
        ledger.execute(
            "DELETE FROM daily_quality WHERE account = %(account)s AND session = %(session)s", where
        )
        _insert(ledger, "daily_quality", where, dimensions, session, session, in_order=True)
        for kind in PeriodKind:
            period = Period.containing(kind, session)
            if is_stored(ledger, account, period):
                store_period(ledger, account, period)


def load_day(ledger: Ledger, account: str, session: date) -> pd.DataFrame:
    """What was summed up of a session.

    Returns:
        dimension, key and MEASURES, as ``aggregate`` types them, ordered by dimension and key.
    """
    return table_of(
        ledger,
        f"SELECT dimension, key, {', '.join(MEASURES)} FROM daily_quality "
        "WHERE account = %(account)s AND session = %(session)s ORDER BY dimension, key",
        {"account": account, "session": session},
    )


def store_period(ledger: Ledger, account: str, period: Period) -> None:
    """Sums up the sessions of a period, in the place of what was summed up before."""
    dimensions = {ALL: (), **{name: (name,) for name in DIMENSIONS}}
    where = {"account": account, "period": period.kind.value, "starts": period.starts}
    with ledger.transaction():
        serialise(ledger, account)
        ledger.execute(
            "DELETE FROM period_quality WHERE account = %(account)s AND period = %(period)s "
            "AND starts = %(starts)s",
            where,
        )
        _insert(ledger, "period_quality", where, dimensions, period.starts, period.ends)


def load_period(ledger: Ledger, account: str, period: Period) -> pd.DataFrame:
    """What was summed up of a period: as ``load_day``, with the dimension ``all`` for the whole."""
    return table_of(
        ledger,
        f"SELECT dimension, key, {', '.join(MEASURES)} FROM period_quality "
        "WHERE account = %(account)s AND period = %(period)s AND starts = %(starts)s "
        "ORDER BY dimension, key",
        {"account": account, "period": period.kind.value, "starts": period.starts},
    )


def is_stored(ledger: Ledger, account: str, period: Period) -> bool:
    """Whether a period was summed up before."""
    found = ledger.execute(
        "SELECT 1 FROM period_quality WHERE account = %s AND period = %s AND starts = %s LIMIT 1",
        (account, period.kind.value, period.starts),
    ).fetchone()
    return found is not None


def _insert(
    ledger: Ledger,
    table: str,
    where: Mapping[str, object],
    dimensions: Mapping[str, tuple[str, ...]],
    first: date,
    last: date,
    *,
    in_order: bool = False,
) -> None:
    columns = ", ".join(MEASURES)
    for dimension, by in dimensions.items():
        key = f"{by[0]}::text" if by else f"'{ALL}'"
        ledger.execute(
            f"INSERT INTO {table} ({', '.join(where)}, dimension, key, {columns}) "
            f"SELECT {', '.join(f'%({name})s' for name in where)}, %(dimension)s, {key}, {columns} "
            f"FROM ({grouped(by, in_order=in_order)}) found".encode(),
            {**where, "dimension": dimension, "first": first, "last": last},
        )
