"""Historical bars: daily ones from the market's record, those of the session from its tape."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from orderworks.market.calendar import NEW_YORK
from orderworks.market.tape import dollars, instant

from .board import Board
from .errors import Refused
from .layouts import Values
from .orders import moment_of
from .shown import moment

UNITS = {"S": 1, "D": 86_400, "W": 7 * 86_400, "M": 31 * 86_400, "Y": 366 * 86_400}
"""The seconds of each unit of a duration."""

DAY = "1 day"
DAILY = ("date", "open", "high", "low", "close", "volume")
SIZES: dict[str, int] = {
    **{f"{n} secs": n for n in (1, 5, 10, 15, 30)},
    "1 min": 60,
    **{f"{n} mins": 60 * n for n in (2, 3, 5, 10, 15, 20, 30)},
    "1 hour": 3600,
}
"""The seconds of each size of a bar within a day."""


@dataclass(slots=True)
class Bar:
    """What was traded from a time on."""

    start: datetime | date
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int
    trades: int = 1

    def shown(self, *, as_seconds: bool) -> Values:
        if not isinstance(self.start, datetime):
            when = f"{self.start:%Y%m%d}"
        elif as_seconds:
            when = str(int(self.start.timestamp()))
        else:
            when = moment(self.start)
        return {
            "date": when,
            "open": self.open,
            "high": self.high,
            "low": self.low,
            "close": self.close,
            "volume": self.volume,
            "average": (self.high + self.low + self.close) / 3,
            "barCount": self.trades,
        }


def bars_asked(values: Values, board: Board, symbol: str, now: datetime) -> list[Bar]:
    """The bars of a request that were known at a time; the last one may still be growing.

    Raises:
        Refused: 162 or 321, for what is not to be had here.
    """
    shows = values["whatToShow"]
    if shows not in ("TRADES", "BID_ASK"):
        raise Refused(162, reason=f"{shows} is not recorded here")
    end = (
        now
        if not values["endDateTime"]
        else min(now, moment_of(values["endDateTime"], "endDateTime"))
    )
    number, unit = _duration(values["durationStr"])
    start = end - timedelta(seconds=number * UNITS[unit])
    size = values["barSizeSetting"]
    if shows == "BID_ASK" and size in SIZES:
        bars = _quoted(board, symbol, start, end, SIZES[size])
    elif size == DAY and shows == "TRADES":
        bars = _daily(
            board, symbol, start.astimezone(NEW_YORK).date(), end, number if unit == "D" else None
        )
    elif size in SIZES and shows == "TRADES":
        bars = _within(board, symbol, start, end, SIZES[size])
    else:
        raise Refused(321, reason=f"Invalid bar size: {size}")
    if not bars:
        raise Refused(162, reason=f"HMDS query returned no data: {symbol}@SMART Trades")
    return bars


def _daily(
    board: Board, symbol: str, first: date, end: datetime, sessions: int | None
) -> list[Bar]:
    """The daily bars from a date on, or so many of the last."""
    last = end.astimezone(NEW_YORK).date()
    daily = board.market.daily_before(min(board.session.date, last + timedelta(days=1)))
    rows = daily[daily["symbol"] == symbol]
    if sessions is None:
        rows = rows[rows["date"] > f"{first}"]
    bars = []
    for day, *prices, volume in zip(*(rows[name] for name in DAILY), strict=True):
        opened, high, low, close = (Decimal(str(price)) for price in prices)
        bars.append(Bar(day.date(), opened, high, low, close, int(volume)))
    today = _within(board, symbol, board.session.open, end, UNITS["D"])
    if today:
        today[0].start = board.session.date
    bars += today[:1]
    return bars if sessions is None else bars[-sessions:]


def _within(board: Board, symbol: str, start: datetime, end: datetime, size: int) -> list[Bar]:
    """The bars of the session that begin at multiples of ``size`` seconds after its open."""
    tape, opens = board.tape(symbol), board.session.open
    bars: list[Bar] = []
    for row in range(len(tape.bar_ts)):
        ended = instant(int(tape.bar_ts[row]))
        if not start < ended <= end:
            continue
        # A row of the tape is known at the end of its time: it belongs to what ran up to then.
        number = max(0, -(-int((ended - opens).total_seconds()) // size) - 1)
        begins = opens + timedelta(seconds=number * size)
        opened, high, low, close = (
            dollars(int(column[row])) for column in (tape.open, tape.high, tape.low, tape.close)
        )
        volume = int(tape.volume[row])
        if bars and bars[-1].start == begins:
            bar = bars[-1]
            bar.high, bar.low, bar.close = max(bar.high, high), min(bar.low, low), close
            bar.volume += volume
            bar.trades += 1
        else:
            bars.append(Bar(begins, opened, high, low, close, volume))
    return bars


def _quoted(board: Board, symbol: str, start: datetime, end: datetime, size: int) -> list[Bar]:
    """Of each bar the mean bid as its open, the mean ask as its close, by what stood at each second."""
    bars, begins = [], max(start, board.session.open)
    end = min(end, board.session.close)
    while begins + timedelta(seconds=size) <= end:
        seconds = (begins + timedelta(seconds=second) for second in range(size))
        quotes = [quote for at in seconds if (quote := board.quote(symbol, at)) is not None]
        if quotes:
            bids, asks = [one.bid for one in quotes], [one.ask for one in quotes]
            mean_bid, mean_ask = (sum(side, Decimal()) / len(quotes) for side in (bids, asks))
            bars.append(Bar(begins, mean_bid, max(asks), min(bids), mean_ask, 0))
        begins += timedelta(seconds=size)
    return bars


def _duration(text: str) -> tuple[int, str]:
    number, _, unit = text.partition(" ")
    if not number.isdigit() or unit not in UNITS:
        raise Refused(321, reason=f"Invalid duration: {text}")
    return int(number), unit
