"""The commands that only read: how things stand, what was planned and done."""

from typing import TYPE_CHECKING, Annotated

import typer

from orderworks.commands import database, exchange, quality, views
from orderworks.commands.errors import ClearCommands
from orderworks.commands.options import (
    AccountOption,
    FormatOption,
    RunKeyOption,
    SessionOption,
    SymbolOption,
    account_of,
    chosen_account,
    reading,
    scope_of,
)
from orderworks.commands.running import registered
from orderworks.model.errors import InputError
from orderworks.model.listing import Listing
from orderworks.model.state import OrderState
from orderworks.printing import Format, print_listing

if TYPE_CHECKING:
    from orderworks.ledger.connection import Ledger

app = typer.Typer(cls=ClearCommands, no_args_is_help=True, pretty_exceptions_enable=False)
app.add_typer(exchange.app, name="exchange")
app.add_typer(database.app, name="db")


@app.command()
def status(
    account: Annotated[
        str | None, typer.Option("--account", help="Only this account; by default every one.")
    ] = None,
    latest: Annotated[
        int, typer.Option("--runs", min=0, help="How many of the latest runs to show.")
    ] = 10,
    form: FormatOption = Format.TABLE,
) -> None:
    """Show how each account stands: runs, open orders, breaks, alerts, kill switch, who works it."""
    from orderworks.ledger import overview
    from orderworks.settings import load_settings

    default = load_settings().broker.account
    with reading() as ledger:
        known = overview.known_accounts(ledger)
        if account is None:
            names = sorted({*known, default} - {""})
        else:
            names = [chosen_account(account, default, known)]
        standing = overview.accounts(ledger, names)
        runs = overview.runs(ledger, names, latest)
    if form is Format.TABLE:
        print_listing(standing, form, views.ACCOUNTS)
        typer.echo()
        print_listing(runs, form, views.RUNS)
    elif form is Format.JSON:
        print_listing(_with_runs(standing, runs), form)
    else:
        print_listing(_by_run(standing, runs), form)


