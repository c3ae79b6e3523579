"""What the simulated exchange itself has on record, whatever the ledger says."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orderworks.commands import views
from orderworks.commands.options import FormatOption, chosen_account, scope_of
from orderworks.model.listing import Listing
from orderworks.printing import Format, View, print_listing

if TYPE_CHECKING:
    from psycopg import Connection

app = typer.Typer(
    no_args_is_help=True, help="Read the simulated exchange's own record, from its side."
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


def _print(
    ask: "Callable[[Connection[Any], str], Listing]", asked: str | None, form: Format, view: View
) -> None:
    from orderworks.brokers.simulated.listing import exchange_accounts
    from orderworks.brokers.simulated.record import create_schema
    from orderworks.ledger.connection import database_url, open_ledger
    from orderworks.settings import home_directory, load_settings

    default = load_settings().broker.simulated.account
    with open_ledger(database_url(home_directory())) as connection:
        create_schema(connection)
        account = chosen_account(asked, default, exchange_accounts(connection))
        listing = ask(connection, account)
    print_listing(listing, form, view, scope_of(account) + " at the exchange")
