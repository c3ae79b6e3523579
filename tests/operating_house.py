"""``orderworks up``, or ``worker``, in a process of its own, and what its server answers."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

ORDERWORKS = Path(sys.executable).with_name("orderworks")
READY = "UI: "
PATIENCE_SECONDS = 480
"""For a slow machine that has other tests to run."""

TERMINAL = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def environment(in_force: Mapping[str, str]) -> dict[str, str]:
    """Only what is in force: nothing of the user's, and nothing of these tests' own Prefect."""
    ours = ("ORDERWORKS_", "PREFECT_", "DO_NOT_TRACK")
    kept = {name: at for name, at in os.environ.items() if not name.startswith(ours)}
    return kept | dict(in_force)


def told(*arguments: str, variables: Mapping[str, str]) -> str:
    """What a command says, which must succeed."""
    done = subprocess.run(
        [str(ORDERWORKS), *arguments], env=environment(variables), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


class Up:
    """A running ``orderworks up``, or another command that stays: what it says, and its end."""

    def __init__(
        self,
        in_force: Mapping[str, str],
        *arguments: str,
        directory: Path | None = None,
        command: str = "up",
    ) -> None:
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [str(ORDERWORKS), command, *arguments],
            env=environment(in_force) | {"PYTHONUNBUFFERED": "1"},
            cwd=directory,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())

    @property
    def said(self) -> str:
        return "\n".join(self.lines)

    def wait_until_it_says(self, words: str) -> None:
        def spoken() -> bool:
            if words in self.said:
                return True
            assert self.process.poll() is None, self.said
            return False

        wait_until(spoken, lambda: self.said)

    def ended(self) -> int:
        """Its exit status, once it has ended."""
        status = self.process.wait(PATIENCE_SECONDS)
        self._reader.join(PATIENCE_SECONDS)
        return status

    def stop(self, how: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(how)
        return self.ended()


@contextmanager
def running_up(
    in_force: Mapping[str, str], *arguments: str, directory: Path | None = None
) -> Iterator[Up]:
    """``up`` for a while; stopped on the way out, however that is."""
    up = Up(in_force, *arguments, directory=directory)
    try:
        yield up
    finally:
        if up.process.poll() is None:
            up.stop()


class Server:
    """The API of a Prefect server, which may be behind a ``user:password``."""

    def __init__(self, api: str, auth: str = "") -> None:
        self.api = api
        user, _, password = auth.partition(":")
        self._client = httpx.Client(
            base_url=api, timeout=30, auth=(user, password) if auth else None
        )

    def get(self, path: str) -> Any:
        answer = self._client.get(path)
        answer.raise_for_status()
        return answer.json()

    def post(self, path: str, **body: Any) -> Any:
        answer = self._client.post(path, json=body)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def post_list(self, path: str, body: list[Any]) -> None:
        self._client.post(path, json=body).raise_for_status()

    def patch(self, path: str, **body: Any) -> None:
        self._client.patch(path, json=body).raise_for_status()

    def deployments(self, like: str = "") -> dict[str, Any]:
        """By name, those whose name contains a text."""
        wanted = {"name": {"like_": like}} if like else {}
        found = self.post("/deployments/filter", limit=200, deployments=wanted)
        return {deployment["name"]: deployment for deployment in found}

    def run(
        self, deployment: str, variables: Mapping[str, str] | None = None, **parameters: Any
    ) -> str:
        """Asks for a run now, as the UI does, and gives its id.

        Args:
            variables: of its process, beside those of its deployment.
        """
        found = self.deployments()[deployment]
        made = self.post(
            f"/deployments/{found['id']}/create_flow_run",
            parameters=parameters,
            state={"type": "SCHEDULED", "message": "Run from the UI"},
            job_variables={"env": dict(variables or {})},
        )
        return str(made["id"])

    @contextmanager
    def variables(self, deployment: str, **others: str) -> Iterator[None]:
        """What is started of a deployment meanwhile has these variables, too."""
        found = self.deployments()[deployment]
        path, stated = f"/deployments/{found['id']}", found["job_variables"]
        self.patch(path, job_variables=stated | {"env": stated["env"] | others})
        try:
            yield
        finally:
            self.patch(path, job_variables=stated)

    def switch_off_schedules(self, deployment: str) -> None:
        """No run of a deployment is scheduled any more; what lies in the future is taken back."""
        for schedule in self.get(f"/deployments/{deployment}/schedules"):
            self.patch(f"/deployments/{deployment}/schedules/{schedule['id']}", active=False)

    def keep_still(self) -> None:
        """Nothing begins by itself, whatever the hour: only what a test asks for is run."""
        for deployment in self.deployments().values():
            self.switch_off_schedules(deployment["id"])

    def retry(self, run: str) -> None:
        """Presses Retry."""
        self._set_state(run, "SCHEDULED", "AwaitingRetry", "Retry from the UI")

    def cancel(self, run: str) -> None:
        """Presses Cancel."""
        self._set_state(run, "CANCELLING", "Cancelling", "")

    def mark_crashed(self, run: str) -> None:
        """Says that a run has ended of which nobody is left to say it; that frees its turn, too."""
        self._set_state(run, "CRASHED", "Crashed", "nobody works it any more")

    def _set_state(self, run: str, kind: str, name: str, message: str) -> None:
        state = {"type": kind, "name": name, "message": message}
        self.post(f"/flow_runs/{run}/set_state", state=state, force=True)

    def wait_for(self, run: str, *states: str) -> Any:
        """The run, once its state is of one of these types."""
        wait_until(
            lambda: self.flow_run(run)["state"]["type"] in states,
            lambda: outcome(self.flow_run(run)),
        )
        return self.flow_run(run)

    def retried(self, run: str) -> Any:
        """Presses Retry; the run, once it has ended again."""
        before = self.flow_run(run)["run_count"]
        self.retry(run)
        wait_until(lambda: self.flow_run(run)["run_count"] > before, lambda: self.history(run))
        return self.ended(run)

    def history(self, run: str) -> str:
        """The states that a run has had, a line each."""
        states = self.get(f"/flow_run_states/?flow_run_id={run}")
        return "\n".join(f"{one['timestamp']} {one['name']}: {one['message']}" for one in states)

    def artifacts(self, run: str) -> list[Any]:
        """What hangs on a run."""
        found = self.post("/artifacts/filter", artifacts={"flow_run_id": {"any_": [run]}})
        return list(found)

    def flow_run(self, run: str) -> Any:
        return self.get(f"/flow_runs/{run}")

    def ended(self, run: str) -> Any:
        """The run, once it has ended."""
        return self.wait_for(run, *TERMINAL)


def outcome(run: Any) -> str:
    """The name of a run's state, and its message."""
    return f"{run['state']['name']}: {run['state']['message']}"


