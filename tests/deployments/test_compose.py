"""``deployments/compose.yaml`` without a Docker engine: the format, and that its parts know each other."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect.settings import Settings
from typer.main import get_command

from flows.environment import prepare
from flows.operating import server
from orderworks.cli import app

DEPLOYMENTS = Path(__file__).resolve().parents[2] / "deployments"
COMPOSE = DEPLOYMENTS / "compose.yaml"
STATED = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
SERVICES: Mapping[str, Any] = STATED["services"]
OURS = [name for name, service in SERVICES.items() if service["image"] == "orderworks"]
DOCUMENTED = re.findall(r"^#   ([A-Z_]+)  ", COMPOSE.read_text(encoding="utf-8"), re.MULTILINE)


def test_it_is_what_compose_reads() -> None:
    checker = Path(sys.executable).with_name("check-jsonschema")
    arguments = ["--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    done = subprocess.run([str(checker), *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_waits_for_can_come(name: str) -> None:
    for needed, how in SERVICES[name].get("depends_on", {}).items():
        assert how["condition"] != "service_healthy" or "healthcheck" in SERVICES[needed]


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_mounts_is_stated(name: str) -> None:
    for mounted in SERVICES[name].get("volumes", []):
        source = mounted.rpartition(":/")[0]
        assert source in STATED["volumes"] or source.startswith("${ORDERWORKS_WORK:-./work}")
    for config in SERVICES[name].get("configs", []):
        assert config["source"] in STATED["configs"]


def test_every_variable_that_is_asked_for_is_told_of() -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+)", COMPOSE.read_text(encoding="utf-8")))
    assert asked == set(DOCUMENTED)


def test_nothing_is_published_beyond_this_machine() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


@pytest.mark.parametrize(
    "name", [name for name in OURS if SERVICES[name]["command"][0] == "orderworks"]
)
def test_our_commands_are_commands(name: str) -> None:
    _, command, *arguments = SERVICES[name]["command"]
    group: Any = get_command(app)
    with group.commands[command].make_context(command, arguments) as context:
        assert context.params


@pytest.mark.parametrize("name", OURS)
def test_prefects_variables_are_settings_of_prefect(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stated = {
        key: at for key, at in SERVICES[name]["environment"].items() if key.startswith("PREFECT_")
    }
    for key, at in stated.items():
        monkeypatch.setenv(key, at)
    known = Settings().to_environment_variables(exclude_unset=True)
    assert set(stated) <= set(known)


def test_the_server_has_the_settings_that_up_gives_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in [key for key in os.environ if key.startswith("PREFECT_")]:
        monkeypatch.delenv(key)
    prepare()
    ours = {key: at for key, at in os.environ.items() if key.startswith("PREFECT_SERVER_SERVICES_")}
    stated = SERVICES["server"]["environment"]
    for key, at in {**server.SETTINGS, **ours}.items():
        assert stated[key] == at, key


def test_the_image_is_made_of_files_that_are_there() -> None:
    text = (DEPLOYMENTS / "Containerfile").read_text(encoding="utf-8")
    permitted = (DEPLOYMENTS / "Containerfile.dockerignore").read_text(encoding="utf-8").split()
    copied = [
        name for line in re.findall(r"^COPY (.+) \S+$", text, re.MULTILINE) for name in line.split()
    ]
    assert copied
    for name in copied:
        assert (DEPLOYMENTS.parent / name).exists()
        assert f"!{name}" in permitted
