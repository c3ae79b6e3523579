"""``orderworks health``: whether the installation is sound, for people, scripts and monitors."""

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from orderworks.model.finding import Level
from orderworks.model.loopback import LOOPBACK

if TYPE_CHECKING:
    from orderworks.health.looking import Looked

WIDTH = max(len(level) for level in Level)


class HealthFormat(StrEnum):
    """How it can be printed."""

    TABLE = "table"
    JSON = "json"


def health(
    form: Annotated[
        HealthFormat,
        typer.Option("--format", help="A line a finding, or the JSON of the endpoint."),
    ] = HealthFormat.TABLE,
    port: Annotated[
        int | None,
        typer.Option(
            "--serve",
            min=0,
            max=65535,
            metavar="PORT",
            help="Serve it over HTTP instead; 0 = any port.",
        ),
    ] = None,
    host: Annotated[
        str,
        typer.Option("--host", help="The address to serve on; anybody who reaches it is answered."),
    ] = LOOPBACK,
) -> None:
    """Tell whether all is sound: ledger, accounts, runs, breaks, alerts. Nothing is written or started.

    Exit status 1 if anything fails.
    """
    from orderworks.health.looking import Watch
    from orderworks.ledger.connection import existing_database_url
    from orderworks.settings import home_directory, load_settings

    watch = Watch(lambda: existing_database_url(home_directory()), load_settings())
    if port is not None:
        from orderworks.health.serving import serve

        serve(watch, host, port, typer.echo)
        return
    looked = watch.look()
    _print(looked, form)
    if not looked.sound:
        raise typer.Exit(1)


def _print(looked: "Looked", form: HealthFormat) -> None:
    if form is HealthFormat.JSON:
        from orderworks.health.answer import answer_of

        typer.echo(json.dumps(answer_of(looked), indent=2))
        return
    for finding in looked.findings:
        whose = f"{finding.account}, " if finding.account else ""
        typer.echo(f"{finding.level:<{WIDTH}} {whose}{finding.subject}: {finding.sentence}")
