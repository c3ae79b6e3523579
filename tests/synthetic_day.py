"""A small synthetic market, and the files that ask for something to be traded on it."""

import csv
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

from orderworks.market.calendar import require_session
from orderworks.market.synthetic import write_session
from orderworks.market.universe import Listing

SESSION = date(2024, 11, 21)
HOLIDAY = date(2024, 11, 28)
EARLY_CLOSE = date(2024, 11, 29)

# Calm, so that the prices in a signals file stay inside the price collar.
UNIVERSE = {
    "ACME": Listing(100.0, 30_000_000, 0.004, 1),
    "BOLT": Listing(50.0, 20_000_000, 0.004, 1),
    "RUSH": Listing(40.0, 10_000_000, 0.004, 1),
    # Thin: 3,000 shares are more than 1 % of a day and come in parts.
    "SLIM": Listing(80.0, 280_000, 0.004, 2),
    "THIN": Listing(200.0, 240_000, 0.004, 4),
    "WIDE": Listing(20.0, 250_000, 0.004, 9),
}

RESTRICTED = "BOLT"
"""What the tests' settings forbid to trade."""
OPENING_CASH = Decimal(10_000_000)
SLICES = 3

Row = Mapping[str, object]


def variables(ledger_url: str, home: Path) -> dict[str, str]:
    """What the tests set: everything else is the settings' default."""
    return {
        "ORDERWORKS_HOME": str(home),
        "ORDERWORKS_DATABASE_URL": ledger_url,
        "ORDERWORKS_BROKER__SIMULATED__CASH": str(OPENING_CASH),
        "ORDERWORKS_RISK__RESTRICTED": f'["{RESTRICTED}"]',
        "ORDERWORKS_ROUTER__TWAP_NUM_SLICES": str(SLICES),
    }


def write_market(directory: Path, day: date) -> Path:
    """The session of ``day``, the same whenever it is written."""
    write_session(directory, require_session(day), UNIVERSE, seed=5)
    return directory


def signal(symbol: str, direction: str = "long", **others: object) -> dict[str, object]:
    """A signal that is known two minutes after the open of ``SESSION``."""
    return {
        "strategy": "momentum",
        "symbol": symbol,
        "direction": direction,
        "strength": 0.5,
        "price": UNIVERSE[symbol].price if symbol in UNIVERSE else 10.0,
        "ts": f"{SESSION}T14:32:00Z",
        "win_rate": 0.55,
        "avg_win_pct": 2.0,
        "avg_loss_pct": 1.5,
    } | others


def in_session(kind: str, *others: str) -> tuple[str, ...]:
    """The arguments of a command that runs a flow in ``SESSION``."""
    return ("run", kind, "--session", str(SESSION), *others)


def a_whole_day() -> list[dict[str, object]]:
    """Signals of which two are worked in slices, one is refused by us, and one by the exchange."""
    return [
        signal("ACME"),
        signal(RESTRICTED, "short"),
        signal("RUSH", strength=0.95),
        signal("SLIM", quantity=4200),
        signal("THIN", "short", quantity=4000),
        signal("WIDE", quantity=2500),
        signal("ACME", strategy="reversion", limit_price=300),
    ]


def write_table(path: Path, *rows: Row) -> str:
    """A CSV file with these rows: its path, as a flow takes it."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, columns, restval="")
        table.writeheader()
        table.writerows(rows)
    return str(path)
