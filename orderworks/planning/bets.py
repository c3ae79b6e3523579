"""From signals to sized orders: one vectorised table function."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orderworks.planning.sizing import edge_over_odds, unordered_quantity

DIRECTION_SIGN = {"long": 1, "short": -1, "flat": 0}

CARRIED = (
    *(
        "order_type",
        "limit_price",
        "stop_price",
        "trail_amount",
        "trail_percent",
        "tif",
        "good_till",
    ),
    *("algo", "start", "end", "slices", "remainder"),
)
"""Optional signal columns that later steps use as they are."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SizingPolicy:
    """How bets become quantities; per cents are of equity unless they say otherwise."""

    method: Literal["half_kelly", "fixed", "percent_equity"]
    fixed_notional: float
    percent_equity: float
    max_position_pct: float
    gross_cap_pct: float
    stop_loss_pct: float
    protect_entries: bool
    signal_meaning: Literal["target", "order"]


@dataclass(frozen=True, slots=True)
class Sized:
    """``orders``: what is to be traded. ``refused``: strategy, symbol, code, reason and saw.

    An order is ``reduce_only`` where it only makes its strategy's position smaller. One that turns
    the position round is not, and has no exits either: they would protect what it closes as well.
    """

    orders: pd.DataFrame
    refused: pd.DataFrame


def size(signals: pd.DataFrame, *, equity: float, cash: float, policy: SizingPolicy) -> Sized:
    """Sizes every signal.

    Half-Kelly bets cash * f*/2 on the decision price; each bet is capped at ``max_position_pct``,
    then all are scaled by min(1, gross cap / their sum), then cut to whole lots toward zero. A
    ``quantity`` in the signal replaces all of this.

    Args:
        signals: one row a signal: strategy, symbol, direction, strength, price, ts, win_rate,
            avg_win_pct, avg_loss_pct, lot_size; holdings (the account's shares, signed), open_buys
            and open_sells (those that its open orders have still to fill); own_holdings and
            own_open_remaining (those that the target is netted against, signed); optionally ``weight``
            (fraction of equity to hold), ``quantity`` and ``CARRIED``.
        equity, cash: money.
    """
    sign = np.array([DIRECTION_SIGN[one] for one in signals["direction"].tolist()], np.int64)
    price = signals["price"].to_numpy(np.float64)
    lot = signals["lot_size"].to_numpy(np.int64)
    fraction = _kelly(signals)
    given = _column(signals, "quantity")
    bet = np.where(sign == 0, 0.0, _bets(signals, fraction, equity, cash, policy))
    with np.errstate(invalid="ignore"):
        shares = np.where(np.isnan(given), bet / price, given)
        lots = np.floor(np.nan_to_num(shares) / lot + 1e-9).astype(np.int64)
    wanted = sign * lots * lot
    holdings = signals["holdings"].to_numpy(np.int64)
    open_buys = signals["open_buys"].to_numpy(np.int64)
    open_sells = signals["open_sells"].to_numpy(np.int64)
    if policy.signal_meaning == "target":
        trade = unordered_quantity(
            wanted,
            signals["own_holdings"].to_numpy(np.int64),
            signals["own_open_remaining"].to_numpy(np.int64),
        )
    else:
        trade = wanted
    target = holdings + open_buys - open_sells + trade
    before = signals["own_holdings"].to_numpy(np.int64) + signals["own_open_remaining"].to_numpy(
        np.int64
    )
    kept_side = before * (before + trade) >= 0
    opens = kept_side & (np.abs(before + trade) > np.abs(before))

    edgeless = (
        np.isnan(given)
        & (sign != 0)
        & (_needs_kelly(signals, policy))
        & ~(np.nan_to_num(fraction) > 0)
    )
    trade = np.where(edgeless, 0, trade)
    orders = pd.DataFrame(
        {
            "row": signals["row"].to_numpy(),
            "strategy": signals["strategy"].to_numpy(),
            "symbol": signals["symbol"].to_numpy(),
            "side": np.where(trade > 0, "buy", "sell"),
            "quantity": np.abs(trade),
            "target": target,
            "holdings": holdings,
            "open_buys": open_buys,
            "open_sells": open_sells,
            "decision_price": price,
            "strength": signals["strength"].to_numpy(np.float64),
            "signal_ts": signals["ts"].array,
            "kelly_fraction": fraction,
            "lot_size": lot,
            "reduce_only": kept_side & ~opens,
            **_exits(signals, price, np.sign(trade), opens, policy),
        }
    )
    for column in CARRIED:
        if column in signals:
            orders[column] = signals[column].array
    traded = trade != 0
    return Sized(
        orders[traded].reset_index(drop=True),
        _refusals(orders[~traded], edgeless[~traded], lots[~traded], sign[~traded]),
    )


