"""The section ``quality``: what costs and delays are told."""

from typing import Annotated, get_args

from pydantic import AfterValidator, Field, field_validator

from orderworks.model.names import require_symbol
from orderworks.settings.router import RouterRule
from orderworks.settings.section import Positive, Section, Symbol

ROUTES = frozenset(
    {
        *("SIGNAL_STOP", "SIGNAL_MIDPRICE", "SIGNAL", "SIGNAL_MARKET", "AUCTION_LIMIT", "AUCTION"),
        *("NATIVE", "ALGO", "ALGO_PASSIVE", "LARGE_NATIVE", *get_args(RouterRule)),
        *("SWEEP", "STOP_LOSS", "TAKE_PROFIT", "FLATTEN"),
    }
)
"""Every way that an order may have taken, by what decided it."""


def _require_route(name: str) -> str:
    if name not in ROUTES:
        raise ValueError(f"no order takes such a route; they are {', '.join(sorted(ROUTES))}")
    return name


Route = Annotated[str, AfterValidator(_require_route)]


class QualityThreshold(Section):
    """What is stated differently for a route or a symbol; what is not stated is as for all."""

    slippage_bps: Positive | None = None
    latency_ms: Positive | None = None


class QualityThresholds(Section):
    by_route: dict[Route, QualityThreshold]
    by_symbol: dict[Symbol, QualityThreshold]


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

    @field_validator("market_symbol")
    @classmethod
    def _is_empty_or_a_symbol(cls, symbol: str) -> str:
        return require_symbol(symbol) if symbol else symbol
