"""The section ``execution``: how orders are sized, worked and protected."""

from typing import Annotated, Literal

from pydantic import Field

from orderworks.settings.section import Money, Percent, Section, WithinADay, WithinADayOrNone


class Execution(Section):
    default_order_type: Literal["limit", "market"]
    limit_offset_pct: Annotated[float, Field(ge=0, lt=100)]
    max_slippage_pct: Annotated[float, Field(ge=0, lt=100)]
    position_sizing: Literal["half_kelly", "fixed", "percent_equity"]
    fixed_notional: Money
    percent_equity: Percent
    max_position_pct: Percent
    gross_cap_pct: Percent
    stop_loss_pct: Annotated[float, Field(gt=0, lt=100)]
    protect_entries: bool
    signal_meaning: Literal["target", "order"]
    residual: Literal["sweep", "carry", "cancel"]
    sweep_seconds: WithinADay
    remainder: Literal["keep", "reprice", "cancel", "sweep"]
    reprice_seconds: WithinADay
    pov_participation_pct: Annotated[float, Field(gt=0, le=100)]
    missed_wave: Literal["catch_up", "shrink", "skip"]
    catch_up_participation_pct: Annotated[float, Field(gt=0, le=100)]
    is_risk_aversion: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    start_after_open_seconds: WithinADayOrNone
    late_after_seconds: WithinADayOrNone
    rest_overnight: bool
