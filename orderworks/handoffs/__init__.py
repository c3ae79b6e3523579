"""Handoffs: the tables between the steps, the suite that each keeps, and how it is applied.

Importing this package does not import Great Expectations; the first ``check`` does, or ``warm``.
"""

from orderworks.handoffs.check import Checked, HandoffRefused, Quarantined, Violation, check
from orderworks.handoffs.engine import warm

__all__ = ["Checked", "HandoffRefused", "Quarantined", "Violation", "check", "warm"]
