"""What the risk gate compares orders with: the desk's limits and the account's facts."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskLimits:
    """The desk's limits. A number equal to its limit passes.

    Per order:
        max_price_deviation_pct: decision price from the mid, in per cent of the mid.
        max_order_quantity: shares.
        max_order_notional: money, quantity x decision price.
        max_adv_participation_pct: quantity in per cent of the average daily volume.
        max_position_pct: |position| x decision price in per cent of the equity. Wider than the
            cap of sizing: it stops what sizing should never have let out.

    Per account:
        max_gross_exposure_pct: sum of |position| x price in per cent of the equity.
        max_net_exposure_pct: |long - short| in per cent of the equity.
        max_orders_per_day: parent orders.
        max_turnover_per_day_pct: notional planned in a day in per cent of the equity.
        max_daily_loss_pct: the day's loss in per cent of the equity at the day's start.
        max_drawdown_pct: loss since the peak in per cent of the peak equity.
        max_day_trades: day trades within five sessions while the equity is below
            ``day_trade_free_equity``: FINRA rule 4210(f)(8)(B) makes the fourth a pattern.
        day_trade_free_equity: money; from here up, day trades are not counted. 0 = never counted.

    Raises:
        ValueError: naming a limit that is negative, NaN or infinite.
    """

    max_price_deviation_pct: float = 5.0
    max_order_quantity: int = 1_000_000
    max_order_notional: float = 5_000_000.0
    max_adv_participation_pct: float = 5.0
    max_position_pct: float = 10.0
    max_gross_exposure_pct: float = 200.0
    max_net_exposure_pct: float = 100.0
    max_orders_per_day: int = 20_000
    max_turnover_per_day_pct: float = 400.0
    max_daily_loss_pct: float = 3.0
    max_drawdown_pct: float = 20.0
    max_day_trades: int = 3
    day_trade_free_equity: float = 25_000.0

    def __post_init__(self) -> None:
        for limit in fields(self):
            value = getattr(self, limit.name)
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{limit.name} must be finite and not negative, not {value}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskContext:
    """What is true of one account when its orders are gated. Money is in the account's currency.

    limits: the desk's limits.
    kill_switch, kill_reason: whether nothing may be sent, and why.
    session_open, session_reason: whether the market is in session, and why not.
    equity: net liquidation value.
    peak_equity: the highest equity on record, as if what was transferred since had been there by then.
    day_pnl: the day's profit, negative = loss; what was transferred is neither.
    buying_power: what the broker would let the account open now, after what open and planned
        orders will need.
    gross_exposure: sum of |position| x price, each position as large as its open and planned
        orders can make it.
    net_exposure: sum of position x price, signed, open and planned orders included.
    orders_today: parent orders already planned today.
    turnover_today: notional already planned today.
    day_trades_last_5_sessions: day trades, today's included.
    bought_today, sold_today: symbol -> shares traded today; a symbol that is not named has none.
    restricted: symbols that may not be traded at all.
    short_selling: whether the account may sell short at all.
    not_shortable: symbols that may not be sold short even then.
    known_intents: (strategy, symbol) that another live run of this occasion has planned.
    available_funds: what the broker says that the account has left for initial margin; it counts only
        for the orders of which it was asked.
    refuses_unknown_margin: whether one of which it was asked and did not tell is refused.
    account_lock: why the whole account is locked by a difference from the broker's books; "" = it is not.
    locked: symbol -> why it is.

    Raises:
        ValueError: naming a fact that is NaN or infinite.
    """

    limits: RiskLimits
    kill_switch: bool
    kill_reason: str = "no reason was recorded"
    session_open: bool
    session_reason: str = "no reason was recorded"
    equity: float
    peak_equity: float
    day_pnl: float
    buying_power: float
    gross_exposure: float
    net_exposure: float
    orders_today: int
    turnover_today: float
    day_trades_last_5_sessions: int
    short_selling: bool
    bought_today: Mapping[str, int] = field(default_factory=dict)
    sold_today: Mapping[str, int] = field(default_factory=dict)
    restricted: frozenset[str] = frozenset()
    not_shortable: frozenset[str] = frozenset()
    known_intents: frozenset[tuple[str, str]] = frozenset()
    available_funds: float = 0.0
    refuses_unknown_margin: bool = False
    account_lock: str = ""
    locked: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for fact in fields(self):
            value = getattr(self, fact.name)
            if isinstance(value, int | float) and not math.isfinite(value):
                raise ValueError(f"{fact.name} must be a finite number, not {value}")
