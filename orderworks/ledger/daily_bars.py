"""Daily bars as a broker last told them, so that it need not be asked for them again."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from orderworks.ledger.connection import Ledger

Bar = tuple[date, float, float, float, float, float]
"""Of a day: open, high, low, close and volume."""


@dataclass(frozen=True, slots=True)
class KeptBars:
    """The last bars of a symbol before a day, oldest first; ``days`` were asked for."""

    before: date
    days: int
    bars: Sequence[Bar]


def kept_daily_bars(ledger: Ledger, provider: str, symbols: Iterable[str]) -> dict[str, KeptBars]:
    """By symbol, what is kept; without those of which nothing is."""
    rows = ledger.execute(
        "SELECT symbol, before, days, bars FROM daily_bars WHERE provider = %s AND symbol = ANY(%s)",
        (provider, list(symbols)),
    )
    return {
        row["symbol"]: KeptBars(
            row["before"],
            row["days"],
            [(date.fromisoformat(day), *numbers) for day, *numbers in row["bars"]],
        )
        for row in rows
    }


def keep_daily_bars(ledger: Ledger, provider: str, told: Mapping[str, KeptBars]) -> None:
    """Keeps what was told; it replaces what was told for an earlier day, never for a later one."""
    with ledger.transaction(), ledger.cursor() as cursor:
        cursor.executemany(
            """
            INSERT INTO daily_bars (provider, symbol, before, days, bars) VALUES (%s, %s, %s, %s, %s)
            ON CONFLICT (provider, symbol) DO UPDATE SET
                before = excluded.before, days = excluded.days, bars = excluded.bars,
                recorded_at = clock_timestamp()
            WHERE daily_bars.before <= excluded.before
            """,
            [
                (
                    provider,
                    symbol,
                    kept.before,
                    kept.days,
                    json.dumps([[day.isoformat(), *rest] for day, *rest in kept.bars]),
                )
                for symbol, kept in sorted(told.items())
            ],
        )
