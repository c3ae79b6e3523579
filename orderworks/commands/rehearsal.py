"""What the demo is made of: a synthetic market, a table of signals, and settings of its own."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from orderworks.market.calendar import Session, require_session
from orderworks.market.universe import DEFAULT_UNIVERSE

if TYPE_CHECKING:
    import numpy as np

ACCOUNT = "DEMO1"
SEED = 20

RESTRICTED = "KO"
"""A symbol that the demo's risk gate refuses."""

FAT_FINGER = "DIS"
"""A symbol whose limit the demo's exchange rejects."""

URGENT = "KELYB"
"""A thin name with a wide spread, traded urgently: its slippage raises an alert."""

SETTINGS = f"""\
# The demo's own settings: what is not here is as in config/settings.yaml.
broker:
  provider: simulated
  simulated: {{account: {ACCOUNT}, cash: 20000000}}
execution: {{max_position_pct: 1.0}}
risk: {{restricted: [{RESTRICTED}]}}
validation: {{max_quarantined_pct: 5.0}}
"""

FILES = ("quotes.parquet", "bars.parquet")


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Where the demo's parts are."""

    session: Session
    market: Path
    signals: Path
    settings: Path


def arrange(directory: Path, day: date) -> Rehearsal:
    """A demo session with its settings; its market and signals are still to be written."""
    parts = Rehearsal(
        require_session(day),
        directory / "market",
        directory / f"signals-{day}.csv",
        directory / "settings.yaml",
    )
    directory.mkdir(parents=True, exist_ok=True)
    parts.settings.write_text(SETTINGS, "utf-8")
    return parts


def write_missing(parts: Rehearsal) -> None:
    """Writes what is missing of a demo session's market and signals; what is there is used as it is."""
    from orderworks.market.synthetic import write_session

    session = parts.session
    if not all((parts.market / str(session.date) / name).exists() for name in FILES):
        write_session(parts.market, session, seed=SEED)
    if not parts.signals.exists():
        parts.signals.write_text(_signals(parts), "utf-8")


def _signals(parts: Rehearsal) -> str:
    """One signal a symbol, seeded; one of them with a strength that no signal can have."""
    import numpy as np

    from orderworks.market.replay import ReplayMarket

    known = parts.session.open + timedelta(minutes=2)
    market = ReplayMarket(parts.market, parts.session.date)
    symbols = sorted(DEFAULT_UNIVERSE)
    quotes = market.quotes_at(known, symbols)
    random = np.random.default_rng([SEED, parts.session.date.toordinal()])
    header = (
        "strategy,symbol,direction,strength,price,ts,win_rate,avg_win_pct,avg_loss_pct,limit_price"
    )
    mids = ((quotes["bid"] + quotes["ask"]) / 2).tolist()
    rows = [
        _row(random, symbol, mid, f"{known:%Y-%m-%dT%H:%M:%SZ}")
        for symbol, mid in zip(symbols, mids, strict=True)
    ]
    broken = f"momentum,TYPO,long,2.0,10.00,{known:%Y-%m-%dT%H:%M:%SZ},0.55,2.0,1.5,"
    return "\n".join([header, *rows, broken]) + "\n"


def _row(random: "np.random.Generator", symbol: str, mid: float, known: str) -> str:
    strategy = "momentum" if random.random() < 0.6 else "reversion"
    direction = "long" if random.random() < 0.65 else "short"
    strength = 0.97 if symbol == URGENT else round(float(random.uniform(0.3, 0.93)), 2)
    win_rate = round(float(random.uniform(0.5, 0.6)), 3)
    limit = f"{mid * 3:.2f}" if symbol == FAT_FINGER else ""
    if symbol == FAT_FINGER:
        direction = "long"
    return (
        f"{strategy},{symbol},{direction},{strength},{mid:.2f},{known},{win_rate},2.0,1.5,{limit}"
    )
