"""The rules of the market in one symbol, for one session."""

from collections.abc import Sequence
from dataclasses import dataclass

from orderworks.brokers.simulated.matching.bands import Bands, Halt
from orderworks.brokers.simulated.matching.reel import NEVER
from orderworks.brokers.simulated.matching.slippage import Impact


@dataclass(frozen=True, slots=True)
class Rules:
    """What limits the trading of a book.

    Attributes:
        participation_cap: the fraction of the volume since its arrival that an order may take,
            and of an auction's that all may.
        session_open, session_close: times of the tape; nothing trades outside them.
        impact: what executions cost over the market's price; None for nothing.
        halts: when nothing trades.
        bands: the prices within which there may be trades; None for all.
    """

    participation_cap: float
    session_open: int = -NEVER
    session_close: int = NEVER
    impact: Impact | None = None
    halts: Sequence[Halt] = ()
    bands: Bands | None = None
