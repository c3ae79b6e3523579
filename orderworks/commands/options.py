"""The options that several commands take, and what they stand for."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from orderworks.model.errors import InputError
from orderworks.printing import Format

if TYPE_CHECKING:
    from orderworks.ledger.connection import Ledger


def date_of(option: str) -> Callable[[str], date]:
    """What reads the date that an option names, and raises InputError where it names none."""

    def read(text: str) -> date:
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise InputError(
                f"{option} takes a date such as 2026-11-20, not {text!r}; correct it"
            ) from None

    return read


session_date = date_of("--session")


FormatOption = Annotated[
    Format,
    typer.Option("--format", help="Print a table to be read, or JSON or CSV to be processed."),
]
AccountOption = Annotated[
    str | None,
    typer.Option("--account", help="The account; by default that of the settings' broker."),
]
RunKeyOption = Annotated[str | None, typer.Option("--run-key", help="Only what this run did.")]
SymbolOption = Annotated[str | None, typer.Option("--symbol", help="Only this symbol.")]
SessionOption = Annotated[
    date | None,
    typer.Option(
        "--session", parser=session_date, metavar="DATE", help="Only this session, as 2026-11-20."
    ),
]


@contextmanager
def reading() -> Iterator["Ledger"]:
    """The ledger in force, as it stands at one moment, to be read only."""
    from orderworks.ledger.connection import database_url, open_ledger
    from orderworks.settings import home_directory

    with open_ledger(database_url(home_directory())) as ledger, ledger.transaction():
        ledger.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield ledger


def chosen_account(asked: str | None, default: str, known: Sequence[str]) -> str:
    """The account that a command is about; where nothing is known of the one that is set, that is said.

    Raises:
        InputError: if the one that was asked for is not known, or none is configured.
    """
    if asked is not None and asked not in known:
        others = f"known are {', '.join(known)}" if known else "none was opened yet"
        raise InputError(f"there is no account {asked!r}; {others}")
    if not (asked or default):
        raise InputError(
            "no account is configured; set broker.ibkr.account_id, or name one with --account"
        )
    account = asked or default
    if known and account not in known:
        others = ", ".join(known)
        typer.echo(
            f"nothing is known of account {account}, which is set; known are {others}: "
            "name one with --account",
            err=True,
        )
    return account


def account_of(ledger: "Ledger", asked: str | None) -> str:
    """The account of the ledger that a command is about; without one that is named, the settings'.

    Raises:
        InputError: as ``chosen_account``.
    """
    from orderworks.ledger.overview import known_accounts
    from orderworks.settings import load_settings

    return chosen_account(asked, load_settings().broker.account, known_accounts(ledger))


def scope_of(account: str, **filters: object) -> str:
    """What was asked for, in words: 'of account SIM1, symbol AAPL'."""
    named = [
        f"{name.replace('_', ' ')} {value}"
        for name, value in filters.items()
        if value is not None and value != ""
    ]
    return ", ".join([f"of account {account}", *named])
