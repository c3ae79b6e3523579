"""``orderworks worker``: a machine that has no server and no deployments of its own."""

import subprocess
from pathlib import Path

import pytest
from operating_house import ORDERWORKS, Server, Up, environment, processes_with, wait_until

pytestmark = pytest.mark.proof

POOL = "/work_pools/orderworks"


def test_it_works_for_the_server_that_is_named_and_leaves_nothing_behind(
    in_force: dict[str, str], port: int, up: Up, server: Server, tmp_path: Path
) -> None:
    before = set(server.deployments())
    elsewhere = in_force | {
        "ORDERWORKS_HOME": str(tmp_path / "elsewhere"),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
    }
    worker = Up(elsewhere, "--queue", "DU7", "--at-once", "2", command="worker")
    try:
        worker.wait_until_it_says("queues DU7, 2 runs at once")
        wait_until(
            lambda: len(server.post(f"{POOL}/workers/filter")) == 2,
            lambda: worker.said,
        )
        assert server.get(f"{POOL}/queues/DU7")["name"] == "DU7"
        # It is none of its business which accounts there are.
        assert set(server.deployments()) == before
    finally:
        assert worker.stop() == 0, worker.said
    assert "stopped" in worker.said
    assert processes_with(str(tmp_path / "elsewhere")) == []


def test_without_a_server_it_says_how_to_name_one(in_force: dict[str, str], tmp_path: Path) -> None:
    alone = in_force | {"ORDERWORKS_HOME": str(tmp_path / "alone")}
    done = subprocess.run(
        [str(ORDERWORKS), "worker"], env=environment(alone), capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "name the one to work for with PREFECT_API_URL" in done.stderr
