"""Bars of the past, asked for within what the gateway allows; what is not to be had is missing."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
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
"""Seconds that a request waits for its turn: the desk waits with it."""

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


class History:
    """The bars of one gateway; ``limit`` is how many requests are made in 10 minutes."""

    def __init__(
        self, line: DataLine, listings: Listings, *, limit: int, answer_seconds: float
    ) -> None:
        self._line, self._listings = line, listings
        self._pace = HistoryPace(limit)
        self._answer_seconds = answer_seconds
        self._said: dict[int, ErrorSaid] = {}
        self._tells_of_pace = True

    def hear(self, said: ErrorSaid) -> None:
        """An error or a notice of the gateway's."""
        self._said[said.order_id] = said

    async def bars(self, requests: Sequence[Asked]) -> list[list[BarData] | None]:
        """The bars of each request, oldest first; None where they could not be asked for.

        Only of symbols that are listed.
        """
        answers: list[list[BarData] | None] = []
        for start in range(0, len(requests), AT_ONCE):
            part = requests[start : start + AT_ONCE]
            try:
                answers += await self._line.ask(
                    "bars of the past",
                    lambda ib, part=part: asyncio.gather(*(self._bars(ib, one) for one in part)),  # type: ignore[misc]
                    paces_itself=True,
                )
            except BrokerError as error:
                log.warning("no bars: %s", error)
                answers += [None] * len(part)
        self._said.clear()
        return answers

    async def _bars(self, ib: ListeningIB, asked: Asked) -> list[BarData] | None:
        if not await self._take_turn(asked):
            return None
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
        if not told and said is not None and NO_DATA not in said.text:
            log.warning("no bars of %s: %s", asked.symbol, sentence_of(said.code, said.text))
            return None
        return list(told)

    async def _take_turn(self, asked: Asked) -> bool:
        """Waits until the request may leave, if that is soon."""
        contract, weight = (asked.symbol, asked.shows), 2 if asked.shows == BID_ASK else 1
        give_up = monotonic() + LONGEST_WAIT
        while (wait := self._pace.wait_for(asked, contract, monotonic(), weight)) > 0:
            if monotonic() + wait > give_up:
                if self._tells_of_pace:
                    log.warning(
                        "bars of %s and more are missing: %d requests in 10 minutes are what "
                        "broker.ibkr.history_requests allows",
                        asked.symbol,
                        self._pace.limit,
                    )
                    self._tells_of_pace = False
                return False
            await asyncio.sleep(wait)
        self._pace.take(asked, contract, monotonic(), weight)
        return True
