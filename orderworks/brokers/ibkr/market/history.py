"""Bars of the past, asked for within what the gateway allows; what is not to be had is missing."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from time import monotonic

from ib_async import BarData, BarDataList

from orderworks.brokers.ibkr.errors import sentence_of
from orderworks.brokers.ibkr.market.history_pace import HistoryPace
from orderworks.brokers.ibkr.market.line import DataLine
from orderworks.brokers.ibkr.market.listings import Listings
from orderworks.brokers.ibkr.wire import ErrorSaid, ListeningIB
from orderworks.model.errors import BrokerError

log = logging.getLogger(__name__)

AT_ONCE = 20
"""Requests that are under way together; a gateway takes 50."""

LONGEST_WAIT = 2.0
"""Seconds that requests wait for their turn, if nothing else is said: the desk waits with them."""

NO_DATA = "returned no data"
"""What the gateway says where there is nothing, which is no trouble."""

BID_ASK = "BID_ASK"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for bars.

    Attributes:
        until: their end.
        duration: as IBKR writes it: '30 D', '3600 S'.
        size: of a bar, likewise: '1 day', '1 min'.
        shows: TRADES or BID_ASK.
    """

    symbol: str
    until: datetime
    duration: str
    size: str
    shows: str = "TRADES"

    @property
    def weight(self) -> int:
        """What it counts."""
        return 2 if self.shows == BID_ASK else 1


class History:
    """The bars of one gateway; ``limit`` is how many requests are made in 10 minutes."""

    def __init__(
        self, line: DataLine, listings: Listings, *, limit: int, answer_seconds: float
    ) -> None:
        self._line, self._listings = line, listings
        self._pace = HistoryPace(limit)
        self._answer_seconds = answer_seconds
        self._said: dict[int, ErrorSaid] = {}

    @property
    def limit(self) -> int:
        return self._pace.limit

    def room(self, share: float) -> int:
        """How many requests may leave now if only this share of the limit is to be used."""
        return self._pace.room(monotonic(), share)

    def hear(self, said: ErrorSaid) -> None:
        """An error or a notice of the gateway's."""
        self._said[said.order_id] = said

    async def bars(
        self, requests: Sequence[Asked], wait_seconds: float = LONGEST_WAIT
    ) -> list[list[BarData] | None]:
        """The bars of each request, oldest first; None where they could not be asked for, or not told.

        Only of symbols that are listed.

        Args:
            wait_seconds: how long requests wait until they may leave, all of them together.
        """
        answers: list[list[BarData] | None] = [None] * len(requests)
        give_up = monotonic() + wait_seconds
        left = list(enumerate(requests))
        while left:
            turn = list(islice((one for one in left if self._takes_turn(one[1])), AT_ONCE))
            if not turn:
                wait = min(self._wait_for(asked) for _, asked in left)
                if monotonic() + wait > give_up:
                    break
                await asyncio.sleep(wait)
                continue
            for (place, _), told in zip(turn, await self._ask([a for _, a in turn]), strict=True):
                answers[place] = told
            left = [one for one in left if one not in turn]
        return answers

    async def _ask(self, turn: Sequence[Asked]) -> list[list[BarData] | None]:
        try:
            return await self._line.ask(
                "bars of the past",
                lambda ib: asyncio.gather(*(self._bars(ib, one) for one in turn)),
                paces_itself=True,
            )
        except BrokerError as error:
            log.warning("no bars: %s", error)
            return [None] * len(turn)
        finally:
            self._said.clear()

    async def _bars(self, ib: ListeningIB, asked: Asked) -> list[BarData] | None:
        await self._line.pace.take()
        told: BarDataList = await ib.reqHistoricalDataAsync(
            self._listings.found[asked.symbol].contract,
            asked.until.astimezone(UTC),
            asked.duration,
            asked.size,
            asked.shows,
            useRTH=True,
            formatDate=2,
            timeout=self._answer_seconds,
        )
        said = self._said.get(told.reqId)
        if told or (said is not None and NO_DATA in said.text):
            return list(told)
        why = "it did not answer" if said is None else sentence_of(said.code, said.text)
        log.warning("no bars of %s: %s", asked.symbol, why)
        return None

    def _wait_for(self, asked: Asked) -> float:
        """In how many seconds a request may leave; 0 for now."""
        contract = (asked.symbol, asked.shows)
        return self._pace.wait_for(asked, contract, monotonic(), asked.weight)

    def _takes_turn(self, asked: Asked) -> bool:
        """Whether a request may leave, which then counts as having left."""
        if self._wait_for(asked) > 0:
            return False
        self._pace.take(asked, (asked.symbol, asked.shows), monotonic(), asked.weight)
        return True
