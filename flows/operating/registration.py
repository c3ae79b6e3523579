"""Registers the deployments of an account: what has not changed since is left alone.

What a person changes in the UI is theirs until the definition changes: then it is brought up to date, and
a schedule that was switched off stays off, and one that was added stays.
"""

import hashlib
import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from prefect import Flow
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate, WorkPoolCreate
from prefect.client.schemas.objects import (
    ConcurrencyLimitStrategy,
    ConcurrencyOptions,
    DeploymentSchedule,
)
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import CronSchedule
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.workers.process import ProcessWorker

from flows.operating.accounts import Trading
from flows.operating.definitions import POOL, Definition, definitions
from flows.operating.forms import form_of

GRACE_SECONDS = 120
"""For the process of a run that has its turn to begin."""


class Registered(NamedTuple):
    """How many deployments there are, and how many of them had to be written."""

    deployments: int
    written: int

    def __str__(self) -> str:
        news = f"{self.written} new or changed" if self.written else "all as they were"
        return f"{self.deployments} deployments, {news}"


def definitions_with_flows() -> list[tuple[Definition, Flow[..., Any]]]:
    """Every definition and its flow, whose import takes seconds and needs no server."""
    return [(stated, stated.load_flow()) for stated in definitions()]


async def register(
    trading: Trading, directory: Path, stated: list[tuple[Definition, Flow[..., Any]]]
) -> Registered:
    """Registers the deployments of an account with the server that is configured.

    Args:
        directory: where relative paths in parameters start.
    """
    async with get_client() as client:
        await _have_pool(client)
        await _have_queue(client, trading.account)
        written = [await _register(client, *each, trading, directory) for each in stated]
    return Registered(len(stated), sum(written))


async def have_queues(accounts: Iterable[str]) -> None:
    """Sees to it that the pool is there, and in it a queue for each account that a worker is to serve."""
    async with get_client() as client:
        await _have_pool(client)
        for account in accounts:
            await _have_queue(client, account)


async def _have_pool(client: PrefectClient) -> None:
    with suppress(ObjectAlreadyExists):
        await client.create_work_pool(
            WorkPoolCreate(
                name=POOL,
                type=ProcessWorker.type,
                description="Runs of Orderworks, one queue an account.",
                base_job_template=ProcessWorker.get_default_base_job_template(),
            )
        )


async def _have_queue(client: PrefectClient, account: str) -> None:
    """A queue for each account, so that a worker may be given to one alone."""
    try:
        await client.read_work_queue_by_name(account, work_pool_name=POOL)
    except ObjectNotFound:
        await client.create_work_queue(account, work_pool_name=POOL)


async def _register(
    client: PrefectClient,
    stated: Definition,
    flow: Flow[..., Any],
    trading: Trading,
    directory: Path,
) -> bool:
    """Whether the deployment had to be written."""
    name = f"{stated.kind}-{trading.account}"
    fields = _fields(stated, trading, directory, form_of(flow))
    version = _version(fields, stated)
    found = await _find(client, f"{flow.name}/{name}")
    if found is not None and found.version == version:
        return False
    limited = stated.collision != "none"
    await client.create_deployment(
        flow_id=await client.create_flow(flow),
        name=name,
        version=version,
        schedules=_schedules(stated, found.schedules if found else []),
        paused=found.paused if found else False,
        concurrency_limit=1 if limited else None,
        concurrency_options=_options(stated.collision) if limited else None,
        **fields,
    )
    return True


def _fields(
    stated: Definition, trading: Trading, directory: Path, form: dict[str, Any]
) -> dict[str, Any]:
    """What a deployment is, beside its schedules and its limit."""
    whose = f"\n\n---\nAccount **{trading.account}** at the broker `{trading.broker}`.\n"
    return {
        "description": stated.description.rstrip() + whose,
        "tags": ["orderworks", *stated.tags, f"account:{trading.account}"],
        "entrypoint": stated.flow,
        "work_pool_name": POOL,
        "work_queue_name": trading.account,
        "job_variables": {"working_dir": str(directory), "env": trading.environment},
        "parameters": dict(stated.parameters),
        "parameter_openapi_schema": form,
        "enforce_parameter_schema": True,
    }


def _version(fields: dict[str, Any], stated: Definition) -> str:
    """A name for what is stated: the same for the same."""
    all_of_it = [fields, dict(stated.schedules), stated.timezone, stated.collision]
    return hashlib.sha256(json.dumps(all_of_it, sort_keys=True).encode()).hexdigest()[:12]


def _options(collision: str) -> ConcurrencyOptions:
    return ConcurrencyOptions(
        collision_strategy=ConcurrencyLimitStrategy(collision), grace_period_seconds=GRACE_SECONDS
    )


def _schedules(
    stated: Definition, found: list[DeploymentSchedule]
) -> list[DeploymentScheduleCreate]:
    """Ours, switched on or off as they were, and those that a person added."""
    switched = {schedule.slug: schedule.active for schedule in found}
    ours = [
        DeploymentScheduleCreate(
            slug=slug,
            schedule=CronSchedule(cron=cron, timezone=stated.timezone),
            active=switched.get(slug, True),
        )
        for slug, cron in stated.schedules.items()
    ]
    added = [
        DeploymentScheduleCreate(
            slug=schedule.slug,
            schedule=schedule.schedule,
            active=schedule.active,
            parameters=schedule.parameters,
        )
        for schedule in found
        if schedule.slug is None
    ]
    return ours + added


async def _find(client: PrefectClient, name: str) -> DeploymentResponse | None:
    try:
        return await client.read_deployment_by_name(name)
    except ObjectNotFound:
        return None
