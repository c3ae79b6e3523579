"""The page for the user at Interactive Brokers names whatever it may be looked up for."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from orderworks.brokers.ibkr.examination.unseen import UNSEEN
from orderworks.settings import IbkrBroker

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "interactive-brokers.md").read_text("utf-8")
WITH_A_KIND = {"Alert", "Anomaly", "Threshold"}
"""What alerts are made of: each takes its kind first, or by that name."""
PASSED_ON = {"anomaly.kind.lower()", "rule.kind"}
"""The kinds of alerts that are made of something that has one."""


def kinds() -> set[str]:
    """Every kind of alert that is raised anywhere in the source."""
    sources = [
        one for part in ("orderworks", "tasks", "flows") for one in (ROOT / part).rglob("*.py")
    ]
    return {kind for source in sources for kind in _kinds_in(ast.parse(source.read_text("utf-8")))}


def _kinds_in(tree: ast.Module) -> Iterator[str]:
    for call in ast.walk(tree):
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name)):
            continue
        if call.func.id in WITH_A_KIND:
            named = {one.arg: one.value for one in call.keywords}
            given = named.get("kind", call.args[0] if call.args else None)
            assert given is not None, ast.unparse(call)
            yield from _values(given)


def _values(given: ast.expr) -> Iterator[str]:
    if isinstance(given, ast.IfExp):
        yield from _values(given.body)
        yield from _values(given.orelse)
    elif isinstance(given, ast.Constant):
        yield str(given.value).lower()
    else:
        assert ast.unparse(given) in PASSED_ON, f"a kind that cannot be read: {ast.unparse(given)}"


def first_cells(heading: str) -> set[str]:
    """What stands in the first column of the table below a heading, without its quotation marks."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))


def test_every_alert_that_can_be_raised_is_explained_and_no_other() -> None:
    assert {"bust", "correction", "kill_switch", "slippage_breach"} <= kinds()
    assert first_cells("Alerts") == kinds()


def test_every_setting_of_the_broker_is_explained_and_no_other() -> None:
    assert first_cells("Settings") == set(IbkrBroker.model_fields)


@pytest.mark.parametrize("name", UNSEEN)
def test_every_setting_of_the_gateway_that_doctor_lists_is_explained(name: str) -> None:
    assert f"| {name} |" in PAGE


def test_the_readme_leads_to_it() -> None:
    assert "docs/interactive-brokers.md" in (ROOT / "README.md").read_text("utf-8")
