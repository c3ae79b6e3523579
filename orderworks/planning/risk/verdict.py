"""What a rule is, and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from orderworks.planning.risk.candidates import Candidates
from orderworks.planning.risk.columns import BoolColumn
from orderworks.planning.risk.context import RiskContext

Saw = Mapping[str, float | str | NDArray[Any]]
"""Name -> the numbers that decided, one for all orders or (n,)."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A rule's answer for n orders.

    refused: (n,). code: the reason's code, one for all or (n,); it counts where refused.
    saw: the numbers that decided.
    """

    refused: BoolColumn
    code: str | NDArray[Any]
    saw: Saw

    def codes(self) -> list[str]:
        """The code of each refused order, in order."""
        if isinstance(self.code, str):
            return [self.code] * int(np.count_nonzero(self.refused))
        return [str(code) for code in self.code[self.refused]]

    def numbers(self) -> dict[str, NDArray[Any]]:
        """What was seen of each refused order, in order."""
        count = int(np.count_nonzero(self.refused))
        return {
            name: seen[self.refused] if isinstance(seen, np.ndarray) else np.full(count, seen)
            for name, seen in self.saw.items()
        }


Reasons = Mapping[str, str]
"""Stable code -> sentence: a format string over the order's columns and what the verdict saw."""


class Rule(Protocol):
    """One rule: a module of ``rules/`` with the reasons it may give, and its check."""

    REASONS: Reasons

    def check(self, orders: Candidates, context: RiskContext) -> Verdict: ...
