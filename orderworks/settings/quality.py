"""The section ``quality``: what costs and delays are told."""

from typing import Annotated

from pydantic import Field

from orderworks.settings.section import Positive, Section


class QualityThreshold(Section):
    """What is stated differently for a route or a symbol; what is not stated is as for all."""

    slippage_bps: Positive | None = None
    latency_ms: Positive | None = None


class QualityThresholds(Section):
    by_route: dict[str, QualityThreshold]
    by_symbol: dict[str, QualityThreshold]


class Outliers(Section):
    deviations: Positive
    days: Annotated[int, Field(ge=1, le=3_650)]
    minimum_orders: Annotated[int, Field(ge=2)]


class Quality(Section):
    alert_slippage_bps: Positive
    alert_latency_ms: Positive
    thresholds: QualityThresholds
    outliers: Outliers
    market_symbol: str
    alert_order_efficiency: Positive
