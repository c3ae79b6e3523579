"""A run whose ledger breaks off says why, not that it broke off."""

import psycopg
import pytest
from synthetic_day import SESSION

from flows.framing import framed


async def cut_off(market: str) -> None:
    """A run whose connection to the ledger ends in the middle."""
    async with framed("daily", SESSION, None, market, None) as frame:
        desk, _ = frame.entered
        desk.ledger.execute("SELECT pg_terminate_backend(pg_backend_pid())")


@pytest.mark.usefixtures("environment")
async def test_what_a_broken_ledger_cannot_take_does_not_hide_the_error(market: str) -> None:
    with pytest.raises(psycopg.errors.AdminShutdown):
        await cut_off(market)
