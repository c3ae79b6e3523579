"""The section ``risk``: the limits of the risk gate."""

from typing import Annotated, Literal

from pydantic import Field

from orderworks.settings.section import Percent, Section, Symbol


class Risk(Section):
    max_price_deviation_pct: Percent
    max_order_quantity: Annotated[int, Field(ge=1)]
    max_order_notional: Annotated[float, Field(gt=0)]
    max_position_pct: Percent
    max_gross_exposure_pct: Percent
    max_net_exposure_pct: Percent
    max_orders_per_day: Annotated[int, Field(ge=0)]
    max_turnover_per_day_pct: Percent
    max_daily_loss_pct: Percent
    max_drawdown_pct: Percent
    max_adv_participation_pct: Percent
    max_day_trades: Annotated[int, Field(ge=0)]
    day_trade_free_equity: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    unknown_margin: Literal["refuse_live", "refuse", "pass"]
    restricted: frozenset[Symbol]
    not_shortable: frozenset[Symbol]
