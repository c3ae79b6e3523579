"""Orders beside the quotes that they are judged and routed by."""

import asyncio
from datetime import timedelta

import pandas as pd

from orderworks.desk.desk import Desk
from orderworks.market.quotes import quote_problems

LOOK = timedelta(seconds=1)
"""Between two looks for a sound quote."""


async def with_quotes(desk: Desk, orders: pd.DataFrame) -> pd.DataFrame:
    """Orders with quote, its problem if any, and ADV; waits a bounded time for sound quotes.

    A symbol that no longer gets a sound quote keeps the unsound one, for the gate to refuse.
    """
    symbols = orders["symbol"].tolist()
    patience = timedelta(seconds=desk.settings.market.quote_wait_seconds)
    give_up = desk.clock.now() + patience
    while True:
        now = desk.clock.now()
        quotes = desk.market.quotes_at(now, symbols)
        problems = quote_problems(quotes, now, desk.stale_after)
        unsound = problems.notna() & quotes["ts"].notna()
        if now >= give_up or not unsound.any():
            break
        await desk.clock.sleep_until(min(now + LOOK, give_up))
    # Where bars of the past are rationed it may take its time: the lease is renewed meanwhile.
    adv = await asyncio.to_thread(
        desk.market.average_daily_volume,
        symbols,
        desk.session.date,
        desk.settings.market.adv_days,
    )
    table = orders.copy()
    for name in ("bid", "ask", "bid_size", "ask_size"):
        table[name] = quotes[name].to_numpy()
    table["quote_ts"] = quotes["ts"].array
    table["quote_problem"] = problems.to_numpy()
    table["adv"] = adv.to_numpy()
    return table
