"""An account whose session is worked and measured in a ledger of each test's own."""

from pathlib import Path

import pytest
from traded_session import ACCOUNT, open_desk, rising_market

from orderworks.ledger.accounts import open_account
from orderworks.ledger.connection import Ledger
from orderworks.ledger.leases import Lease
from orderworks.market.replay import ReplayMarket


@pytest.fixture
def market(tmp_path: Path) -> ReplayMarket:
    return rising_market(tmp_path)


@pytest.fixture
def lease(ledger: Ledger) -> Lease:
    return open_desk(ledger)


@pytest.fixture
def books(ledger: Ledger) -> Ledger:
    """The test's ledger with nothing but the account."""
    open_account(ledger, ACCOUNT, "simulated", "simulated")
    return ledger
