"""The API, asked whatever its own description permits, and much that it does not."""

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode

from orderworks.ledger.resources import RESOURCES

EXAMPLES = settings.default.max_examples // 5

OPERATIONS = [
    *(f"/api/v1/{name}" for name in RESOURCES),
    *("/api/v1/orders/{client_order_id}", "/api/v1/accounts", "/api/v1/health"),
]


def test_every_operation_is_fuzzed(app: FastAPI) -> None:
    assert sorted(app.openapi()["paths"]) == sorted(OPERATIONS)


@pytest.mark.hypothesis
@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("path", OPERATIONS)
def test_it_answers_as_described(app: FastAPI, path: str, mode: GenerationMode) -> None:
    described = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app)
    operation = described[path]["GET"]
    if mode is GenerationMode.NEGATIVE and not (operation.query or operation.path_parameters):
        pytest.skip("it takes nothing that could be wrong")

    @given(operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: schemathesis.Case) -> None:
        # A cursor is opaque: that a made-up one is refused is tested where cursors are.
        if mode is GenerationMode.POSITIVE:
            case.query.pop("cursor", None)
        case.call_and_validate()

    ask()
