"""Looking at the account: everything is asked for in turn, then put together; whole, or not at all."""

from collections.abc import Callable
from datetime import datetime
from time import monotonic
from typing import TypeVar

from orderworks.brokers.adapter import Snapshot
from orderworks.brokers.ibkr import questions
from orderworks.brokers.ibkr.connection import Connection
from orderworks.brokers.ibkr.correspondence import Correspondence
from orderworks.brokers.ibkr.snapshot import Gathering, broker_orders, portfolio
from orderworks.ledger.connection import Ledger
from orderworks.ledger.orders import orders_by_id
from orderworks.model.errors import Disconnected, SnapshotIncomplete, Unanswered
from orderworks.model.portfolio import Portfolio

Made = TypeVar("Made")


async def look(
    line: Connection,
    talk: Correspondence,
    gathered: Gathering,
    ledger: Ledger,
    *,
    commission_seconds: float,
    now: Callable[[], datetime],
) -> Snapshot:
    """A snapshot. It is of one moment only if ``gathered.unmoved`` afterwards.

    Args:
        gathered: which is told every message meanwhile, as ``talk`` is.
        commission_seconds: how long the commissions of executions are waited for.

    Raises:
        SnapshotIncomplete: saying what is missing; nothing may be concluded.
    """
    try:
        held = await _ask_for_everything(line, talk, gathered, commission_seconds)
    except (Unanswered, Disconnected) as error:
        raise SnapshotIncomplete(f"no snapshot: {error}") from error
    return _understood(lambda: _put_together(talk, gathered, held, ledger, now()))


async def ask_portfolio(line: Connection, account: str) -> Portfolio:
    """Cash and positions.

    Raises:
        SnapshotIncomplete: if the answers do not tell them.
    """
    positions = await questions.ask_positions(line)
    values = await questions.ask_account_values(line, account)
    return _understood(lambda: portfolio(account, positions, values))


async def _ask_for_everything(
    line: Connection, talk: Correspondence, gathered: Gathering, commission_seconds: float
) -> Portfolio:
    """What is open is asked for before what has ended, so that nothing is between the two."""
    await questions.ask_open_orders(line)
    await questions.ask_completed_orders(line)
    await questions.ask_executions(line, gathered.account)
    if talk.executions.lack_commission(gathered.executions):
        await _wait_for_commissions(line, talk, gathered, commission_seconds)
        await questions.ask_executions(line, gathered.account)
    if lacking := gathered.lacking_executions():
        raise SnapshotIncomplete(
            f"the broker counts more shares filled of {', '.join(lacking)} than it shows executions of; "
            "nothing is concluded before it shows them"
        )
    # What moves the account from here on makes a snapshot of two moments.
    gathered.unmoved = True
    return await ask_portfolio(line, gathered.account)


async def _wait_for_commissions(
    line: Connection, talk: Correspondence, gathered: Gathering, seconds: float
) -> None:
    give_up = monotonic() + seconds
    while talk.executions.lack_commission(gathered.executions):
        line.news.clear()
        left = give_up - monotonic()
        if left <= 0:
            return
        await line.news_within(left)


def _put_together(
    talk: Correspondence, gathered: Gathering, held: Portfolio, ledger: Ledger, at: datetime
) -> Snapshot:
    for said in gathered.executions.values():
        if name := gathered.name(said.ref, said.perm_id):
            talk.executions.name(said.exec_id, name)
    forgotten = {one.ref for one in gathered.completed.values() if not one.order.totalQuantity}
    records = orders_by_id(ledger, sorted(forgotten), parents_too=False)
    quantities = {name: record.quantity for name, record in records.items()}
    orders = broker_orders(gathered, talk.threads, quantities, at)
    return Snapshot(at, held, orders, talk.executions.show(gathered.executions))


def _understood(made: Callable[[], Made]) -> Made:
    try:
        return made()
    except (ValueError, KeyError) as error:
        raise SnapshotIncomplete(f"the broker shows what is not understood: {error}") from error
