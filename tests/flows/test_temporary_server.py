"""Prefect's temporary server: it starts once, and does not outlive the process that started it."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.proof

PATIENCE_SECONDS = 20

# Twice, as the demo does: for its laps and then with each run.
STARTS_AND_STAYS = """
import time
from flows.environment import prepare, start_api
prepare()
done = []
start_api(lambda: done.append(time.monotonic()))
up = time.monotonic()
start_api()
assert len(done) == 1 and done[0] < up - 1
from prefect.server.api.server import SubprocessASGIServer
print(SubprocessASGIServer().api_url, flush=True)
time.sleep(600)
"""


def answers(api: str) -> bool:
    address = urlsplit(api)
    try:
        socket.create_connection((address.hostname, address.port or 80), timeout=5).close()
    except ConnectionError:
        return False
    return True


def test_it_ends_with_a_process_that_is_killed(tmp_path: Path) -> None:
    kept = {name: at for name, at in os.environ.items() if not name.startswith("PREFECT_")}
    owner = subprocess.Popen(
        [sys.executable, "-c", STARTS_AND_STAYS],
        env={**kept, "ORDERWORKS_HOME": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert owner.stdout is not None
    with owner.stdout:
        try:
            api = owner.stdout.readline().strip()
            assert answers(api)
        finally:
            owner.kill()
            owner.wait()
    given_up_at = time.monotonic() + PATIENCE_SECONDS
    while answers(api):
        assert time.monotonic() < given_up_at, "the server lives on"
        time.sleep(0.2)
