"""How the link to a gateway stands, by what is said over it: up or down, known whole or in doubt.

It may be up and yet in doubt: what was said while it was down is lost, so nothing is sent until a whole
snapshot has been taken over it as it is. Whatever goes wrong on the way puts it in doubt.
"""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from orderworks.brokers.ibkr.errors import Meaning, code_of, sentence_of
from orderworks.brokers.ibkr.pace import Pace
from orderworks.brokers.ibkr.wire import ErrorSaid

log = logging.getLogger(__name__)

TOO_OLD = "version must be"
"""In the words of ib_async."""

NOT_CONNECTED = "it is not connected"
NOT_LOOKED = "no whole snapshot has been taken over it yet"


class Link:
    """The link of one connection, over all that it is made anew.

    Args:
        where: what it leads to, in words.
        pace: of what leaves over it; the gateway may refuse it.

    Attributes:
        is_up: whether messages come and go.
        hung_up: set when it broke or was ended; whoever waits for an answer over it need wait no longer.
        in_the_way: why it is not up, or cannot be; None where nothing is known to be.
        id_is_busy: whether the last try to make it ended because the client id is in use.
        doubt: why it is not known whole; None where it is.
        doubts: how often it came into doubt: a snapshot counts if this is the same before and after it.
        refused: set when the gateway said that it was asked too fast. What it did not do, it does not say.
        news: set when anything was heard, and when it came into doubt.
    """

    def __init__(self, where: str, pace: Pace) -> None:
        self.where = where
        self.is_up = False
        self.hung_up = asyncio.Event()
        self.in_the_way: str | None = None
        self.id_is_busy = False
        self.doubt: str | None = NOT_CONNECTED
        self.doubts = 0
        self.refused = asyncio.Event()
        self.news = asyncio.Event()
        self._pace = pace

    def begin(self) -> None:
        """It is about to be made: what was in the way before is forgotten."""
        self.hung_up, self.in_the_way = asyncio.Event(), None
        self.id_is_busy = False

    def rise(self) -> None:
        """It was made."""
        self.is_up = True
        self.raise_doubt(NOT_LOOKED)

    def close(self) -> None:
        """We hang up."""
        self.is_up = False
        self.hung_up.set()
        self.raise_doubt(NOT_CONNECTED)

    def lose(self) -> None:
        """The gateway hung up."""
        why = "it hung up" if self.is_up else self.doubt
        self.is_up = False
        self.hung_up.set()
        self.raise_doubt(why or "it hung up")

    def raise_doubt(self, why: str) -> None:
        """From now on it is not known whole, until a snapshot is taken."""
        self.doubt = why
        self.doubts += 1
        self.news.set()

    def settle_doubt(self, doubts: int) -> None:
        """A snapshot was taken whole that began when ``doubts`` were as many as given."""
        if doubts == self.doubts:
            self.doubt = None

    def hear_error(self, said: ErrorSaid) -> None:
        """Takes in an error or a notice of the gateway; what is about an order alone changes nothing."""
        sentence = sentence_of(said.code, said.text)
        match code_of(said.code).meaning:
            case Meaning.LINK_LOST | Meaning.MOVED:
                self.is_up = False
                self.in_the_way = sentence
                self.raise_doubt(sentence)
                self.hung_up.set()
            case Meaning.LINK_BACK | Meaning.LINK_KEPT:
                self.is_up, self.in_the_way = True, None
                self.hung_up.clear()
                self.raise_doubt(f"{sentence}; {NOT_LOOKED}")
            case Meaning.ID_BUSY:
                self.in_the_way, self.id_is_busy = sentence, True
                self.hung_up.set()
            case Meaning.PACING:
                self._pace.refused()
                self.refused.set()
                self.raise_doubt(sentence)
            case Meaning.NUMBER_USED:
                self.raise_doubt(sentence)
            case _ if said.order_id == -1:
                log.info("the gateway at %s: %s", self.where, sentence)
            case _:
                pass

    def hear_client(self, said: str) -> None:
        """ib_async does not talk to a gateway that is too old, and does not hang up either."""
        if TOO_OLD in said:
            self.in_the_way = f"it is too old ({said}); update the gateway"
            self.hung_up.set()

    def obstacle(self, error: BaseException | None) -> str:
        """Why a try to make it failed, which ended with this error, or with none."""
        if self.in_the_way is not None:
            return self.in_the_way
        if isinstance(error, ConnectionRefusedError):
            return "nothing listens there; start the gateway, and enable its API"
        if error is not None and str(error):
            return str(error)
        return "it hung up" if self.hung_up.is_set() else "it did not answer"

    async def news_within(
        self, seconds: float, over: Coroutine[Any, Any, None] | None = None
    ) -> None:
        """Returns when ``news`` is set, when so much time has passed, or when ``over`` has returned."""
        waits: list[asyncio.Future[Any]] = [asyncio.ensure_future(self.news.wait())]
        waits += [] if over is None else [asyncio.ensure_future(over)]
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in waits:
                one.cancel()
