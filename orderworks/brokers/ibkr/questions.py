"""The questions that a snapshot is asked with, one after another over one connection."""

from collections.abc import Awaitable

from ib_async import AccountValue, ExecutionFilter, Position

from orderworks.brokers.ibkr.connection import Connection
from orderworks.brokers.ibkr.wire import ListeningIB


async def ask_open_orders(line: Connection) -> None:
    """Every client's, and those placed by hand; they are heard."""
    await line.ask("its open orders", lambda ib: ib.reqAllOpenOrdersAsync())


async def ask_completed_orders(line: Connection) -> None:
    """Those that ended today, those placed by hand as well; they are heard."""
    await line.ask("its completed orders", lambda ib: ib.reqCompletedOrdersAsync(False))


async def ask_executions(line: Connection, account: str) -> None:
    """Those of the day, with what they cost; they are heard.

    They are asked for by account: a question without any filter may never be answered.
    """
    wanted = ExecutionFilter(acctCode=account)
    await line.ask("its executions", lambda ib: ib.reqExecutionsAsync(wanted))


async def ask_positions(line: Connection) -> list[Position]:
    """Those of every account that the gateway manages."""
    return await line.ask("its positions", lambda ib: ib.reqPositionsAsync())


async def ask_account_values(line: Connection, account: str) -> list[AccountValue]:
    """What the account is worth, by tag and currency."""
    return await line.ask("the account's values", lambda ib: _account_values(line, ib, account))


async def ask_next_number(line: Connection) -> None:
    """Lets the gateway say which number the next order must have; it is heard by ib_async."""
    await line.ask("the next order number", lambda ib: _next_number(line, ib))


async def ask_time(line: Connection) -> None:
    """Whether it answers."""
    await line.ask("the time", lambda ib: ib.reqCurrentTimeAsync())


async def _account_values(line: Connection, ib: ListeningIB, account: str) -> list[AccountValue]:
    """Asked for and given up again: a subscription would go on for ever."""
    number = ib.client.getReqId()
    told: Awaitable[None] = ib.wrapper.startReq(number)
    ib.client.reqAccountUpdatesMulti(number, account, "", False)
    await told
    await line.pace.take()
    ib.client.cancelAccountUpdatesMulti(number)
    return ib.accountValues(account)


async def _next_number(line: Connection, ib: ListeningIB) -> None:
    """Answers come in the order of the questions: once the time is told, so is the number."""
    ib.client.reqIds(1)
    await line.pace.take()
    await ib.reqCurrentTimeAsync()
