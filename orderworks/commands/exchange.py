"""The simulated exchange: what it has on record, whatever the ledger says, and its own server."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orderworks.commands import views
from orderworks.commands.options import (
    FormatOption,
    chosen_account,
    scope_of,
    session_date,
)
from orderworks.model.errors import InputError
from orderworks.model.listing import Listing
from orderworks.printing import Format, View, print_listing

if TYPE_CHECKING:
    from psycopg import Connection

    from orderworks.brokers.simulated.faults import FaultPlan

app = typer.Typer(
    no_args_is_help=True, help="Read the simulated exchange's own record, or serve it."
)

AccountOption = Annotated[
    str | None,
    typer.Option("--account", help="The account; by default that of the simulated broker."),
]


@app.command()
def orders(account: AccountOption = None, form: FormatOption = Format.TABLE) -> None:
    """List every order that reached the exchange; one that came twice is there twice."""
    from orderworks.brokers.simulated.listing import exchange_orders

    _print(exchange_orders, account, form, views.EXCHANGE_ORDERS)


@app.command()
def fills(account: AccountOption = None, form: FormatOption = Format.TABLE) -> None:
    """List every execution of the exchange."""
    from orderworks.brokers.simulated.listing import exchange_fills

    _print(exchange_fills, account, form, views.FILLS)


@app.command()
def serve(
    market: Annotated[
        Path, typer.Option("--market", help="The directory of recorded quotes to replay.")
    ],
    session: Annotated[
        date,
        typer.Option(
            "--session", parser=session_date, metavar="DATE", help="The trading day, as 2026-11-20."
        ),
    ],
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="The port; 0 for any that is free.")
    ] = 0,
    faults: Annotated[
        Path | None,
        typer.Option("--faults", help="A YAML file of faults to make: seed, rates and script."),
    ] = None,
) -> None:
    """Serve the simulated account on 127.0.0.1, until told to end.

    A run finds it by the setting broker.simulated.server.
    """
    import asyncio

    from orderworks.brokers.simulated import server
    from orderworks.brokers.simulated.faulty import FaultyLine
    from orderworks.brokers.simulated.line import Line
    from orderworks.desk.exchange_terms import exchange_terms
    from orderworks.ledger.connection import database_url
    from orderworks.market.calendar import require_session
    from orderworks.market.replay import ReplayMarket
    from orderworks.model.clock import WallClock
    from orderworks.settings import home_directory, load_settings

    terms = exchange_terms(load_settings())
    plan = None if faults is None else _fault_plan(faults)
    recorded = ReplayMarket(market.expanduser(), session)
    opens = server.opens_exchange(
        database_url(home_directory()), recorded, require_session(session), terms
    )
    line: Line = server.ServedExchange(opens)
    if plan is not None:
        line = FaultyLine(line, plan, WallClock())
    asyncio.run(server.serve(server.ExchangeServer(line, terms.account, session), port, typer.echo))


def _fault_plan(path: Path) -> "FaultPlan":
    """The plan that a file holds.

    Raises:
        InputError: naming what is wrong with it.
    """
    import yaml

    from orderworks.brokers.simulated.faults import FaultPlan
    from orderworks.brokers.simulated.wire import Malformed, decode

    try:
        return decode(FaultPlan, yaml.safe_load(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, Malformed) as error:
        raise InputError(f"--faults: {path} holds no plan of faults: {error}") from None


def _print(
    ask: "Callable[[Connection[Any], str], Listing]", asked: str | None, form: Format, view: View
) -> None:
    from orderworks.brokers.simulated.listing import exchange_accounts
    from orderworks.brokers.simulated.record_schema import create_schema
    from orderworks.ledger.connection import database_url, open_ledger
    from orderworks.settings import home_directory, load_settings

    default = load_settings().broker.simulated.account
    with open_ledger(database_url(home_directory())) as connection:
        create_schema(connection)
        account = chosen_account(asked, default, exchange_accounts(connection))
        listing = ask(connection, account)
    print_listing(listing, form, view, scope_of(account) + " at the exchange")
