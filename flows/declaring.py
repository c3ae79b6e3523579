"""What every flow of ours has in common: its time, its memory, and what is told of its end."""

from collections.abc import Awaitable, Callable
from typing import ParamSpec

from prefect import Flow, flow
from prefect.client.schemas import State

from flows.cancelling import cancel_orders
from flows.due import in_its_time
from flows.failing import tell_failure

Asked = ParamSpec("Asked")
Body = Callable[Asked, Awaitable[State]]


def declared(name: str, *, sends: bool) -> Callable[[Body[Asked]], Flow[Asked, Awaitable[State]]]:
    """A flow that keeps to its schedule and keeps no result: its memory is the ledger.

    That it failed is told to a person. Where it sends orders, cancelling it cancels them.
    """

    def declare(body: Body[Asked]) -> Flow[Asked, Awaitable[State]]:
        return flow(
            name=name,
            persist_result=False,
            on_failure=[tell_failure],
            on_crashed=[tell_failure],
            on_cancellation=[cancel_orders] if sends else [],
        )(in_its_time(sends=sends)(body))

    return declare
