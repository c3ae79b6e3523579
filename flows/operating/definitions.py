"""The deployments as ``deployments/`` states them: data, checked when it is read."""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict

POOL = "orderworks"
"""The work pool; in it each account has a queue."""

DIRECTORY = Path(__file__).resolve().parents[2] / "deployments"


class Definition(BaseModel):
    """One kind of deployment; ``schedules`` are cron lines by slug."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    timezone: str
    flow: str
    description: str
    tags: tuple[str, ...]
    collision: Literal["ENQUEUE", "CANCEL_NEW", "none"]
    parameters: Mapping[str, Any] = {}
    schedules: Mapping[str, str] = {}

    def load_flow(self) -> Any:
        """The Prefect flow."""
        module, _, name = self.flow.rpartition(".")
        return getattr(import_module(module), name)


def definitions() -> list[Definition]:
    """All of them, in the order of the file."""
    stated = yaml.safe_load((DIRECTORY / "deployments.yaml").read_text(encoding="utf-8"))
    return [
        Definition(
            kind=kind,
            timezone=stated["timezone"],
            description=(DIRECTORY / f"{kind}.md").read_text(encoding="utf-8"),
            **fields,
        )
        for kind, fields in stated["deployments"].items()
    ]
