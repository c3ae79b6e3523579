"""The forms that the UI shows: what must be filled in first, choices, bounds, and nothing that traps."""

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
