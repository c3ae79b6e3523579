"""The rules of the risk gate: one rule, one file. Their order is that of ``gate.RULES``."""
