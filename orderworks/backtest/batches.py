"""Signals in the batches in which runs trade them: pure kernels.

A signal belongs to the first session that closes after it is known. Those that are known when a
session's daily run begins are its batch; later ones come in intraday batches, one for each minute
that has some, as an intraday run is named by its minute.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd

from orderworks.handoffs.check import check
from orderworks.handoffs.table_file import TableFile
from orderworks.market.calendar import NEW_YORK, Session


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Signals that one run trades, from ``begins_at`` on; ``raw`` has the same rows as in the file."""

    kind: str
    run_key: str
    begins_at: datetime
    signals: pd.DataFrame
    raw: pd.DataFrame


def batches_of(
    file: TableFile,
    sessions: Sequence[Session],
    known_from: datetime,
    start_after_open: timedelta,
) -> dict[date, list[Batch]]:
    """The batches of each session that has any, in the order in which they begin.

    Rows that belong to none of the sessions are in no batch. A row without a time is where the
    earliest row is, for the suite to refuse.

    Args:
        file: signals, with a column ``ts``.
        sessions: one or more, in order.
        known_from: the close of the session before them.
        start_after_open: when a daily run begins.
    """
    stated = file.frame["ts"]
    closes = pd.DatetimeIndex([session.close for session in sessions])
    within = stated[(stated >= known_from) & (stated < closes[-1])]
    known = stated.fillna(within.min() if len(within) else sessions[0].open)
    known = known.set_axis(range(len(known)))[(known >= known_from).to_numpy()]
    place = closes.searchsorted(pd.DatetimeIndex(known), side="right")
    batches = {
        session.date: _batches(file, session, known[place == number], start_after_open)
        for number, session in enumerate(sessions)
    }
    return {day: some for day, some in batches.items() if some}


def judged(
    batches: Mapping[date, Sequence[Batch]], max_quarantined_pct: float
) -> dict[date, list[Batch]]:
    """The batches without the signals that break a rule of their suite.

    Raises:
        HandoffRefused: as a run would, if a column is wrong or too many break one.
    """
    every = [batch for some in batches.values() for batch in some]
    checked = check(
        "signals",
        pd.concat([_named(batch) for batch in every]),
        max_quarantined_pct=max_quarantined_pct,
        raw=pd.concat([batch.raw for batch in every]),
    )
    sound = checked.accepted["row"]
    return {
        day: [
            replace(batch, signals=kept.reset_index(drop=True))
            for batch in some
            if len(kept := batch.signals[batch.signals["row"].isin(sound)])
        ]
        for day, some in batches.items()
    }


def _named(batch: Batch) -> pd.DataFrame:
    """The signals with their run in the strategy's name: another run may have the same again.

    All are judged at once, as each time takes the engine a while.
    """
    if "strategy" not in batch.signals:
        return batch.signals
    return batch.signals.assign(strategy=batch.signals["strategy"] + f" of {batch.run_key}")


def _batches(
    file: TableFile, session: Session, known: "pd.Series[Any]", start_after_open: timedelta
) -> list[Batch]:
    """The batches of a session's signals: ``known`` has their times, by their place in the file."""
    begins = session.open + start_after_open
    batches = []
    daily = known[known <= begins]
    if len(daily):
        batches.append(_batch(file, daily, "daily", f"daily:{session.date}", begins))
    later = known[known > begins].dt.tz_convert(NEW_YORK)
    for minute, times in later.groupby(f"{session.date}T" + later.dt.strftime("%H:%M")):
        latest = times.max().to_pydatetime().astimezone(UTC)
        batches.append(_batch(file, times, "intraday", f"intraday:{minute}", latest))
    return batches


def _batch(
    file: TableFile, known: "pd.Series[Any]", kind: str, run_key: str, begins_at: datetime
) -> Batch:
    rows = known.index
    return Batch(kind, run_key, begins_at, file.frame.iloc[rows], file.raw.iloc[rows])
