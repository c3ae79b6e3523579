"""Where a run's signals or targets come from: one protocol, whatever keeps them.

What a source gave is frozen with the run's plan. A source that may give something else the next time
is therefore asked once the run's turn to plan has come, and never again when it has a plan.
"""

import asyncio
from dataclasses import dataclass
from typing import Protocol

from orderworks.desk.desk import Desk
from orderworks.handoffs.signals_file import with_order_prices
from orderworks.handoffs.sql_query import Query, ask
from orderworks.handoffs.suite import Suite
from orderworks.handoffs.table_file import TableFile
from orderworks.ledger.runs import Run


class Inputs(Protocol):
    """A run's table, or where to get it."""

    @property
    def fixed(self) -> TableFile | None:
        """The table, where it is the same whenever it is read; else None."""
        ...

    async def read(self, desk: Desk, run: Run) -> TableFile:
        """The table that a run without a plan is to be planned from.

        Raises:
            InputError: if it cannot be had, or is no table of its kind.
            NothingNew: if there is nothing that an earlier run was not planned from.
        """
        ...


@dataclass(frozen=True, slots=True)
class FixedInputs:
    """A table that was read already: a file's, or a form's."""

    fixed: TableFile

    async def read(self, desk: Desk, run: Run) -> TableFile:
        return self.fixed


@dataclass(frozen=True, slots=True)
class QueryInputs:
    """What a database answers when it is asked."""

    query: Query
    url: str
    suite: Suite
    fixed: None = None

    def __repr__(self) -> str:
        # Without the address, which may hold a password.
        return f"QueryInputs({self.query.path})"

    async def read(self, desk: Desk, run: Run) -> TableFile:
        values = {"session": desk.session.date, "account": desk.account}
        table = await asyncio.to_thread(ask, self.query, self.url, values, self.suite)
        return with_order_prices(table)
