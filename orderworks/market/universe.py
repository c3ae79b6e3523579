"""The names that a synthetic session trades by default: real tickers, invented numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Listing:
    """How one name trades.

    Attributes:
        price: dollars, about two sessions before the synthetic one; 2 or more.
        daily_volume: shares traded on an ordinary day.
        daily_volatility: standard deviation of the daily log return, as a fraction.
        spread_ticks: the usual spread, in cents, 1 to 10.
    """

    price: float
    daily_volume: int
    daily_volatility: float
    spread_ticks: int


DEFAULT_UNIVERSE: Mapping[str, Listing] = MappingProxyType(
    {
        "AAPL": Listing(228.0, 52_000_000, 0.015, 1),
        "AMD": Listing(148.0, 45_000_000, 0.027, 1),
        "AMZN": Listing(186.0, 40_000_000, 0.018, 1),
        "BA": Listing(172.0, 8_000_000, 0.021, 4),
        "BAC": Listing(39.0, 38_000_000, 0.015, 1),
        "BRK.B": Listing(452.0, 3_600_000, 0.010, 10),
        "CAT": Listing(352.0, 3_000_000, 0.016, 10),
        "CVX": Listing(147.0, 8_500_000, 0.013, 2),
        "DIS": Listing(96.0, 10_000_000, 0.016, 1),
        "F": Listing(10.9, 50_000_000, 0.019, 1),
        "GE": Listing(178.0, 6_000_000, 0.017, 4),
        "GOOGL": Listing(167.0, 28_000_000, 0.017, 1),
        "HD": Listing(386.0, 3_400_000, 0.013, 9),
        "INTC": Listing(23.5, 60_000_000, 0.026, 1),
        "JNJ": Listing(161.0, 7_000_000, 0.010, 2),
        "JPM": Listing(212.0, 9_500_000, 0.013, 3),
        "KO": Listing(70.0, 14_000_000, 0.009, 1),
        "MCD": Listing(298.0, 3_500_000, 0.011, 8),
        "META": Listing(572.0, 14_000_000, 0.020, 10),
        "MSFT": Listing(418.0, 20_000_000, 0.013, 4),
        "NVDA": Listing(121.0, 210_000_000, 0.029, 1),
        "PFE": Listing(28.8, 32_000_000, 0.014, 1),
        "SPY": Listing(571.0, 50_000_000, 0.009, 1),
        "T": Listing(21.6, 34_000_000, 0.012, 1),
        "WMT": Listing(80.0, 16_000_000, 0.011, 1),
        "XOM": Listing(121.0, 15_000_000, 0.013, 1),
        # Thin: a few thousand shares are more than 1 % of a day; the last two also trade wide.
        "ESCA": Listing(38.0, 190_000, 0.022, 6),
        "JOUT": Listing(46.0, 210_000, 0.021, 8),
        "KELYB": Listing(21.0, 200_000, 0.020, 8),
        "VIRC": Listing(13.5, 230_000, 0.030, 7),
    }
)
