"""The exits of entries: a protective stop, and a target at which the profit is taken."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from orderworks.model.ids import client_order_ids
from orderworks.model.order import Algo, OrderType, Side, TimeInForce
from orderworks.planning.pricing import on_grid
from orderworks.planning.routing import STOP_LOSS, TAKE_PROFIT
from orderworks.planning.scheduling import Schedule


@dataclass(frozen=True, slots=True)
class ExitKind:
    """One of an entry's exits: where the entry says that it is to be, and how it is placed."""

    price: str
    position: str
    route_rule: str
    order_type: OrderType
    own_price: str


EXIT_KINDS = (
    ExitKind("stop_loss_price", "stop_loss", STOP_LOSS.rule, STOP_LOSS.order_type, "stop_price"),
    ExitKind(
        "take_profit_price", "take_profit", TAKE_PROFIT.rule, TAKE_PROFIT.order_type, "limit_price"
    ),
)


def group_of(entry: str) -> str:
    """The name of the group that the exits of an entry share."""
    return f"oca-{entry}"


def place_of(slice_index: int | None) -> str:
    """The place of a slice among its parent's orders; that of an order which is not sliced."""
    return "parent" if slice_index is None else f"child/{slice_index}"


def exits(schedule: Schedule, account: str, run_key: str) -> pd.DataFrame:
    """One row an exit, stops before targets; none for entries that state no exit price.

    An exit trades its entry's symbol back. It goes out with the entry, to rest at the broker until
    one of them ends; the exits of one entry share a group. An order that turns a position round has
    none: what it closes is not to be protected.

    Returns:
        A table with the columns of ``schedule.parents`` that an order has, and attached_to,
        oca_group, stop_price and limit_price (on the tick grid, never worse than asked).
    """
    parents, children = schedule.parents, schedule.children
    stated = parents[[kind.price for kind in EXIT_KINDS]].notna().any(axis=1).to_numpy()
    if not stated.any():
        return pd.DataFrame()
    entries = children[stated[children["parent"].to_numpy()]]
    return pd.concat(
        [_of_kind(kind, schedule, entries, account, run_key) for kind in EXIT_KINDS],
        ignore_index=True,
    )


def _of_kind(
    kind: ExitKind, schedule: Schedule, entries: pd.DataFrame, account: str, run_key: str
) -> pd.DataFrame:
    of_parent = schedule.parents.iloc[entries["parent"].to_numpy()].reset_index(drop=True)
    wanted = of_parent[kind.price].notna().to_numpy()
    of_parent = of_parent[wanted].reset_index(drop=True)
    entries = entries[wanted].reset_index(drop=True)
    buys = of_parent["side"].to_numpy() == Side.BUY
    price = on_grid(of_parent[kind.price].to_numpy(np.float64), np.where(buys, -1, 1))
    both = of_parent[[one.price for one in EXIT_KINDS]].notna().all(axis=1).to_numpy()
    table = pd.DataFrame(
        {
            "strategy": of_parent["strategy"],
            "symbol": of_parent["symbol"],
            "side": np.where(buys, Side.SELL.value, Side.BUY.value),
            "quantity": entries["quantity"],
            "order_type": kind.order_type.value,
            "limit_price": np.nan,
            "stop_price": np.nan,
            "tif": TimeInForce.GTC.value,
            "algo": Algo.NONE.value,
            "due_at": entries["due_at"],
            "ends_at": of_parent["ends_at"],
            "route_rule": kind.route_rule,
            # What it is judged by is the price that it was to close at.
            "decision_price": price,
            "signal_ts": of_parent["signal_ts"],
            "attached_to": entries["client_order_id"],
            "oca_group": entries["client_order_id"].map(group_of).where(both),
        }
    )
    table[kind.own_price] = price
    slices = entries["slice_index"].where(entries["parent_id"].notna()).astype("Int64")
    table["client_order_id"] = client_order_ids(
        account,
        run_key,
        [
            (strategy, symbol, side, f"{kind.position}/{place_of(None if pd.isna(i) else int(i))}")
            for strategy, symbol, side, i in zip(
                table["strategy"], table["symbol"], table["side"], slices, strict=True
            )
        ],
    )
    return table
