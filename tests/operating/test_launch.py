"""What stands for a forked run: it passes on what it is told, and ends as the run ends."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from operating_house import wait_until

from flows.operating import launch

FORKS = """
import os, socket, sys
from flows.operating.preloaded import inherit, serve
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
print("ready", flush=True)
inherit(serve(listener))
exec(os.environ["WORK"])
"""


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    """Where something forks for each request: what it runs is its variable WORK."""
    path = tmp_path / "socket"
    forks = [sys.executable, "-c", FORKS, str(path)]
    with subprocess.Popen(forks, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield path
        process.kill()


def launched(path: Path, work: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-I", "-S", launch.__file__, str(path)],
        env=os.environ | {"WORK": work},
        stdout=subprocess.PIPE,
        text=True,
        cwd=path.parent,
    )


@pytest.mark.parametrize(
    ("work", "status"),
    [
        ("pass", 0),
        ("sys.exit(3)", 3),
        ("os.kill(os.getpid(), 9)", -signal.SIGKILL),
        ("raise ValueError", 1),
    ],
)
def test_it_ends_as_the_run_ends(path: Path, work: str, status: int) -> None:
    assert launched(path, work).wait(20) == status


def test_the_run_has_its_directory_and_its_output(path: Path) -> None:
    said, _ = launched(path, "print(os.getcwd(), flush=True)").communicate(timeout=20)
    assert said == f"{path.parent}\n"


WAITS = "import time; print(os.getpid(), flush=True); time.sleep(60)"


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_the_run_ends_with_it(path: Path, how: signal.Signals) -> None:
    with launched(path, WAITS) as process:
        assert process.stdout is not None
        run = int(process.stdout.readline())
        process.send_signal(how)
        assert process.wait(20) == -how
    wait_until(lambda: not Path(f"/proc/{run}").exists())


def test_without_anything_to_fork_it_becomes_an_ordinary_run(tmp_path: Path) -> None:
    process = subprocess.run(
        [sys.executable, "-I", "-S", launch.__file__, str(tmp_path / "nothing")],
        env=os.environ | {"PREFECT__FLOW_RUN_ID": "no number"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert process.returncode == 1
    assert "Invalid flow run id" in process.stderr + process.stdout
