"""Looking at a gateway: two short connections, the first under the client id of the orders.

A client id that is in use is left to who has it: the gateway refuses the newcomer. It is held for no
longer than the greeting, and everything else is asked under an id for market data.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime
from math import isnan

from ib_async import Ticker

from orderworks.brokers.ibkr.connection import Connection
from orderworks.brokers.ibkr.contracts import stock
from orderworks.brokers.ibkr.errors import Meaning, code_of, sentence_of
from orderworks.brokers.ibkr.examination.seen import QuotesSeen, Seen
from orderworks.brokers.ibkr.market.following import DELAYED, LOOK_SECONDS
from orderworks.brokers.ibkr.market.line import data_ids
from orderworks.brokers.ibkr.pace import Pace
from orderworks.brokers.ibkr.wire import ErrorSaid, ListeningIB, Message
from orderworks.settings import IbkrBroker as IbkrSettings

CONNECT_SECONDS = 8.0
ASK_SECONDS = 8.0
"""At most: who asks waits for the answer."""

NOT_VALID = 321
"""The code of a request that the gateway does not accept, as of orders where it is read-only."""


async def look_at(
    settings: IbkrSettings, symbol: str, now: Callable[[], datetime], *, in_use: bool
) -> Seen:
    """What the gateway shows.

    Args:
        symbol: whose quotes are asked for.
        now: the clock that the gateway's is compared with.
        in_use: whether the client id is known to be in use, and need not be tried.

    Raises:
        BrokerError: if it cannot be reached, or does not answer.
    """
    next_number = None if in_use else await _next_number(settings)
    said: list[ErrorSaid] = []
    ids = data_ids(settings.client_id)
    line = _line(settings, ids[0], said, ids[1:])
    try:
        accounts = await line.open()
        return Seen(
            where=line.where,
            server_version=line.client.serverVersion(),
            accounts=tuple(accounts),
            next_number=next_number,
            refuses_orders=await _refusal_of_orders(line, said),
            ahead_seconds=await _ahead(line, now),
            quotes=await _quotes(line, symbol, said, settings.first_quote_seconds),
        )
    finally:
        line.close()


async def _next_number(settings: IbkrSettings) -> int | None:
    """What the gateway greets the client of the orders with; None where another one has its id."""
    line = _line(settings, settings.client_id, [], data_ids(settings.client_id))
    try:
        await line.open()
        if line.client_id != settings.client_id:
            return None
        return int(line.client.getReqId())
    finally:
        line.close()


def _line(
    settings: IbkrSettings, client_id: int, said: list[ErrorSaid], spare_ids: range
) -> Connection:
    def hear(message: Message) -> None:
        if isinstance(message, ErrorSaid):
            said.append(message)

    return Connection(
        *(settings.host, settings.port, client_id, hear, Pace(settings.messages_per_second)),
        connect_seconds=min(CONNECT_SECONDS, settings.connect_seconds),
        ask_seconds=min(ASK_SECONDS, settings.ask_seconds),
        spare_ids=spare_ids,
    )


async def _refusal_of_orders(line: Connection, said: list[ErrorSaid]) -> str | None:
    """Why the gateway does not show orders; to who is refused it says so, and no more."""

    async def ask(ib: ListeningIB) -> str | None:
        shown = asyncio.ensure_future(ib.reqAllOpenOrdersAsync())
        try:
            while not shown.done():
                refused = [one for one in said if one.code == NOT_VALID]
                if refused:
                    return sentence_of(refused[0].code, refused[0].text)
                await asyncio.wait([shown], timeout=LOOK_SECONDS)
            shown.result()
            return None
        finally:
            shown.cancel()

    return await line.ask("its open orders", ask)


async def _ahead(line: Connection, now: Callable[[], datetime]) -> float:
    before = now()
    told: datetime = await line.ask("the time", lambda ib: ib.reqCurrentTimeAsync())
    after = now()
    # A whole second has passed half on the mean.
    return (told - before).total_seconds() + 0.5 - (after - before).total_seconds() / 2


async def _quotes(
    line: Connection, symbol: str, said: list[ErrorSaid], seconds: float
) -> QuotesSeen:
    """Asks for delayed quotes, which are live ones for who may have them."""
    loop = asyncio.get_running_loop()
    details = await line.ask(
        f"the contract of {symbol}", lambda ib: ib.reqContractDetailsAsync(stock(symbol))
    )
    contracts = [one.contract for one in details if one.contract is not None]
    if len(contracts) != 1:
        said_of_it = f"{len(contracts)} US stocks have this name; ask for another with --symbol"
        return QuotesSeen(symbol, None, said_of_it)
    contract = contracts[0]

    async def ask(ib: ListeningIB) -> QuotesSeen:
        ib.reqMarketDataType(DELAYED)
        ticker = ib.reqMktData(contract)
        number = ib.wrapper.ticker2ReqId["mktData"].get(ticker)
        give_up = loop.time() + seconds
        try:
            while loop.time() < give_up:
                if _has_come(ticker):
                    return QuotesSeen(symbol, ticker.marketDataType, "")
                if refusals := _refusals(said, number):
                    return QuotesSeen(symbol, None, refusals[0])
                await asyncio.sleep(LOOK_SECONDS)
            return QuotesSeen(symbol, None, "")
        finally:
            ib.cancelMktData(contract)

    return await line.ask(f"the quotes of {symbol}", ask)


def _has_come(ticker: Ticker) -> bool:
    return not (isnan(ticker.bid) and isnan(ticker.ask) and isnan(ticker.last))


def _refusals(said: list[ErrorSaid], number: int | None) -> list[str]:
    """What was said of a request, without notices such as that delayed quotes follow."""
    return [
        sentence_of(one.code, one.text)
        for one in said
        if one.order_id == number and code_of(one.code).meaning is not Meaning.NOTICE
    ]
