"""The table of kinds is complete, and the page says what it says."""

import ast
from collections.abc import Iterator
from pathlib import Path

from orderworks.model.alert import KINDS, Severity, severity_of
from orderworks.notification.page import page

PROJECT = Path(__file__).resolve().parents[2]


def named_kinds() -> Iterator[str]:
    """Every kind that the source makes an alert, an anomaly or a threshold of, as a literal."""
    for root in ("orderworks", "flows", "tasks"):
        for path in (PROJECT / root).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") in MAKERS:
                    given = [k.value for k in node.keywords if k.arg == "kind"] or node.args[:1]
                    for constant in ast.walk(given[0]) if given else ():
                        if isinstance(constant, ast.Constant) and isinstance(constant.value, str):
                            yield constant.value.lower()


MAKERS = {"Alert", "Anomaly", "Threshold"}


def test_every_kind_that_is_raised_is_in_the_table() -> None:
    found = set(named_kinds())
    assert {"slippage_breach", "order_held", "bust", "kill_switch", "run_late"} <= found
    assert found <= set(KINDS)


def test_the_page_is_made_of_the_table() -> None:
    written = (PROJECT / "docs" / "alerts.md").read_text("utf-8")
    assert written == page(), "run: python -m orderworks.notification.page > docs/alerts.md"
    assert all(f"**`{name}`**" in written for name in KINDS)


def test_a_kind_that_nobody_documented_is_told_still() -> None:
    assert severity_of("something new") is Severity.WARNING
    assert Severity.INFO.rank < Severity.WARNING.rank < Severity.CRITICAL.rank
