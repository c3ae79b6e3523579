"""Contracts as the ledger keeps them for a session: what one run has asked, the next one need not."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from orderworks.brokers.ibkr.listed import Listed
from orderworks.brokers.ibkr.price_grid import PriceGrid
from orderworks.ledger.connection import open_ledger
from orderworks.ledger.contracts import (
    KeptContract,
    keep_contracts,
    keep_shortable,
    kept_contracts,
)


class KeptContracts:
    """The stocks of one account and session.

    A connection is opened for each use, of which a run has a few, as they come from several threads.
    """

    def __init__(self, url: str, account: str, session: date) -> None:
        self._url, self._account, self._session = url, account, session

    def read(self, symbols: Sequence[str]) -> tuple[dict[str, Listed], dict[str, bool]]:
        """By symbol, what is kept of it, and whether it may be sold short where that was told."""
        with open_ledger(self._url) as ledger:
            kept = kept_contracts(ledger, self._account, self._session, symbols)
        listed = {
            one.symbol: Listed(
                one.symbol,
                one.con_id,
                one.primary_exchange,
                PriceGrid.of(one.increments),
                one.size_increment,
            )
            for one in kept
        }
        return listed, {one.symbol: one.shortable for one in kept if one.shortable is not None}

    def keep(self, listed: Iterable[Listed]) -> None:
        """Keeps what was asked."""
        rows = [
            KeptContract(
                one.symbol,
                one.con_id,
                one.primary_exchange,
                dict(zip(one.grid.edges, one.grid.increments, strict=True)),
                one.size_increment,
            )
            for one in listed
        ]
        with open_ledger(self._url) as ledger:
            keep_contracts(ledger, self._account, self._session, rows)

    def keep_shortable(self, shortable: Mapping[str, bool]) -> None:
        """Keeps whether stocks may be sold short."""
        with open_ledger(self._url) as ledger:
            keep_shortable(ledger, self._account, self._session, shortable)
