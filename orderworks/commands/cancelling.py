"""The command that cancels one run."""

import asyncio
from typing import Annotated

import typer

PATIENCE_SECONDS = 60
"""How long the end of the run's orders is waited for: a dead worker's lease runs out in less."""


def cancel(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN",
            help="Its run key, as 'orderworks status' shows it, or its flow run's id.",
        ),
    ],
    reason: Annotated[str, typer.Option("--reason", help="Why; kept with the run.")],
    broker: Annotated[
        str | None,
        typer.Option("--broker", help="simulated, paper_stub or ibkr; as set by default."),
    ] = None,
) -> None:
    """Cancel a run: nothing more of it is sent, and what rests of it is cancelled."""
    from orderworks.desk.cancelling import confirm_cancelled
    from orderworks.desk.opening import occasion_of, open_desk_for
    from orderworks.ledger.connection import database_url, open_ledger
    from orderworks.ledger.stopped_runs import cancel_run
    from orderworks.market.calendar import latest_session
    from orderworks.settings import home_directory, load_settings

    settings = load_settings(**({"broker": {"provider": broker}} if broker else {}))
    # The row first: whatever is in the way of the broker, nothing more is sent.
    with open_ledger(database_url(home_directory())) as ledger:
        cancelled = cancel_run(ledger, settings.broker.account, run, reason)
    asked = occasion_of(settings, cancelled.run_key)

    async def at_a_desk() -> str:
        async with open_desk_for(settings, asked, latest_session(asked.session)) as desk:
            return await confirm_cancelled(desk, cancelled, PATIENCE_SECONDS)

    typer.echo(f"Run {cancelled.run_key} is {asyncio.run(at_a_desk())}")
