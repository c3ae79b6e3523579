"""What happens on a tape, and the prices that make it matter to a book."""

from dataclasses import dataclass
from typing import NamedTuple


class Event(NamedTuple):
    """What was quoted at a time, and what had traded since the event before it.

    The quote is the last known one, 0 where there is none; ``volume`` and the prices of trades
    are 0 where nothing traded. ``total`` is the volume of the tape up to here. Orders that came
    by ``admits`` take part: before this time, and where there are only bars, before the bar began.
    """

    ts: int
    bid: int
    ask: int
    bid_size: int
    ask_size: int
    open: int
    high: int
    low: int
    close: int
    volume: int
    total: int
    admits: int

    @property
    def is_sound(self) -> bool:
        """Whether the quote has both sides, and they do not cross."""
        return 0 < self.bid <= self.ask


@dataclass(frozen=True, slots=True)
class Reach:
    """Prices at which something in a book can happen; None where nothing waits on that side.

    Attributes:
        buy, sell: the best limits: the market comes to them from above, from below.
        seen_buy, seen_sell: the best limits that wait for their own side's quote.
        falling, rising: the triggers that a fall comes to first, and a rise.
    """

    buy: int | None = None
    sell: int | None = None
    seen_buy: int | None = None
    seen_sell: int | None = None
    falling: int | None = None
    rising: int | None = None
