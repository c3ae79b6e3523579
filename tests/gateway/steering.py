"""Lines of text that a gateway does what they say of: on its standard input, or over a socket.

``advance SECONDS``, ``go-on TIME``, ``speed N``, ``cut CLIENT_ID``, ``lose-link SECONDS``, ``restore-link``,
``fault request.PLACE_ORDER Say 10349`` are each answered with ``done``, and ``time`` with the market's time.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from orderworks.model.loopback import LOOPBACK

from .fault_lines import read_line
from .faults import LoseLink
from .gateway import Gateway


async def obey(
    gateway: Gateway, lines: asyncio.StreamReader, answer: Callable[[str], object]
) -> None:
    """Does what each line says, as long as there are any, and answers it."""
    while line := (await lines.readline()).decode():
        try:
            answer(await _do(gateway, line))
        except ValueError as error:
            answer(f"not done: {error}")


@asynccontextmanager
async def steered(gateway: Gateway) -> AsyncIterator[int]:
    """Obeys whoever connects to a port of loopback, which it gives."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await obey(gateway, reader, lambda text: writer.write(f"{text}\n".encode()))
        except ConnectionError:
            # Who steered it was killed.
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, LOOPBACK)
    try:
        port: int = server.sockets[0].getsockname()[1]
        yield port
    finally:
        server.close()


async def _do(gateway: Gateway, line: str) -> str:
    match line.split():
        case ["advance", seconds]:
            await gateway.advance(float(seconds))
        case ["go-on", moment]:
            await gateway.advance_to(datetime.fromisoformat(moment))
        case ["time"]:
            return gateway.clock.now().isoformat()
        case ["speed", speed]:
            gateway.clock.run(float(speed))
        case ["cut", client_id]:
            gateway.cut(int(client_id))
        case ["lose-link", seconds]:
            gateway.lose_link(LoseLink(float(seconds)))
        case ["restore-link"]:
            gateway.restore_link()
        case ["fault", *_]:
            kind, number, fault = read_line(line.removeprefix("fault "))
            gateway.faults.add(kind, fault, number)
        case _:
            raise ValueError(f"not understood: {line.strip()}")
    return "done"
