"""When this run was first to begin: the same for every retry of it."""

from datetime import UTC, datetime

from prefect.context import FlowRunContext


def begun_at() -> datetime:
    """The time that the flow run was expected to start at; now, where it is none."""
    context = FlowRunContext.get()
    run = context.flow_run if context else None
    return (run.expected_start_time if run else None) or datetime.now(UTC)
