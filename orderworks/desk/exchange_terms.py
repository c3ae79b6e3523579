"""The settings in the words of the simulated exchange."""

from datetime import timedelta

from orderworks.brokers.simulated.latency import Latencies
from orderworks.brokers.simulated.matching.slippage import (
    FixedBasisPoints,
    Slippage,
    SquareRoot,
    VolumeShare,
)
from orderworks.brokers.simulated.terms import Terms
from orderworks.settings import Latency, Settings
from orderworks.settings import Slippage as Model


def exchange_terms(settings: Settings) -> Terms:
    """On which terms the simulated exchange serves its account."""
    simulated = settings.broker.simulated
    return Terms(
        account=simulated.account,
        opening_cash=simulated.cash,
        participation_cap=simulated.participation_cap_pct / 100,
        commission=simulated.commission,
        allow_short=simulated.allow_short,
        account_type=simulated.account_type,
        slippage=_slippage(simulated.slippage),
        latencies=_latencies(simulated.latency),
        seed=simulated.seed,
        price_bands=simulated.price_bands,
    )


def _slippage(chosen: Model) -> Slippage | None:
    match chosen.model:
        case "none":
            return None
        case "fixed_basis_points":
            fixed = chosen.fixed_basis_points
            return FixedBasisPoints(fixed.basis_points, fixed.volume_limit_pct / 100)
        case "volume_share":
            share = chosen.volume_share
            return VolumeShare(share.price_impact, share.volume_limit_pct / 100)
        case "square_root":
            return SquareRoot(chosen.square_root.coefficient)


def _latencies(chosen: Latency) -> Latencies:
    return Latencies(
        submit=timedelta(milliseconds=chosen.submit_ms),
        ack=timedelta(milliseconds=chosen.ack_ms),
        fill=timedelta(milliseconds=chosen.fill_ms),
        cancel=timedelta(milliseconds=chosen.cancel_ms),
        jitter=timedelta(milliseconds=chosen.jitter_ms),
    )
