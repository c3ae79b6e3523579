"""The section ``router``: which way an order takes."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from orderworks.settings.section import Percent, Section, WithinADay

RouterRule = Literal["URGENT", "WIDE_SPREAD", "LARGE", "LARGE_PASSIVE", "SMALL", "MEDIUM"]
RouterAlgo = Literal["twap", "vwap", "pov", "is", "ibkr_twap", "ibkr_vwap", "ibkr_adaptive"]


class NativeAlgos(Section):
    vwap_max_volume_pct: Annotated[Decimal, Field(ge=1, le=50)]
    vwap_takes_liquidity: bool
    adaptive_priority: Literal["urgent", "normal", "patient"]


class Router(Section):
    size_threshold_small_pct: Percent
    size_threshold_large_pct: Percent
    twap_num_slices: Annotated[int, Field(ge=1, le=1000)]
    twap_interval_seconds: WithinADay
    slice_style: Literal["cross", "passive"]
    large_algo: RouterAlgo
    native: NativeAlgos
    wide_spread_threshold_bps: Percent
    urgent_strength: Annotated[float, Field(ge=0, le=1)]