def _exits(
    signals: pd.DataFrame,
    price: Floats,
    sign: NDArray[np.int64],
    opens: NDArray[np.bool_],
    policy: SizingPolicy,
) -> dict[str, Floats]:
    """Where each entry's exits are to be: as the signal states, else the stop by the policy.

    Only what opens is protected. A rebalance moves weights, and protects none of them unless asked.
    """
    stated = _column(signals, "stop_loss_price")
    by_policy = price * (1 - sign * policy.stop_loss_pct / 100)
    if not policy.protect_entries or "weight" in signals:
        by_policy = np.full(len(signals), np.nan)
    return {
        "stop_loss_price": np.where(opens, np.where(np.isnan(stated), by_policy, stated), np.nan),
        "take_profit_price": np.where(opens, _column(signals, "take_profit_price"), np.nan),
    }


def _bets(
    signals: pd.DataFrame, fraction: Floats, equity: float, cash: float, policy: SizingPolicy
) -> Floats:
    """The money of each bet, capped one by one and then all together; explicit weights as asked."""
    # Who owes more than he has bets nothing: a negative cap would turn every bet round.
    equity = max(equity, 0.0)
    if "weight" in signals:
        return np.abs(_column(signals, "weight")) * equity
    match policy.method:
        case "half_kelly":
            asked = np.maximum(np.nan_to_num(fraction), 0.0) / 2 * max(cash, 0.0)
        case "fixed":
            asked = np.full(len(signals), policy.fixed_notional)
        case "percent_equity":
            asked = np.full(len(signals), equity * policy.percent_equity / 100)
    asked = np.where(signals["direction"].to_numpy() == "flat", 0.0, asked)
    capped: Floats = np.minimum(asked, equity * policy.max_position_pct / 100)
    gross_cap = equity * policy.gross_cap_pct / 100
    total = float(capped.sum())
    return capped if total <= gross_cap else capped * (gross_cap / total)


def _kelly(signals: pd.DataFrame) -> Floats:
    """f* a signal; NaN where its inputs are missing."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(
            edge_over_odds(
                _column(signals, "win_rate"),
                _column(signals, "avg_win_pct"),
                _column(signals, "avg_loss_pct"),
            )
        )


def _needs_kelly(signals: pd.DataFrame, policy: SizingPolicy) -> bool:
    return policy.method == "half_kelly" and "weight" not in signals


def _column(signals: pd.DataFrame, name: str) -> Floats:
    if name not in signals:
        return np.full(len(signals), np.nan)
    return signals[name].to_numpy(np.float64, na_value=np.nan)


def _refusals(
    orders: pd.DataFrame,
    edgeless: NDArray[np.bool_],
    lots: NDArray[np.int64],
    sign: NDArray[np.int64],
) -> pd.DataFrame:
    """Why a signal became no order, with the numbers."""
    records: list[dict[Any, Any]] = orders.to_dict("records")
    rows = [
        (
            order["strategy"],
            order["symbol"],
            *_why_not(order, no_edge=bool(no_edge), below_one_lot=bool(direction and not count)),
            {
                "kelly_fraction": _finite(order["kelly_fraction"]),
                "price": order["decision_price"],
                "holdings": order["holdings"],
                "open_buys": order["open_buys"],
                "open_sells": order["open_sells"],
            },
        )
        for order, no_edge, count, direction in zip(records, edgeless, lots, sign, strict=True)
    ]
    return pd.DataFrame(rows, columns=["strategy", "symbol", "code", "reason", "saw"])


def _why_not(order: Mapping[Any, Any], *, no_edge: bool, below_one_lot: bool) -> tuple[str, str]:
    fraction = _finite(order["kelly_fraction"])
    if no_edge and fraction is None:
        return "KELLY_INPUTS_MISSING", "win_rate, avg_win_pct or avg_loss_pct is missing"
    if no_edge:
        return "NO_EDGE", f"Kelly fraction {fraction:.4f} is not above zero: no bet"
    if below_one_lot:
        return "BELOW_ONE_LOT", f"the bet buys less than one lot at {order['decision_price']}"
    held, pending = order["holdings"], order["open_buys"] - order["open_sells"]
    return "AT_TARGET", f"{held} held and {pending} open are the target already"


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
