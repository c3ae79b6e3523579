"""What a gateway shows of itself to who only asks."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class QuotesSeen:
    """What came of asking for the quotes of one symbol.

    ``kind`` is the market data type of what was received, None where nothing was; ``said`` is what the
    gateway said of it, '' for nothing.
    """

    symbol: str
    kind: int | None
    said: str


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at a gateway.

    Attributes:
        where: host and port.
        accounts: that its user manages.
        next_number: that the next order of our client must have; None where its id is in use.
        refuses_orders: what it said when it was asked for open orders, where it refused; a gateway
            that is set to read-only does.
        ahead_seconds: its clock before ours; known to half a second, as it tells whole ones.
    """

    where: str
    server_version: int
    accounts: tuple[str, ...]
    next_number: int | None
    refuses_orders: str | None
    ahead_seconds: float
    quotes: QuotesSeen
