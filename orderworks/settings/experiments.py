"""The section ``experiments``: routes and algorithms that are compared."""

from datetime import date
from typing import Annotated, Literal, get_args

from pydantic import Field, model_validator

from orderworks.settings.router import RouterAlgo, RouterRule
from orderworks.settings.section import Section, Symbol


class Experiment(Section):
    """Two routes or two algorithms that are compared: ``orderworks.planning.experiments``."""

    name: Annotated[str, Field(pattern=r"^[\w][\w .-]{0,59}$")]
    kind: Literal["route", "algo"]
    control: RouterRule | RouterAlgo
    treatment: RouterRule | RouterAlgo
    share: Annotated[float, Field(gt=0, lt=1)] = 0.5
    seed: int
    starts: date | None = None
    ends: date | None = None
    strategies: frozenset[str] = frozenset()
    symbols: frozenset[Symbol] = frozenset()

    @model_validator(mode="after")
    def _compares_two_of_a_kind(self) -> "Experiment":
        known = get_args(RouterRule if self.kind == "route" else RouterAlgo)
        for alternative in (self.control, self.treatment):
            if alternative not in known:
                raise ValueError(
                    f"{alternative} is no {self.kind}; control and treatment are two of "
                    f"{', '.join(known)}"
                )
        if self.control == self.treatment:
            raise ValueError("control and treatment are the same; name two that differ")
        if self.starts is not None and self.ends is not None and self.ends < self.starts:
            raise ValueError(f"it ends on {self.ends}, before it starts; exchange starts and ends")
        return self
