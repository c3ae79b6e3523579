"""Execution quality in the ledger: what it is measured from, and what was measured."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

import pandas as pd
from pandas.api.types import pandas_dtype

from orderworks.ledger.bulk import copy_rows
from orderworks.ledger.connection import Ledger
from orderworks.ledger.limits_in_force import AT_FILL
from orderworks.ledger.measured_through_splits import tell_splits

PARENT_COLUMNS = {
    "client_order_id": "str",
    "strategy": "str",
    "symbol": "str",
    "side": "str",
    "order_type": "str",
    "route_rule": "str",
    "algo": "str",
    "quantity": "int64",
    "decision_price": "object",
    "arrival_bid": "object",
    "arrival_ask": "object",
    "signal_ts": "datetime64[us, UTC]",
    "released_at": "datetime64[us, UTC]",
    "acknowledged_at": "datetime64[us, UTC]",
    "ends_at": "datetime64[us, UTC]",
    "closed_at": "datetime64[us, UTC]",
    "adv": "float64",
    "splits": "object",
}
WORKING_COLUMNS = {
    "client_order_id": "str",
    "strategy": "str",
    "symbol": "str",
    "side": "str",
    "route_rule": "str",
    "quantity": "int64",
    "filled_quantity": "int64",
    "filled_notional": "object",
    "arrival_bid": "object",
    "arrival_ask": "object",
    "released_at": "datetime64[us, UTC]",
    "acknowledged_at": "datetime64[us, UTC]",
}
FILL_COLUMNS = {
    "exec_id": "str",
    "client_order_id": "str",
    "parent_id": "str",
    "quantity": "int64",
    "price": "object",
    "commission": "object",
    "ts": "datetime64[us, UTC]",
    "limit_price": "object",
    "splits": "object",
}
_GROUPS = ("strategy", "symbol", "side", "order_type", "route_rule", "algo", "hour", "size_bucket")
_MEASURES = (
    *("slippage_limit_bps", "slippage_decision_bps", "slippage_arrival_bps"),
    *("slippage_twap_bps", "slippage_vwap_bps", "slippage_open_bps", "slippage_close_bps"),
    *("effective_spread_bps", "realized_spread_bps", "price_impact_bps", "price_improvement_bps"),
    *("spread_capture", "markout_1s_bps", "markout_10s_bps", "markout_1m_bps", "markout_5m_bps"),
    *("markout_30m_bps", "market_adjusted_bps"),
)
ORDER_QUALITY = (
    *("client_order_id", *_GROUPS),
    *("quantity", "filled_quantity", "fill_rate", "filled_notional", "average_price"),
    *("decision_price", "arrival_price", "limit_price", "twap_price", "vwap_price", "open_price"),
    *("close_price", "end_price", *_MEASURES, "slippage_limit_worst_bps", "participation"),
    *("shortfall_delay", "shortfall_execution", "shortfall_opportunity", "shortfall_fees"),
    *("shortfall_total", "shortfall_bps"),
    *("latency_submit_ms", "latency_ack_ms", "latency_first_fill_ms", "latency_last_fill_ms"),
)
FILL_QUALITY = (
    *("exec_id", "client_order_id", "parent_id", *_GROUPS, "ts", "quantity", "price", "paid"),
    *("commission", "bid", "ask", "arrival_price", *_MEASURES),
)


_PANDAS = {
    20: "int64",
    21: "int64",
    25: "str",
    701: "float64",
    1184: "datetime64[us, UTC]",
    1700: "object",
}
"""By PostgreSQL's number of a column's type."""


# An exit is to close what it was hit for, at its own price: what it did not close was not missed, the
# quote of when its entry was sent is not its arrival, and the market that it met began when it was hit:
# neither the signal's time nor the acknowledgement's is of that.
_OF_EXIT = {
    "released_at": "CASE WHEN parent.attached_to IS NULL THEN parent.released_at "
    "ELSE parent.first_fill_at END AS released_at",
    **{
        name: f"CASE WHEN parent.attached_to IS NULL THEN parent.{name} END AS {name}"
        for name in ("arrival_bid", "arrival_ask", "signal_ts", "acknowledged_at")
    },
}
_COLUMNS = _OF_EXIT | {
    # What is given up of a worked parent, and is all that revises one, was ordered and is missed. What
    # rests at the broker was ordered as it was made there: as large as could be closed, or as a person
    # changed it.
    "quantity": "CASE WHEN parent.attached_to IS NOT NULL THEN parent.filled_quantity "
    "WHEN parent.reaches_broker OR parent.revision = 0 THEN parent.quantity "
    "ELSE parent.planned_quantity END AS quantity",
    "adv": "(parent.route_saw ->> 'adv')::double precision AS adv",  # as the router saw it
    "splits": "1 AS splits",
}


def load_for_measuring(
    ledger: Ledger, account: str, session: date
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The parents that runs of ``session`` released, the exits that were hit, and all their fills.

    A parent is in the shares of its last fill, and its ``splits`` is how many of them one was when it was
    released; a fill is as it was booked, and its ``splits`` how many of them one of its own became:
    Fraction, or 1 where no share was split meanwhile.

    Returns:
        Parents with PARENT_COLUMNS, and fills with FILL_COLUMNS: ``parent_id``, and as
        ``limit_price`` the limit that the child had when it was filled. Money is Decimal or None,
        times are UTC or NaT.
    """
    fills = ledger.execute(
        "SELECT 1 AS splits, fill.exec_id, sent.client_order_id, "
        "coalesce(sent.parent_id, sent.client_order_id) AS parent_id, fill.quantity, fill.price, "
        "fill.commission, fill.ts, in_force.limit_price "
        "FROM runs run JOIN orders sent USING (run_id) JOIN executions fill USING (client_order_id) "
        f"{AT_FILL} WHERE run.account = %s AND run.session = %s "
        "ORDER BY fill.ts, fill.exec_id".encode(),
        (account, session),
    ).fetchall()
    parents = _parents(ledger, account, session, PARENT_COLUMNS)
    tell_splits(ledger, account, session, parents, fills)
    return _frame(parents, PARENT_COLUMNS), _frame(fills, FILL_COLUMNS)


