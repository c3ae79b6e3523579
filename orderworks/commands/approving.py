"""The commands that decide about a plan that waits."""

from typing import Annotated

import typer

Run = Annotated[
    str, typer.Argument(metavar="RUN", help="Its run key, as 'orderworks status' shows it.")
]
Note = Annotated[str, typer.Option("--note", help="Who decides, and why; kept with the run.")]
Broker = Annotated[
    str | None, typer.Option("--broker", help="simulated, paper_stub or ibkr; as set by default.")
]


def approve(run: Run, note: Note, broker: Broker = None) -> None:
    """Approve the plan of a run that waits: its orders may be sent from now on."""
    _decide(run, note, broker, approved=True)


def reject(run: Run, note: Note, broker: Broker = None) -> None:
    """Reject the plan of a run that waits: nothing of it is sent."""
    _decide(run, note, broker, approved=False)


def _decide(run: str, note: str, broker: str | None, *, approved: bool) -> None:
    from orderworks.ledger.approvals import decide_plan
    from orderworks.ledger.connection import database_url, open_ledger
    from orderworks.settings import home_directory, load_settings

    account = load_settings(**({"broker": {"provider": broker}} if broker else {})).broker.account
    with open_ledger(database_url(home_directory())) as ledger:
        decide_plan(ledger, account, run, approved=approved, note=note)
    typer.echo(f"Run {run} is {'approved' if approved else 'rejected'}: {note}")
