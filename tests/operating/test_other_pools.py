"""Deployments in a pool that a person made of another type: its runs are started by containers."""

from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import WorkPoolCreate

from flows.operating.accounts import Trading
from flows.operating.definitions import POOL
from flows.operating.registration import definitions_with_flows, register


@pytest.mark.proof
@pytest.mark.parametrize("kind", ["docker", "kubernetes"])
async def test_a_pool_that_is_there_is_taken_as_it_is(
    prefect_api: str, kind: str, tmp_path: Path
) -> None:
    async with get_client() as client:
        known = await client.read_worker_metadata()
        template = known[f"prefect-{kind}"][kind]["default_base_job_configuration"]
        made = WorkPoolCreate(name=POOL, type=kind, base_job_template=template)
        await client.create_work_pool(made)
        try:
            trading = Trading("DU7", "ibkr", {"broker.ibkr.host": "gateway-7"})
            await register(trading, tmp_path, definitions_with_flows())
            assert (await client.read_work_pool(POOL)).type == kind
            found = await client.read_deployment_by_name("daily-execution/daily-DU7")
            run = await client.create_flow_run_from_deployment(found.id)
            variables: dict[str, Any] = found.job_variables or {}
            assert run.work_pool_name == POOL
            assert run.work_queue_name == "DU7"
            assert variables["env"]["ORDERWORKS_BROKER__IBKR__HOST"] == "gateway-7"
        finally:
            await client.delete_work_pool(POOL)
