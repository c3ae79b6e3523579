"""Looking at the account: everything is asked for in turn, then put together; whole, or not at all."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from time import monotonic
from typing import TypeVar

from orderworks.brokers.adapter import Snapshot
from orderworks.brokers.ibkr import questions
from orderworks.brokers.ibkr.connection import Connection
from orderworks.brokers.ibkr.correspondence import Correspondence
from orderworks.brokers.ibkr.moments import Moments
from orderworks.brokers.ibkr.snapshot import Gathering, broker_orders, cash, holdings
from orderworks.ledger.connection import Ledger
from orderworks.ledger.orders import orders_by_id
from orderworks.model.errors import Disconnected, SnapshotIncomplete, Unanswered
from orderworks.model.portfolio import Portfolio

Made = TypeVar("Made")

LOOKS = 20
"""How often the positions, or the cash, are asked for because executions came meanwhile."""


async def look(
    line: Connection,
    talk: Correspondence,
    gathered: Gathering,
    ledger: Ledger,
    *,
    commission_seconds: float,
    now: Callable[[], datetime],
) -> Snapshot:
    """A snapshot of the moment at which it is returned: what was executed meanwhile is part of it.

    Args:
        gathered: which is told every message meanwhile, as ``talk`` is.
        commission_seconds: how long the commissions of executions are waited for.

    Raises:
        SnapshotIncomplete: saying what is missing; nothing may be concluded.
    """
    moments = Moments(gathered.account)
    try:
        await _ask_for_orders(line, talk, gathered, commission_seconds)
        await _ask_for_account(line, gathered, moments)
        await _have_it_whole(line, talk, gathered, commission_seconds)
    except (Unanswered, Disconnected) as error:
        raise SnapshotIncomplete(f"no snapshot: {error}") from error
    return _understood(lambda: _put_together(talk, gathered, moments, ledger, now()))


async def ask_portfolio(line: Connection, account: str) -> Portfolio:
    """Cash and positions.

    Raises:
        SnapshotIncomplete: if the answers do not tell them.
    """
    positions = await questions.ask_positions(line)
    values = await questions.ask_account_values(line, account)
    return _understood(
        lambda: Portfolio(account, cash(account, values), holdings(account, positions))
    )


async def _ask_for_orders(
    line: Connection, talk: Correspondence, gathered: Gathering, commission_seconds: float
) -> None:
    """What is open is asked for before what has ended, so that nothing is between the two."""
    await questions.ask_open_orders(line)
    await questions.ask_completed_orders(line)
    await questions.ask_executions(line, gathered.account)
    await _have_commissions(line, talk, gathered, commission_seconds)


async def _ask_for_account(line: Connection, gathered: Gathering, moments: Moments) -> None:
    """Positions and cash are asked for until each was told while no execution touched it.

    Once the time is told after them, so is whatever was executed before they were.

    Raises:
        SnapshotIncomplete: if executions keep coming.
    """
    account = gathered.account
    for _ in range(LOOKS):
        if not moments.has_positions:
            before = frozenset(gathered.executions)
            positions = await questions.ask_positions(line)
            await questions.ask_time(line)
            held = _understood(partial(holdings, account, positions))
            moments.take_positions(held, before, gathered.moved_since(before))
        if not moments.has_cash:
            before = frozenset(gathered.executions)
            values = await questions.ask_account_values(line, account)
            await questions.ask_time(line)
            moments.take_cash(cash(account, values), before, gathered.moved_since(before))
        if moments.has_positions and moments.has_cash:
            return
    of = ", ".join(sorted(moments.unsettled))
    what = f"the positions in {of} were" if of else "the cash was"
    raise SnapshotIncomplete(
        f"executions came in each of {LOOKS} times that {what} asked for; nothing is concluded before "
        "they pause for a moment; try again"
    )


async def _have_it_whole(
    line: Connection, talk: Correspondence, gathered: Gathering, commission_seconds: float
) -> None:
    """What came meanwhile is heard with what it cost, and with all that the broker counts of it."""
    if gathered.lacking_executions():
        await questions.ask_executions(line, gathered.account)
    await _have_commissions(line, talk, gathered, commission_seconds)
    if lacking := gathered.lacking_executions():
        raise SnapshotIncomplete(
            f"the broker counts more shares filled of {', '.join(lacking)} than it shows executions of; "
            "nothing is concluded before it shows them"
        )


async def _have_commissions(
    line: Connection, talk: Correspondence, gathered: Gathering, seconds: float
) -> None:
    """Waits for what executions cost, and asks for it once more if it does not come."""
    give_up = monotonic() + seconds
    while talk.executions.lack_commission(gathered.executions):
        line.link.news.clear()
        left = give_up - monotonic()
        if left <= 0:
            await questions.ask_executions(line, gathered.account)
            return
        await line.link.news_within(left)


def _put_together(
    talk: Correspondence, gathered: Gathering, moments: Moments, ledger: Ledger, at: datetime
) -> Snapshot:
    for said in gathered.executions.values():
        if name := gathered.name(said.ref, said.perm_id):
            talk.executions.name(said.exec_id, name)
    forgotten = {one.ref for one in gathered.completed.values() if not one.order.totalQuantity}
    records = orders_by_id(ledger, sorted(forgotten), parents_too=False)
    quantities = {name: record.quantity for name, record in records.items()}
    orders = broker_orders(gathered, talk.threads, quantities, at)
    fills = talk.executions.show(gathered.executions)
    return Snapshot(at, moments.portfolio(fills), orders, fills)


def _understood(made: Callable[[], Made]) -> Made:
    try:
        return made()
    except (ValueError, KeyError) as error:
        raise SnapshotIncomplete(f"the broker shows what is not understood: {error}") from error
