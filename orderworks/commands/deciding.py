"""The commands by which a person decides where evidence cannot."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from orderworks.desk.desk import Desk
    from orderworks.desk.reconciliation import Reconciled

Order = Annotated[str, typer.Argument(metavar="ORDER", help="Its client_order_id.")]
Reason = Annotated[str, typer.Option("--reason", help="How you know; kept with the decision.")]
Broker = Annotated[
    str | None, typer.Option("--broker", help="simulated, paper_stub or ibkr; as set by default.")
]


def adopt(order: Order, reason: Reason, broker: Broker = None) -> None:
    """Say of a held order that the broker has it: it is tracked on."""
    from orderworks.desk.deciding import decide
    from orderworks.model.state import OrderEvent

    done = _at_a_desk(broker, lambda desk: decide(desk, order, OrderEvent.ADOPT, reason))
    typer.echo(f"Order {order} is adopted; {done}.")


def abandon(order: Order, reason: Reason, broker: Broker = None) -> None:
    """Say of a held order that the broker does not have it, or no longer: it is closed."""
    from orderworks.desk.deciding import decide
    from orderworks.model.state import OrderEvent

    done = _at_a_desk(broker, lambda desk: decide(desk, order, OrderEvent.ABANDON, reason))
    typer.echo(f"Order {order} is abandoned; {done}.")


def resolve(
    number: Annotated[
        int, typer.Argument(metavar="BREAK", help="Its number in 'orderworks breaks'.")
    ],
    reason: Reason,
    transfer: Annotated[
        bool,
        typer.Option(
            "--transfer",
            help="It came from outside the account, or went there: no gain and no loss.",
        ),
    ] = False,
    broker: Broker = None,
) -> None:
    """Take the broker's side of a break: its position or cash is booked as an adjustment."""
    from orderworks.desk.deciding import resolve as resolve_break

    done = _at_a_desk(
        broker, lambda desk: resolve_break(desk, number, reason, is_transfer=transfer)
    )
    typer.echo(f"Break {number} is resolved; {done}.")


def _at_a_desk(
    broker: str | None, decide: "Callable[[Desk], Awaitable[Reconciled]]"
) -> "Reconciled":
    from orderworks.desk.opening import occasion, open_desk_for
    from orderworks.market.calendar import latest_session
    from orderworks.settings import load_settings

    settings = load_settings(**({"broker": {"provider": broker}} if broker else {}))
    asked = occasion("decide", settings, None, None, None)

    async def at_a_desk() -> "Reconciled":
        async with open_desk_for(settings, asked, latest_session(asked.session)) as desk:
            return await decide(desk)

    return asyncio.run(at_a_desk())