@app.command()
def plan(
    run_key: Annotated[
        str | None, typer.Option("--run-key", help="The run; by default the one planned last.")
    ] = None,
    account: AccountOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """Show the frozen plan of a run: its orders, and the signals it refused with the reason."""
    from orderworks.ledger import overview

    with reading() as ledger:
        account = account_of(ledger, account)
        _require_run(ledger, account, run_key)
        key = run_key or overview.latest_planned(ledger, account) or ""
        listing = overview.plan(ledger, account, key)
    scope = scope_of(account, run=key)
    if form is Format.TABLE:
        print_listing(listing.where("accepted", True), form, views.PLANNED, scope)
        typer.echo()
        print_listing(listing.where("accepted", False), form, views.REFUSED, scope)
    else:
        print_listing(listing, form)


@app.command()
def orders(
    run_key: RunKeyOption = None,
    symbol: SymbolOption = None,
    state: Annotated[
        list[OrderState] | None,
        typer.Option("--state", case_sensitive=False, help="Only this state; may be repeated."),
    ] = None,
    session: SessionOption = None,
    parents: Annotated[
        bool | None,
        typer.Option("--parents/--children", help="Without slices, or slices only."),
    ] = None,
    held: Annotated[
        bool, typer.Option("--held", help="Only those that wait for your decision, and why.")
    ] = False,
    account: AccountOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """List orders, each parent before its slices; --children names the parent of each."""
    from orderworks.ledger import listings

    with reading() as ledger:
        account = account_of(ledger, account)
        _require_run(ledger, account, run_key)
        listing = listings.orders(
            ledger,
            account,
            run_key=run_key,
            symbol=symbol,
            states=state or None,
            session=session,
            parents=parents,
            held=held,
        )
    states = " or ".join(state or ())
    scope = scope_of(account, run=run_key, symbol=symbol, state=states, session=session)
    print_listing(listing, form, views.CHILDREN if parents is False else views.ORDERS, scope)


@app.command()
def fills(
    run_key: RunKeyOption = None,
    symbol: SymbolOption = None,
    session: SessionOption = None,
    account: AccountOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """List executions as they were booked."""
    from orderworks.ledger import listings

    with reading() as ledger:
        account = account_of(ledger, account)
        _require_run(ledger, account, run_key)
        listing = listings.fills(ledger, account, run_key=run_key, symbol=symbol, session=session)
    scope = scope_of(account, run=run_key, symbol=symbol, session=session)
    print_listing(listing, form, views.FILLS, scope)


@app.command()
def positions(
    symbol: SymbolOption = None,
    account: AccountOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """List what the books hold; the cash stands below the table and in 'status'."""
    from orderworks.ledger import listings
    from orderworks.ledger.accounts import booked_portfolio, is_opened

    with reading() as ledger:
        account = account_of(ledger, account)
        listing = listings.positions(ledger, account, symbol=symbol)
        cash = booked_portfolio(ledger, account).cash if is_opened(ledger, account) else None
    scope = scope_of(account, symbol=symbol, cash=None if cash is None else f"{cash:,.2f}")
    print_listing(listing, form, views.POSITIONS, scope)


app.command()(quality.quality)


@app.command()
def breaks(
    resolved_too: Annotated[
        bool, typer.Option("--all", help="Show those, too, that are resolved.")
    ] = False,
    account: AccountOption = None,
    form: FormatOption = Format.TABLE,
) -> None:
    """List in what the books and the broker differ."""
    from orderworks.ledger import listings

    with reading() as ledger:
        account = account_of(ledger, account)
        listing = listings.breaks(ledger, account, resolved_too=resolved_too)
    print_listing(listing, form, views.BREAKS, scope_of(account))


@app.command()
def alerts(
    session: SessionOption = None,
    account: AccountOption = None,
    form: FormatOption = Format.TABLE,
    deliver: Annotated[
        bool, typer.Option("--deliver", help="First tell what waits to be told.")
    ] = False,
) -> None:
    """List what a person should know."""
    from orderworks.ledger import listings
    from orderworks.settings import load_settings

    if deliver:
        registered("environment")()
        count = registered("deliver-alerts")(load_settings())
        typer.echo(f"{count} delivered", err=True)
    with reading() as ledger:
        account = account_of(ledger, account)
        listing = listings.alerts(ledger, account, session=session)
    print_listing(listing, form, views.ALERTS, scope_of(account, session=session))


def _with_runs(standing: Listing, runs: Listing) -> Listing:
    """Each account with its runs nested in it, as JSON can hold them."""
    records = [dict(zip(runs.columns, row, strict=True)) for row in runs.rows]
    rows = [
        (*row, [record for record in records if record["account"] == name])
        for name, row in zip(standing.values("account"), standing.rows, strict=True)
    ]
    return Listing((*standing.columns, "runs"), rows)


def _by_run(standing: Listing, runs: Listing) -> Listing:
    """A row a run, with what its account stands at; a row for an account that has none, too."""
    place = runs.columns.index("account")
    of_run = tuple(f"run_{name.removeprefix('run_')}" for name in runs.columns if name != "account")
    rows = []
    for name, row in zip(standing.values("account"), standing.rows, strict=True):
        its_runs = [one[:place] + one[place + 1 :] for one in runs.where("account", name).rows]
        rows += [(*row, *one) for one in its_runs or [(None,) * len(of_run)]]
    return Listing((*standing.columns, *of_run), rows)


def _require_run(ledger: "Ledger", account: str, run_key: str | None) -> None:
    """Raises InputError if a run is named that the account has not."""
    from orderworks.ledger.runs import find_run

    if run_key is not None and find_run(ledger, account, run_key) is None:
        raise InputError(
            f"account {account} has no run {run_key!r}; 'orderworks status' shows its runs"
        )
