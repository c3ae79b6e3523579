"""An account that the server's statistics do not know yet: it is taken for one that has next to nothing.

A join that would do for that would go through all that it has once for each row.
"""

from collections.abc import Callable

import pytest
from rows_read import rows_read

from orderworks.ledger.booked_executions import (
    booked_commissions,
    booked_executions,
    standing_reports,
)
from orderworks.ledger.connection import Ledger

MANY = 500
LINEAR = 10 * MANY
"""At most so many rows are read for ``MANY`` executions, each corrected; quadratic is MANY * MANY."""

KNOWN, NEW = "known", "new"


def add_executions(ledger: Ledger, account: str) -> list[str]:
    """Executions of an account, and a correction of each; the names of all."""
    names = [f"{account}.{number}" for number in range(MANY)]
    corrections = [f"{name}.corrected" for name in names]
    with ledger.transaction():
        # They stand for themselves: there are no orders here that they would move.
        ledger.execute("SET LOCAL session_replication_role = replica")
        for told, replaced in ((names, [None] * MANY), (corrections, names)):
            ledger.execute(
                "INSERT INTO fills (account, exec_id, client_order_id, symbol, side, quantity, price, "
                "commission, ts, replaces) SELECT %s, told, told, 'AAPL', 'buy', 10, 100, 1, now(), replaced "
                "FROM unnest(%s::text[], %s::text[]) AS one (told, replaced)",
                (account, told, replaced),
            )
    return names + corrections


@pytest.fixture
def names(ledger: Ledger) -> list[str]:
    """What the new account has, which has come since the statistics were made."""
    add_executions(ledger, KNOWN)
    ledger.execute("ANALYZE fills")
    return add_executions(ledger, NEW)


@pytest.mark.parametrize("asked", [booked_executions, booked_commissions, standing_reports])
def test_each_execution_is_read_a_few_times(
    ledger: Ledger, names: list[str], asked: Callable[[Ledger, str, list[str]], dict[str, object]]
) -> None:
    found: dict[str, object] = {}
    assert rows_read(ledger, lambda: found.update(asked(ledger, NEW, names)), "fills") <= LINEAR
    corrected = names[:MANY]
    expected = {
        booked_executions: dict.fromkeys(names, 10),
        booked_commissions: dict.fromkeys(corrected) | dict.fromkeys(names[MANY:], 1),
        standing_reports: dict(zip(corrected, names[MANY:], strict=True)),
    }
    assert found == expected[asked]
