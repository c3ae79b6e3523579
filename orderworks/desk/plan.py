"""The plan as the ledger keeps it: tables turned into rows, inputs into one fingerprint."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

import numpy as np
import pandas as pd

from orderworks.ledger.runs import DECISION_COLUMNS, Plan
from orderworks.planning.bets import Sized
from orderworks.planning.pricing import exact_or_none, on_grid
from orderworks.planning.risk.gate import Gated
from orderworks.planning.scheduling import Horizon, Schedule


def fingerprint(kind: str, session: date, inputs: pd.DataFrame) -> str:
    """One value for what a run was asked to do; other inputs, another value.

    The order of rows counts, as it decides who is served first; that of columns does not.
    """
    columns = sorted(inputs.columns)
    text = inputs[columns].to_json(orient="split", date_format="iso", date_unit="us", index=False)
    return sha256(f"{kind}\n{session}\n{text}".encode()).hexdigest()


def plan_rows(
    account: str,
    inputs_hash: str,
    window: Horizon,
    signals: pd.DataFrame,
    sized: Sized,
    gated: Gated,
    schedule: Schedule,
) -> Plan:
    """Everything that was decided of the accepted signals, ready to be frozen."""
    return Plan(
        inputs_hash=inputs_hash,
        starts_at=window.start,
        ends_at=max(
            (moment.to_pydatetime() for moment in schedule.parents["ends_at"]), default=window.end
        ),
        signals=_signal_rows(signals),
        decisions=_decision_rows(sized.refused.assign(accepted=False), gated.decisions),
        orders=[*_parent_rows(account, schedule), *_child_rows(account, schedule)],
    )


def _signal_rows(signals: pd.DataFrame) -> list[tuple[Any, ...]]:
    contents = signals.to_json(orient="records", lines=True, date_format="iso").splitlines()
    return [
        (row, strategy, symbol, direction, _money(strength), _money(price), ts, content)
        for row, strategy, symbol, direction, strength, price, ts, content in zip(
            signals["row"].tolist(),
            signals["strategy"].tolist(),
            signals["symbol"].tolist(),
            signals["direction"].tolist(),
            signals["strength"].tolist(),
            signals["price"].tolist(),
            _times(signals["ts"]),
            contents,
            strict=True,
        )
    ]


def _decision_rows(*tables: pd.DataFrame) -> list[tuple[Any, ...]]:
    as_json = json.JSONEncoder(default=str).encode
    return [
        (strategy, symbol, bool(accepted), code, reason, as_json(saw))
        for table in tables
        for strategy, symbol, accepted, code, reason, saw in table[
            list(DECISION_COLUMNS)
        ].itertuples(index=False)
    ]


def _parent_rows(account: str, schedule: Schedule) -> list[tuple[Any, ...]]:
    parents = schedule.parents
    saw = parents[["bid", "ask", "adv", "spread_bps", "size_pct_adv"]]
    quantity = parents["quantity"].tolist()
    return list(
        zip(
            parents["client_order_id"].tolist(),
            [account] * len(parents),
            [None] * len(parents),
            [0] * len(parents),
            parents["strategy"].tolist(),
            parents["symbol"].tolist(),
            parents["side"].tolist(),
            quantity,
            quantity,
            parents["order_type"].tolist(),
            exact_or_none(parents["limit_price"].to_numpy(np.float64)),
            _stop_loss_prices(parents),
            parents["tif"].tolist(),
            parents["algo"].tolist(),
            _times(parents["due_at"]),
            _times(parents["ends_at"]),
            parents["route_rule"].tolist(),
            # Not by lines: no orders at all are written as one empty line.
            saw.to_json(orient="records", lines=True, double_precision=6).split(),
            [_money(price) for price in parents["decision_price"].tolist()],
            _times(parents["signal_ts"]),
            strict=True,
        )
    )


def _child_rows(account: str, schedule: Schedule) -> list[tuple[Any, ...]]:
    children = schedule.children[schedule.children["parent_id"].notna()]
    of_parent = schedule.parents.iloc[children["parent"].to_numpy()]
    quantity = children["quantity"].tolist()
    return list(
        zip(
            children["client_order_id"].tolist(),
            [account] * len(children),
            children["parent_id"].tolist(),
            children["slice_index"].tolist(),
            of_parent["strategy"].tolist(),
            of_parent["symbol"].tolist(),
            of_parent["side"].tolist(),
            quantity,
            quantity,
            of_parent["order_type"].tolist(),
            exact_or_none(of_parent["limit_price"].to_numpy(np.float64)),
            [None] * len(children),
            of_parent["tif"].tolist(),
            of_parent["algo"].tolist(),
            _times(children["due_at"]),
            _times(of_parent["ends_at"]),
            of_parent["route_rule"].tolist(),
            ["{}"] * len(children),
            [_money(price) for price in of_parent["decision_price"].tolist()],
            _times(of_parent["signal_ts"]),
            strict=True,
        )
    )


def _stop_loss_prices(parents: pd.DataFrame) -> list[Decimal | None]:
    """The protective stops on the tick grid: the exit of a buy sells, and the other way round."""
    exit_sign = np.where(parents["side"].to_numpy() == "buy", -1, 1)
    return exact_or_none(on_grid(parents["stop_loss_price"].to_numpy(np.float64), exit_sign))


def _money(value: float) -> Decimal:
    """A float64 column's number as the decimal that it was written as."""
    return Decimal(str(value))


def _times(column: "pd.Series[Any]") -> list[datetime]:
    return [moment.astimezone(UTC) for moment in column.dt.to_pydatetime()]
