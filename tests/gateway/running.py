"""A gateway that runs in a test, and clients of it."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from ib_async import IB

from orderworks.brokers.simulated.terms import Terms
from orderworks.market.calendar import Session
from orderworks.market.data import RecordedMarket
from orderworks.model.loopback import LOOPBACK

from .gateway import Gateway

PATIENCE_SECONDS = 10


@asynccontextmanager
async def running(
    url: str,
    market: RecordedMarket,
    session: Session,
    terms: Terms | None = None,
    **options: Any,
) -> AsyncIterator[tuple[Gateway, int]]:
    """A gateway in this event loop, and the port that it listens on; options as ``Gateway`` takes."""
    gateway = Gateway(url, market, session, terms, **options)
    try:
        yield gateway, await gateway.start()
    finally:
        await gateway.stop()


def told_to_end() -> asyncio.Event:
    """Set when this process is told to end, from now on."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    return told


@asynccontextmanager
async def connected(port: int, client_id: int = 1, **options: Any) -> AsyncIterator[IB]:
    """The real client, connected."""
    ib = IB()
    try:
        await ib.connectAsync(LOOPBACK, port, client_id, PATIENCE_SECONDS, **options)
        yield ib
    finally:
        ib.disconnect()


async def settled(ib: IB) -> None:
    """Returns when the client has heard all that the gateway has told it: it asks for the time."""
    await asyncio.wait_for(ib.reqCurrentTimeAsync(), PATIENCE_SECONDS)


async def until(ib: IB, holds: Callable[[], bool]) -> None:
    """Returns when something holds, which is looked at whenever the client has heard anything."""

    async def wait() -> None:
        while not holds():
            await ib.updateEvent

    await asyncio.wait_for(wait(), PATIENCE_SECONDS)