def wait_until(
    done: Callable[[], bool],
    told: Callable[[], str] = lambda: "",
    seconds: float = PATIENCE_SECONDS,
) -> None:
    given_up_at = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < given_up_at, told()
        time.sleep(0.1)


def answers(api: str) -> bool:
    address = urlsplit(api)
    try:
        socket.create_connection((address.hostname, address.port or 80), timeout=5).close()
    except ConnectionError:
        return False
    return True


def processes_with(text: str) -> Sequence[str]:
    """The processes that have a text in their variables or their arguments: number and arguments."""
    found = []
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            variables = (directory / "environ").read_bytes()
            arguments = (directory / "cmdline").read_bytes()
        except OSError:
            continue
        if text.encode() in variables + arguments and directory.name != str(os.getpid()):
            told = arguments.replace(b"\0", b" ").decode(errors="replace")
            if told and "postgres" not in told:
                found.append(f"{directory.name} {told[:200]}")
    return found


def kill_run(run: str) -> None:
    """Kills the process of a flow run: what stands for it towards its worker, which it dies with."""
    (standing,) = [each for each in processes_with(run) if "launch.py" in each]
    os.kill(int(standing.split()[0]), signal.SIGKILL)


def process_of(home: Path, module: str) -> int:
    """The number of the process of an ``up`` that runs a module."""
    (found,) = [
        each for each in processes_with(str(home)) if f"-m flows.operating.{module}" in each
    ]
    return int(found.split()[0])
