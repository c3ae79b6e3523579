"""When each child of each parent is due: parents in, children out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from orderworks.model.ids import client_order_ids
from orderworks.model.order import NATIVE, Algo
from orderworks.planning.slicing import Slice, twap, twap_table, vwap

CURVED = (Algo.VWAP, Algo.POV, Algo.IS)
"""The algorithms whose slices are not equal."""


@dataclass(frozen=True, slots=True)
class Horizon:
    """The time in which a run works its orders: slices of one length from ``start`` (UTC).

    A signal's own start may lie before that, from ``since`` on, where the slices that are over by now
    count as missed; else it is the run's.
    """

    start: datetime
    end: datetime
    slices: int
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """``parents``: the routed orders with client_order_id, due_at and ends_at.

    ``children``: what the broker is to be sent: client_order_id, parent (the parent's place),
    parent_id, slice_index, quantity, due_at, parent_quantity and scheduled_quantity. An order that
    is not worked is its own only child, with no parent_id.
    """

    parents: pd.DataFrame
    children: pd.DataFrame


def horizon(start: datetime, close: datetime, slices: int, interval: timedelta) -> Horizon | None:
    """As many slices as fit before the close, at most ``slices``; None where not one does.

    An early close or a late start shrinks the horizon, not the interval.
    """
    count = min(slices, (close - start) // interval)
    return Horizon(start, start + count * interval, count) if count > 0 else None


def schedule(
    routed: pd.DataFrame,
    window: Horizon,
    account: str,
    run_key: str,
    curves: Mapping[str, Sequence[float]],
) -> Schedule:
    """Cuts worked parents into slices over the window; other orders are sent whole, at once.

    A parent that a broker's own algorithm works has one slice, which is the whole of it.

    Args:
        routed: strategy, symbol, side, quantity, lot_size, algo, and optionally start, end and
            slices where the signal states its own.
        curves: for VWAP, POV and IS, one weight a slice of the parent's horizon, by parent's
            place as ``str``.
    """
    parents = routed.copy()
    count = len(parents)
    quantity = parents["quantity"].to_numpy(np.int64)
    lot = parents["lot_size"].to_numpy(np.int64)
    worked = parents["algo"].to_numpy() != Algo.NONE
    sliced = worked & ~parents["algo"].isin(NATIVE).to_numpy()
    own = {int(place): _own_slices(parents, place, window, curves) for place in _custom(parents)}

    plain = np.ones(count, dtype=bool)
    plain[list(own)] = False
    places = np.flatnonzero(plain)
    slices = np.where(sliced, window.slices, 1)[places]
    if len(places):
        parent, index, shares = twap_table(quantity[places], slices, lot[places])
    else:
        parent = index = shares = np.zeros(0, np.int64)
    number = np.bincount(parent, minlength=len(places))
    step = (window.end - window.start) / timedelta(microseconds=1)
    offset = np.floor(step * index / np.maximum(number[parent], 1)).astype(np.int64)
    due = np.datetime64(window.start.replace(tzinfo=None), "us") + offset.astype("timedelta64[us]")

    children = pd.DataFrame(
        {
            "parent": places[parent],
            "slice_index": index,
            "quantity": shares,
            "due_at": pd.Series(due, dtype="datetime64[us]").dt.tz_localize("UTC"),
        }
    )
    if own:
        extra = pd.DataFrame(
            [(place, s.index, s.quantity, s.due_at) for place, cut in own.items() for s in cut],
            columns=["parent", "slice_index", "quantity", "due_at"],
        ).astype({"due_at": "datetime64[us, UTC]"})
        children = pd.concat([children, extra], ignore_index=True)
        children = children.sort_values(["parent", "slice_index"], ignore_index=True)

    strategy, symbol, side = (parents[name].tolist() for name in ("strategy", "symbol", "side"))
    parents["client_order_id"] = client_order_ids(
        account, run_key, zip(strategy, symbol, side, ["parent"] * count, strict=True)
    )
    place = children["parent"].to_numpy()
    index = children["slice_index"].to_numpy()
    of_worked = worked[place]
    own_names = parents["client_order_id"].to_numpy(object)[place]
    sent_as = own_names.copy()
    sent_as[of_worked] = client_order_ids(
        account,
        run_key,
        [
            (strategy[p], symbol[p], side[p], f"child/{i}")
            for p, i in zip(place[of_worked].tolist(), index[of_worked].tolist(), strict=True)
        ],
    )
    children["client_order_id"] = sent_as
    own_names[~of_worked] = None
    children["parent_id"] = own_names
    children["symbol"] = parents["symbol"].array[place]
    children["side"] = parents["side"].array[place]
    children["parent_quantity"] = quantity[place]
    children["scheduled_quantity"] = np.bincount(
        place, children["quantity"].to_numpy(), minlength=count
    ).astype(np.int64)[place]
    parents["due_at"] = children.groupby("parent")["due_at"].min().array
    ends = pd.Series(window.end, index=range(count), dtype="datetime64[us, UTC]")
    own_ends = [own_horizon(parents, place, window).end for place in own]
    ends.iloc[list(own)] = pd.Series(own_ends, dtype=ends.dtype)
    parents["ends_at"] = ends
    return Schedule(parents, children)


def _custom(parents: pd.DataFrame) -> list[int]:
    """The places of parents that are not cut like the others: own times, own slices, own weights."""
    custom = parents["algo"].isin(CURVED).to_numpy()
    for column in ("start", "end", "slices"):
        if column in parents:
            custom = custom | parents[column].notna().to_numpy()
    return [int(place) for place in np.flatnonzero(custom)]


def own_horizon(parents: pd.DataFrame, place: int, window: Horizon) -> Horizon:
    """The horizon of one parent: the run's, but for what its signal states."""
    row = parents.iloc[place]

    def stated(column: str) -> Any:
        return row[column] if column in parents and pd.notna(row[column]) else None

    start, end, slices = stated("start"), stated("end"), stated("slices")
    earliest = window.since or window.start
    return Horizon(
        window.start if start is None else max(earliest, pd.Timestamp(start).to_pydatetime()),
        window.end if end is None else pd.Timestamp(end).to_pydatetime(),
        window.slices if slices is None else int(slices),
    )


def _own_slices(
    parents: pd.DataFrame, place: int, window: Horizon, curves: Mapping[str, Sequence[float]]
) -> list[Slice]:
    own = own_horizon(parents, place, window)
    quantity = int(parents["quantity"].iloc[place])
    lot = int(parents["lot_size"].iloc[place])
    algo = parents["algo"].iloc[place]
    if algo == Algo.NONE or algo in NATIVE:
        return [Slice(0, own.start, quantity)]
    if algo in CURVED:
        return vwap(quantity, own.start, own.end, own.slices, curves[str(place)], lot)
    return twap(quantity, own.start, own.end, own.slices, lot)
