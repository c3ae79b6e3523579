"""What the UI shows of a deployment: a form of choices and bounds without traps, and a page that helps."""

from typing import Any

import pytest

from flows.kill_switch import kill_switch
from flows.operating.definitions import Definition, definitions
from flows.operating.forms import form_of
from flows.rebalance import rebalance

STATED = definitions()


@pytest.mark.parametrize("stated", STATED, ids=[each.kind for each in STATED])
def test_each_field_is_one_kind_of_thing_and_explained(stated: Definition) -> None:
    form = form_of(stated.load_flow())
    for name, field in form["properties"].items():
        assert field["type"] in {"string", "boolean", "object"}, name
        assert "anyOf" not in field, name
        assert field["title"], name
        assert field["description"].endswith((".", "}")), name
        assert field.get("default") is not None or "default" not in field, name
    assert form["properties"].get("broker", {}).get("enum") == ["simulated", "ibkr", "paper_stub"]
    # The defaults of the deployment fit its own form.
    assert set(stated.parameters) <= set(form["properties"])


def test_what_is_required_comes_first() -> None:
    form = form_of(kill_switch)
    assert form["required"] == ["reason"]
    assert form["properties"]["reason"]["position"] == 0


def test_weights_have_bounds() -> None:
    weights: dict[str, Any] = form_of(rebalance)["properties"]["weights"]
    assert weights["additionalProperties"] == {"type": "number", "minimum": -1, "maximum": 1}


LONGEST_CELL = 78
"""The UI does not wrap the cells of a table: what is longer is cut."""


@pytest.mark.parametrize("stated", STATED, ids=[each.kind for each in STATED])
def test_the_page_helps_and_fits(stated: Definition) -> None:
    assert "What is safe to press" in stated.description
    assert "What to do if" in stated.description
    rows = [line for line in stated.description.splitlines() if line.startswith("|")]
    assert rows
    for row in rows:
        assert all(len(cell.strip()) <= LONGEST_CELL for cell in row.split("|")), row
