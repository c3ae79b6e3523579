"""The container file and the compose file without a container engine: their steps as plain commands.

The image is made in a directory of its own: the files that are copied, and no other, the packages of the
lock file, and the commands of its ``RUN`` lines that concern them. The services of the compose file are then
started from it, with their variables and none besides, against Debian's PostgreSQL. What only an engine can
show is not tried: the base images, the user, networks, volumes.
"""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import yaml
from debians_postgres import debians_postgres
from judging import require_sound_books
from operating_house import Server, environment, free_port, outcome, wait_until
from synthetic_day import SESSION, a_whole_day, variables, write_market, write_table

from flows.operating.definitions import definitions
from orderworks.ledger.connection import open_ledger

pytestmark = pytest.mark.proof

ROOT = Path(__file__).resolve().parents[2]
DEPLOYMENTS = ROOT / "deployments"
STATED = yaml.safe_load((DEPLOYMENTS / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: Mapping[str, Any] = STATED["services"]

PASSWORD, AUTH = "s3cr3t", "desk:w0rd"
ASKED_FOR = {"POSTGRES_PASSWORD": PASSWORD, "PREFECT_AUTH": AUTH}
"""What the compose file asks the user for."""


@dataclass(frozen=True, slots=True)
class Image:
    """What the container file has made: the programs of its ``PATH``, and its variables."""

    programs: Path
    variables: Mapping[str, str]

    def command(self, command: Sequence[str]) -> list[str]:
        return [str(self.programs / command[0]), *command[1:]]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """The steps of the container file, from its first ``COPY`` on."""
    if shutil.which("uv") is None:
        pytest.skip("no uv on this machine")
    root = tmp_path_factory.mktemp("image")
    text = (DEPLOYMENTS / "Containerfile").read_text(encoding="utf-8").replace("\\\n", "")
    stated: dict[str, str] = {}
    # With the user's ways to the package index, and not to a virtual environment that there is.
    ways = {name: at for name, at in environment({}).items() if name != "VIRTUAL_ENV"}
    directory = root
    for instruction, rest in re.findall(r"^([A-Z]+) (.+)$", text, re.MULTILINE):
        match instruction:
            case "WORKDIR":
                directory = root / rest.lstrip("/")
                directory.mkdir(parents=True, exist_ok=True)
            case "COPY":
                *names, into = rest.split()
                for name in names:
                    copy(ROOT / name, directory / into / (name if into == "./" else ""))
            case "RUN" if rest.startswith("uv "):
                subprocess.run(rest.split(), cwd=directory, env=ways, check=True)
            case "ENV":
                stated |= dict(assigned.split("=", 1) for assigned in rest.split())
    programs = root / stated.pop("PATH").partition(":")[0].lstrip("/")
    home = root / stated.pop("ORDERWORKS_HOME").lstrip("/")
    return Image(programs, stated | {"ORDERWORKS_HOME": str(home), "HOME": str(home.parent)})


def copy(source: Path, into: Path) -> None:
    """As an engine copies, but for what the ignore file names."""
    if source.is_dir():
        left_out = shutil.ignore_patterns("__pycache__", ".env")
        shutil.copytree(source, into, ignore=left_out, dirs_exist_ok=True)
    else:
        shutil.copy(source, into)


def test_what_is_copied_is_all_that_the_programs_need(image: Image, tmp_path: Path) -> None:
    def says(*command: str) -> str:
        done = subprocess.run(
            image.command(command),
            cwd=tmp_path,
            env=dict(image.variables),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "Usage: orderworks" in says("orderworks", "--help")
    for name in {service["command"][1] for service in SERVICES.values() if ours(service)}:
        assert f"orderworks {name}" in says("orderworks", name, "--help")
    assert says("prefect", "--version")
    modules = (
        "flows.operating.worker, flows.daily, flows.kill_switch, orderworks.streams.quotes, redis"
    )
    where = says("python", "-c", f"import {modules}; print(flows.__file__)").strip()
    assert where.startswith(str(image.programs.parents[1]))


def ours(service: Mapping[str, Any]) -> bool:
    return bool(service["command"][0] == "orderworks")


class Desk:
    """The services as processes, in a directory that is the containers' ``/work``."""

    def __init__(self, image: Image, work: Path, database_port: int) -> None:
        self._image, self._work = image, work
        self.api_port, self.health_port = free_port(), free_port()
        self._moved = {
            "postgres:5432": f"127.0.0.1:{database_port}",
            "server:4200": f"127.0.0.1:{self.api_port}",
            "127.0.0.1:4200": f"127.0.0.1:{self.api_port}",
            # In its container it is reached from outside of that; here from this machine.
            "0.0.0.0": "127.0.0.1",
            "8080": str(self.health_port),
        }

    def placed(self, stated: str) -> str:
        """What compose makes of a value, and where the service is that it names."""
        filled = re.sub(r"\$\{(\w+)(?::[?-]([^}]*))?\}", _given, stated)
        for there, here in self._moved.items():
            filled = filled.replace(there, here)
        return filled

    def environment(self, name: str, others: Mapping[str, str]) -> dict[str, str]:
        stated = {key: self.placed(at) for key, at in SERVICES[name]["environment"].items()}
        own_port = {"PREFECT_SERVER_API_PORT": str(self.api_port)} if name == "server" else {}
        path = {"PATH": f"{self._image.programs}:{os.environ['PATH']}"}
        return {**path, **self._image.variables, **own_port, **stated, **others}

    def command(self, name: str) -> list[str]:
        return self._image.command([self.placed(part) for part in SERVICES[name]["command"]])

    def healthy(self, name: str) -> bool:
        """What its health check says."""
        _, *check = SERVICES[name]["healthcheck"]["test"]
        command = self._image.command([self.placed(part) for part in check])
        done = subprocess.run(command, env=self.environment(name, {}), capture_output=True)
        return done.returncode == 0

    def runs_to_its_end(self, name: str, others: Mapping[str, str]) -> str:
        done = subprocess.run(
            self.command(name),
            cwd=self._work,
            env=self.environment(name, others),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    @contextmanager
    def running(self, name: str, others: Mapping[str, str]) -> Iterator[Callable[[], str]]:
        """A service that stays; gives what it has said. It ends when it is told to, as an engine tells."""
        log = self._work.parent / f"{name}-{time.monotonic_ns()}.log"
        with log.open("wb") as said:
            process = subprocess.Popen(
                self.command(name),
                cwd=self._work,
                env=self.environment(name, others),
                stdout=said,
                stderr=said,
            )
        try:
            yield lambda: log.read_text(encoding="utf-8", errors="replace")[-4000:]
            assert process.poll() is None, log.read_text(encoding="utf-8", errors="replace")
        finally:
            process.terminate()
            process.wait(120)


def _given(asked: re.Match[str]) -> str:
    return ASKED_FOR.get(asked[1]) or asked[2]


@pytest.fixture(scope="module")
def database_port() -> Iterator[int]:
    """PostgreSQL as the service ``postgres`` has it, with what its configuration makes at first."""
    stated = SERVICES["postgres"]["environment"]
    connections = SERVICES["postgres"]["command"][-1].partition("=")[2]
    user, name = stated["POSTGRES_USER"], stated["POSTGRES_DB"]
    with debians_postgres(user, PASSWORD, connections) as port:
        address = f"postgresql://{user}:{PASSWORD}@127.0.0.1:{port}/postgres"
        with psycopg.connect(address, autocommit=True) as server:
            server.execute(f"CREATE DATABASE {name}".encode())
            server.execute(STATED["configs"]["prefect-database"]["content"].encode())
        yield port


def test_its_services_work_a_daily_run(image: Image, database_port: int, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    write_market(work / "market", SESSION)
    write_table(work / "signals.csv", *a_whole_day())
    desk = Desk(image, work, database_port)
    address = f"postgresql://orderworks:{PASSWORD}@127.0.0.1:{database_port}/orderworks"
    in_force = {
        name: at
        for name, at in variables(address, tmp_path).items()
        if name.startswith(("ORDERWORKS_BROKER", "ORDERWORKS_RISK", "ORDERWORKS_ROUTER"))
    }
    api = f"http://127.0.0.1:{desk.api_port}/api"
    assert not desk.healthy("server")
    with ExitStack() as services:
        said = services.enter_context(desk.running("server", {}))
        wait_until(lambda: desk.healthy("server"), said)
        assert httpx.post(f"{api}/flows/count", timeout=60).status_code == 401
        assert f"{len(definitions())} new or changed" in desk.runs_to_its_end("deploy", {})
        for _ in range(SERVICES["worker"]["deploy"]["replicas"]):
            said = services.enter_context(desk.running("worker", in_force))
        server = Server(api, auth=AUTH)
        run = server.run("daily-SIM1", session=str(SESSION), market="market", signals="signals.csv")
        ended = server.ended(run)
        assert ended["state"]["name"] == "Completed", f"{outcome(ended)}\n{said()}"
        assert "of 6 orders filled" in ended["state"]["message"]

        health = services.enter_context(desk.running("health", {}))
        wait_until(lambda: str(desk.health_port) in health(), health)
        found = httpx.get(f"http://127.0.0.1:{desk.health_port}/health", timeout=60)
        assert found.status_code == 200, found.text
    with open_ledger(address) as ledger:
        require_sound_books(ledger)
