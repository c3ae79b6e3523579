"""The report of execution quality, written as a file."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from orderworks.commands.options import (
    AccountOption,
    SessionOption,
    account_of,
    date_of,
    reading,
)
from orderworks.model.errors import InputError


def report(
    session: SessionOption = None,
    first: Annotated[
        date | None,
        typer.Option("--from", parser=date_of("--from"), metavar="DATE", help="The first day."),
    ] = None,
    last: Annotated[
        date | None,
        typer.Option("--to", parser=date_of("--to"), metavar="DATE", help="The last day."),
    ] = None,
    account: AccountOption = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", help="The file to write; by default one in the home's reports."),
    ] = None,
) -> None:
    """Write what trading cost, and why, as one HTML file; prints its path.

    Name a day with --session, or several with --from and --to.
    """
    from orderworks.model.clock import WallClock
    from orderworks.report.writing import recorded_markets, report_path, write_report
    from orderworks.settings import home_directory

    begin, end = _period(session, first, last)
    with reading() as ledger:
        chosen = account_of(ledger, account)
        path = output or report_path(home_directory(), chosen, begin, end)
        markets = recorded_markets(ledger, chosen, begin, end)
        try:
            written = write_report(
                ledger, chosen, begin, end, markets, WallClock().now(), path.expanduser().absolute()
            )
        except OSError as error:
            raise InputError(
                f"the report cannot be written to {path}: {error.strerror}; name another --output"
            ) from error
    typer.echo(f"{written.verdict} {written.attention}", err=True)
    typer.echo(written.path)


def _period(session: date | None, first: date | None, last: date | None) -> tuple[date, date]:
    if session is not None and first is None and last is None:
        return session, session
    if session is None and first is not None and last is not None:
        if last < first:
            raise InputError(f"--to {last} is before --from {first}; exchange them")
        return first, last
    raise InputError("say which days: either --session DATE, or both --from DATE and --to DATE")
