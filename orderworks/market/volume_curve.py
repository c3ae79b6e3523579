"""How a day's volume fell over the same New York time of day as parts of another session. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from orderworks.market.calendar import NEW_YORK, find_session
from orderworks.market.tape import microseconds

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def edges_of(start: datetime, end: datetime, slices: int) -> list[datetime]:
    """Where equal parts of a time begin and end: one more than there are parts."""
    if not start < end or slices < 1:
        raise ValueError(f"end must come after start and slices be positive, not {slices}")
    return [start + (end - start) * i / slices for i in range(slices + 1)]


def edges_on(day: date, session: date, edges: Sequence[datetime]) -> list[datetime] | None:
    """``edges`` of ``session`` at the same time of an earlier day; None for a half day that lacked them."""
    then = [_same_time_of_day(edge, session, day) for edge in edges]
    return None if _closed_early(day, then[-1]) else then


def weights(
    ts: NDArray[np.int64], volumes: NDArray[Any], edges: Sequence[datetime]
) -> NDArray[np.float64] | None:
    """The share of the volume that fell between the edges, which sums to 1; None where there was none.

    Args:
        ts: microseconds, ascending, at which the trades of ``volumes`` were over.
    """
    import numpy as np

    traded = np.concatenate([[0], np.cumsum(volumes)])
    bounds = [microseconds(edge) for edge in edges]
    at_edges = traded[np.searchsorted(ts, bounds, side="right")]
    total = at_edges[-1] - at_edges[0]
    return np.asarray(np.diff(at_edges) / total, dtype=np.float64) if total > 0 else None


def _same_time_of_day(at: datetime, session: date, day: date) -> datetime:
    """``at`` of ``session`` moved to ``day`` by New York's clock, whatever UTC did in between."""
    moved = at.astimezone(NEW_YORK).replace(tzinfo=None) - (session - day)
    return moved.replace(tzinfo=NEW_YORK).astimezone(UTC)


def _closed_early(day: date, end: datetime) -> bool:
    """Whether ``day`` was a half day that ended before ``end``: no guide to hours it lacked."""
    session = find_session(day)
    return session is not None and session.early_close and session.close < end
