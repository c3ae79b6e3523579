"""The settings in the words of planning."""

from orderworks.model.order import Algo, OrderType, Remainder
from orderworks.planning.bets import SizingPolicy
from orderworks.planning.experiments import Experiment
from orderworks.planning.routing import RoutingPolicy
from orderworks.settings import Settings

RESIDUALS = {"sweep": Remainder.SWEEP, "carry": Remainder.KEEP, "cancel": Remainder.CANCEL}
"""The setting for worked parents in the words of an order."""


def sizing_policy(settings: Settings) -> SizingPolicy:
    """How bets become quantities."""
    execution = settings.execution
    return SizingPolicy(
        method=execution.position_sizing,
        fixed_notional=float(execution.fixed_notional),
        percent_equity=execution.percent_equity,
        max_position_pct=execution.max_position_pct,
        gross_cap_pct=execution.gross_cap_pct,
        stop_loss_pct=execution.stop_loss_pct,
        protect_entries=execution.protect_entries,
        signal_meaning=execution.signal_meaning,
    )


def routing_policy(settings: Settings) -> RoutingPolicy:
    """The router's thresholds."""
    router, execution = settings.router, settings.execution
    return RoutingPolicy(
        size_threshold_small_pct=router.size_threshold_small_pct,
        size_threshold_large_pct=router.size_threshold_large_pct,
        wide_spread_threshold_bps=router.wide_spread_threshold_bps,
        urgent_strength=router.urgent_strength,
        limit_offset_pct=execution.limit_offset_pct,
        max_slippage_pct=execution.max_slippage_pct,
        default_order_type=OrderType(execution.default_order_type),
        slice_style=router.slice_style,
        residual=RESIDUALS[execution.residual],
        remainder=Remainder(execution.remainder),
        large_algo=Algo(router.large_algo),
        native={
            Algo.IBKR_VWAP: {
                "max_volume_pct": str(router.native.vwap_max_volume_pct),
                "takes_liquidity": router.native.vwap_takes_liquidity,
            },
            Algo.IBKR_ADAPTIVE: {"priority": router.native.adaptive_priority},
        },
    )


def experiments_of(settings: Settings) -> list[Experiment]:
    """The experiments, those of before and of later among them."""
    return [Experiment(**dict(one)) for one in settings.experiments]
