"""The plan as the ledger keeps it: tables turned into columns, inputs into one fingerprint."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any, Literal

import numpy as np
import orjson
import pandas as pd

from orderworks.desk.scheduling import Scheduled
from orderworks.ledger.bulk import Columns
from orderworks.ledger.runs import Plan
from orderworks.planning.bets import Sized
from orderworks.planning.exits import EXIT_KINDS
from orderworks.planning.pricing import exact_or_none, on_grid
from orderworks.planning.risk.gate import Gated
from orderworks.planning.scheduling import Schedule

DECISIONS = ("strategy", "symbol", "accepted", "code", "reason")

OWN_OF_SLICE = ("client_order_id", "parent_id", "slice_index", "quantity", "due_at", "cross_at")
OF_PARENT = (
    *("strategy", "symbol", "side", "order_type", "tif", "algo", "route_rule", "remainder"),
    *("limit_price", "stop_price", "trail_amount", "trail_percent", "decision_price"),
    *("ends_at", "signal_ts", "good_till", "reduce_only", "native"),
)
"""What a slice has of its own, and of its parent."""

DEFAULTS: Mapping[str, Any] = {
    "slice_index": 0,
    "remainder": "keep",
    "reduce_only": False,
    "route_saw": "{}",
}
"""What a row has where only others have a column; None where nothing is said here."""


def fingerprint(kind: str, session: date, inputs: pd.DataFrame) -> str:
    """One value for what a run was asked to do; other inputs, another value.

    The order of rows counts, as it decides who is served first; that of columns does not.
    """
    spelled = _times_as_text(inputs[sorted(inputs.columns)], "us")
    text = spelled.to_json(orient="split", date_format="iso", date_unit="us", index=False)
    return sha256(f"{kind}\n{session}\n{text}".encode()).hexdigest()


def plan_of(
    account: str,
    inputs_hash: str,
    signals: pd.DataFrame,
    sized: Sized,
    gated: Gated,
    scheduled: Scheduled,
) -> Plan:
    """Everything that was decided of the accepted signals, ready to be frozen."""
    schedule, window = scheduled.schedule, scheduled.window
    ends = schedule.parents["ends_at"]
    return Plan(
        inputs_hash=inputs_hash,
        starts_at=window.start,
        ends_at=window.end if ends.empty else ends.max().to_pydatetime(),
        signals=_signal_columns(signals),
        decisions=_decision_columns(sized.refused.assign(accepted=False), gated.decisions),
        orders=_stacked(
            _parent_columns(schedule),
            _order_columns(_slices(schedule)),
            _order_columns(scheduled.exits),
            account=account,
        ),
        drawn=_drawn_columns(schedule.parents),
    )


def _signal_columns(signals: pd.DataFrame) -> Columns:
    texts = ("strategy", "symbol", "direction")
    return {
        "row": signals["row"].tolist(),
        **{name: signals[name].tolist() for name in texts},
        **{name: _numbers(signals[name]) for name in ("strength", "price")},
        "ts": _times(signals["ts"]),
        "content": _contents(signals),
    }


def _contents(signals: pd.DataFrame) -> list[str]:
    """Each signal with all that it says, as a JSON object."""
    spelled = _times_as_text(signals, "ms")
    lines = spelled.to_json(orient="records", lines=True, date_format="iso").splitlines()
    # No signals at all are written as one empty line.
    return lines[: len(signals)]


def _times_as_text(table: pd.DataFrame, unit: Literal["ms", "us"]) -> pd.DataFrame:
    """The table with its times in the words of its JSON.

    To spell them as a part of the table takes pandas ten times what it takes column by column.
    """
    times = {
        str(name): json.loads(column.to_json(orient="records", date_format="iso", date_unit=unit))
        for name, column in table.select_dtypes("datetimetz").items()
    }
    return table.assign(**times)


def _decision_columns(*tables: pd.DataFrame) -> Columns:
    columns = {
        name: [value for table in tables for value in table[name].tolist()] for name in DECISIONS
    }
    # Thousands of small documents, for each of which json makes an encoder anew.
    saw = [orjson.dumps(one, default=str) for table in tables for one in table["saw"].tolist()]
    return columns | {"saw": [one.decode() for one in saw]}


def _parent_columns(schedule: Schedule) -> Columns:
    parents = schedule.parents
    if parents.empty:
        return {}
    saw = parents[["bid", "ask", "adv", "spread_bps", "size_pct_adv"]]
    plain = schedule.children[schedule.children["parent_id"].isna()]
    cross_at = pd.Series(pd.NaT, index=parents.index, dtype="datetime64[us, UTC]")
    cross_at.iloc[plain["parent"].to_numpy()] = plain["cross_at"].array
    exit_sign = np.where(parents["side"].to_numpy() == "buy", -1, 1)
    return {
        **_order_columns(parents.assign(cross_at=cross_at)),
        # The exit of a buy sells, and the other way round.
        **{
            kind.price: exact_or_none(on_grid(parents[kind.price].to_numpy(np.float64), exit_sign))
            for kind in EXIT_KINDS
        },
        "route_saw": saw.to_json(orient="records", lines=True, double_precision=6).split(),
    }


def _drawn_columns(parents: pd.DataFrame) -> Columns:
    """The parents that an experiment took, and what they were drawn to."""
    if "experiment" not in parents:
        return {}
    drawn = parents[parents["experiment"].notna()]
    names = ("client_order_id", "experiment", "stratum", "treated")
    return {name: drawn[name].tolist() for name in names}


def _slices(schedule: Schedule) -> pd.DataFrame:
    """The children that are not their parents themselves, with what they have of these."""
    children = schedule.children[schedule.children["parent_id"].notna()].reset_index(drop=True)
    of_parent = schedule.parents.iloc[children["parent"].to_numpy()].reset_index(drop=True)
    return children[list(OWN_OF_SLICE)].join(of_parent[list(OF_PARENT)])


def _order_columns(orders: pd.DataFrame) -> Columns:
    """What a table of orders says, column by column; not what it says of no order."""
    if orders.empty:
        return {}
    said = {
        name: put(orders[name])
        for name, put in SPELLED.items()
        if name in orders and orders[name].notna().any()
    }
    return said | {"planned_quantity": said["quantity"]}


def _stacked(*tables: Columns, account: str) -> Columns:
    """Tables one below the other; where one lacks a column of another, its default."""
    filled = [table for table in tables if table]
    names = list(dict.fromkeys(name for table in filled for name in table))
    stacked: dict[str, Sequence[Any]] = {}
    for name in names:
        column: list[Any] = []
        for table in filled:
            count = len(table["client_order_id"])
            column += table.get(name, [DEFAULTS.get(name)] * count)
        stacked[name] = column
    if stacked:
        stacked["account"] = [account] * len(stacked["client_order_id"])
    return stacked


def _plain(column: "pd.Series[Any]") -> list[Any]:
    return column.tolist()


def _names(column: "pd.Series[Any]") -> list[str | None]:
    return column.astype(object).where(column.notna(), None).tolist()


def _numbers(column: "pd.Series[Any]") -> list[str | None]:
    """Float64 numbers as they were written; None for NaN."""
    numbers = column.astype(float)
    spelled = np.full(len(column), None, dtype=object)
    spelled[numbers.notna()] = list(map(str, numbers.dropna().tolist()))
    return spelled.tolist()


def _times(column: "pd.Series[Any]") -> list[datetime | None]:
    codes, moments = pd.factorize(column)
    # Code -1 is no time: it takes the last element.
    known = [*(moment.to_pydatetime().astimezone(UTC) for moment in moments), None]
    return [known[code] for code in codes.tolist()]


SPELLED: Mapping[str, Callable[["pd.Series[Any]"], Sequence[Any]]] = {
    **dict.fromkeys(("client_order_id", "strategy", "symbol", "side", "order_type"), _plain),
    **dict.fromkeys(("tif", "algo", "route_rule", "remainder", "reduce_only"), _plain),
    **dict.fromkeys(("quantity", "slice_index", "native"), _plain),
    **dict.fromkeys(("parent_id", "attached_to", "oca_group"), _names),
    **dict.fromkeys(("limit_price", "stop_price", "trail_amount", "trail_percent"), _numbers),
    "decision_price": _numbers,
    **dict.fromkeys(("due_at", "ends_at", "signal_ts", "good_till", "cross_at"), _times),
}
"""How each column of an order is written."""
