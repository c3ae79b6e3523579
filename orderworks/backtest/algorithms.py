"""Which algorithms are compared, and how one is forced on signals."""

import difflib

import pandas as pd

from orderworks.model.errors import InputError
from orderworks.model.order import NATIVE, Algo
from orderworks.settings import Settings

ROUTED = "routed"
"""Not forced: each order as its signal asks and the router decides."""

STYLES = ("cross", "passive")
"""How slices may be priced, where an algorithm is to be compared with itself: 'twap-passive'."""

OURS = tuple(algo for algo in Algo if algo not in NATIVE)
"""What the simulated exchange can be traded with: it has no algorithms of its own."""

KNOWN = (
    ROUTED,
    *(algo.value for algo in OURS),
    *(f"{algo}-{style}" for algo in OURS if algo is not Algo.NONE for style in STYLES),
)
DEFAULT = (ROUTED, Algo.TWAP.value, Algo.VWAP.value)

OWN_WAY = ("order_type", "limit_price", "stop_price", "trail_amount", "trail_percent")
"""A signal that states one of these has said how its order is traded; no algorithm is forced on it."""


def algorithms_of(text: str) -> tuple[str, ...]:
    """The algorithms that a list such as 'twap,vwap' names, each once, in its order.

    Raises:
        InputError: naming one that there is not, or that none is named.
    """
    named = [name.strip().lower() for name in text.split(",") if name.strip()]
    for name in named:
        if name not in KNOWN:
            near = difflib.get_close_matches(name, KNOWN, n=1)
            meant = f" (did you mean '{near[0]}'?)" if near else ""
            raise InputError(
                f"--algos: there is no algorithm '{name}'{meant}; choose from {', '.join(KNOWN)}"
            )
    if not named:
        raise InputError(f"--algos names no algorithm; choose from {', '.join(KNOWN)}")
    return tuple(dict.fromkeys(named))


def styled(settings: Settings, algorithm: str) -> Settings:
    """The settings with the style that an algorithm's name states, if it states one."""
    _, _, style = algorithm.partition("-")
    if not style:
        return settings
    router = settings.router.model_copy(update={"slice_style": style})
    return settings.model_copy(update={"router": router})


def forced(signals: pd.DataFrame, algorithm: str) -> pd.DataFrame:
    """``signals`` with the algorithm in the place of whatever they ask, but for those of OWN_WAY."""
    if algorithm == ROUTED:
        return signals
    algorithm, _, _ = algorithm.partition("-")
    own_way = signals[[name for name in OWN_WAY if name in signals]].notna().any(axis=1)
    asked = signals["algo"] if "algo" in signals else pd.Series(None, signals.index, dtype="str")
    return signals.assign(algo=asked.where(own_way, algorithm))