def beyond_limits(ledger: Ledger, account: str, session: date) -> tuple[list[str], pd.DataFrame]:
    """The parents that runs of ``session`` released of which a fill is worse than its child's limit was.

    Returns:
        Their names, and all their fills with FILL_COLUMNS.
    """
    names = [
        row["parent_id"]
        for row in ledger.execute(
            "SELECT DISTINCT coalesce(sent.parent_id, sent.client_order_id) AS parent_id "
            "FROM runs run JOIN orders sent USING (run_id) JOIN executions fill USING (client_order_id) "
            f"{AT_FILL} WHERE run.account = %s AND run.session = %s AND CASE sent.side "
            "WHEN 'buy' THEN fill.price > in_force.limit_price ELSE fill.price < in_force.limit_price "
            "END ORDER BY 1".encode(),
            (account, session),
        )
    ]
    if not names:
        return [], _frame([], FILL_COLUMNS)
    _, fills = load_for_measuring(ledger, account, session)
    return names, fills[fills["parent_id"].isin(names)].reset_index(drop=True)


def load_working(ledger: Ledger, account: str, session: date) -> pd.DataFrame:
    """The parents that runs of ``session`` released, and the exits that were hit, as they stand now.

    Returns:
        WORKING_COLUMNS: money is Decimal or None, times are UTC or NaT.
    """
    return _frame(_parents(ledger, account, session, WORKING_COLUMNS), WORKING_COLUMNS)


def _parents(
    ledger: Ledger, account: str, session: date, wanted: Iterable[str]
) -> list[dict[str, Any]]:
    columns = ", ".join(_COLUMNS.get(name, f"parent.{name}") for name in wanted)
    return ledger.execute(
        f"SELECT {columns} FROM runs run JOIN orders parent USING (run_id) "
        "WHERE run.account = %s AND run.session = %s AND parent.parent_id IS NULL "
        "AND parent.released_at IS NOT NULL "
        "AND (parent.attached_to IS NULL OR parent.filled_quantity > 0) "
        "ORDER BY parent.client_order_id".encode(),
        (account, session),
    ).fetchall()


def load_measured(ledger: Ledger, account: str, session: date) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What was stored of a session: the tables that ``store_quality`` took, typed as they were."""
    return (
        _measured(ledger, "order_quality", ORDER_QUALITY, "client_order_id", account, session),
        _measured(ledger, "fill_quality", FILL_QUALITY, "ts, exec_id", account, session),
    )


def _measured(
    ledger: Ledger, table: str, columns: tuple[str, ...], order: str, account: str, session: date
) -> pd.DataFrame:
    cursor = ledger.execute(
        f"SELECT {', '.join(columns)} FROM {table} WHERE account = %s AND session = %s "
        f"ORDER BY {order}".encode(),
        (account, session),
    )
    types = {column.name: _PANDAS[column.type_code] for column in cursor.description or ()}
    return _frame(cursor.fetchall(), types)


def store_quality(
    ledger: Ledger, account: str, session: date, per_order: pd.DataFrame, per_fill: pd.DataFrame
) -> None:
    """Puts what was measured of a session in the place of what was stored of it, as one.

    Args:
        per_order: the columns ORDER_QUALITY, NaN and None for what is not known.
        per_fill: the columns FILL_QUALITY, likewise.
    """
    with ledger.transaction():
        serialise(ledger, account)
        ledger.execute("SELECT open_quality_month(%s)", (session,))
        for table, columns, frame in (
            ("order_quality", ORDER_QUALITY, per_order),
            ("fill_quality", FILL_QUALITY, per_fill),
        ):
            ledger.execute(
                f"DELETE FROM {table} WHERE account = %s AND session = %s".encode(),
                (account, session),
            )
            copy_rows(
                ledger,
                table,
                ("account", "session", *columns),
                ((account, session, *row) for row in _rows(frame, columns)),
            )


def serialise(ledger: Ledger, account: str) -> None:
    """Until the transaction ends: others that measure the account take turns, and the last one stands."""
    ledger.execute("SELECT 1 FROM accounts WHERE account = %s FOR NO KEY UPDATE", (account,))


def _frame(rows: list[dict[str, Any]], columns: Mapping[str, str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            name: pd.Series([row[name] for row in rows], dtype="object").astype(pandas_dtype(kind))
            for name, kind in columns.items()
        }
    )


def _rows(frame: pd.DataFrame, columns: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    """The rows as plain values, what is missing as None."""
    values = [frame[name].astype(object) for name in columns]
    return zip(*(column.where(column.notna(), None).tolist() for column in values), strict=True)
