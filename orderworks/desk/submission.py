"""Sending what is due on sound quotes; what finds none in time is refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd

from orderworks.desk.booking import Booking, move
from orderworks.desk.desk import Desk
from orderworks.desk.leaving import leave
from orderworks.desk.quotes import LOOK
from orderworks.desk.releasing import Due
from orderworks.desk.reports import record
from orderworks.ledger.orders import OrderMap
from orderworks.market.quotes import quote_problems
from orderworks.model.state import OrderEvent


@dataclass(frozen=True, slots=True)
class Sent:
    """How many orders left, and how many were refused because no quote was sound."""

    sent: int
    refused: int

    def __add__(self, more: "Sent") -> "Sent":
        return Sent(self.sent + more.sent, self.refused + more.refused)


async def send(desk: Desk, orders: OrderMap, due: Sequence[Due], wait_until: datetime) -> Sent:
    """Sends what is due; orders without a sound quote wait for one, but not beyond ``wait_until``.

    The last answers may still be being booked as it returns, as ``leave`` says.

    Args:
        orders: the account's open orders, which move with what is booked.

    Raises:
        LeaseLost, KillSwitchThrown: and nothing more was sent.
    """
    waiting, sent = list(due), 0
    patience = timedelta(seconds=desk.settings.market.quote_wait_seconds)
    give_up = min(desk.clock.now() + patience, wait_until)
    while waiting:
        now = desk.clock.now()
        quotes = desk.market.quotes_at(now, [d.order.symbol for d in waiting])
        problems = quote_problems(quotes, now, desk.stale_after)
        sound = problems.isna().to_numpy()
        if sound.any():
            ready = [d for d, fit in zip(waiting, sound, strict=True) if fit]
            await leave(desk, orders, ready, quotes[sound].reset_index(drop=True))
            sent += len(ready)
        waiting = [d for d, fit in zip(waiting, sound, strict=True) if not fit]
        if not waiting:
            break
        if now >= give_up:
            await desk.written()
            _refuse(desk, waiting, quotes[~sound], problems[~sound], now)
            break
        await desk.clock.sleep_until(min(now + LOOK, give_up))
    return Sent(sent, len(waiting))


def _refuse(
    desk: Desk, due: Sequence[Due], quotes: pd.DataFrame, problems: pd.Series, now: datetime
) -> None:
    """Refuses orders for which no sound quote came in time, with the quote that was seen."""
    booking = Booking()
    for one, bid, ask, problem in zip(due, quotes["bid"], quotes["ask"], problems, strict=True):
        waited = desk.settings.market.quote_wait_seconds
        reason = f"{problem}: bid {bid}, ask {ask} after waiting {waited:g} s for a sound quote"
        move(booking, one.order, OrderEvent.REJECT, now, reason)
    record(desk, booking)
