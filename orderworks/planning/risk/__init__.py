"""The risk gate: what the desk's limits let through, and why the rest is refused."""

from orderworks.planning.risk.context import RiskContext, RiskLimits
from orderworks.planning.risk.gate import RULES, Gated, gate

__all__ = ["RULES", "Gated", "RiskContext", "RiskLimits", "gate"]
