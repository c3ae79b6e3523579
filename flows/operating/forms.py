"""The form that the UI makes of a flow's parameters.

Prefect would offer each optional parameter as a choice between its type and None. Here an optional field is
one that may be left empty, and its title and its sentence are those of ``flows.parameters``.
"""

import inspect
from typing import Any, get_type_hints

from prefect import Flow
from pydantic import TypeAdapter

NULL = {"type": "null"}


def form_of(flow: Flow[..., Any]) -> dict[str, Any]:
    """The JSON schema of a flow's parameters, the required ones first."""
    hints = get_type_hints(flow.fn, include_extras=True)
    parameters = inspect.signature(flow.fn).parameters.values()
    required = [each.name for each in parameters if each.default is inspect.Parameter.empty]
    ordered = sorted(parameters, key=lambda each: each.name not in required)
    return {
        "type": "object",
        "title": "Parameters",
        "properties": {
            each.name: _field(hints[each.name], each.default) | {"position": place}
            for place, each in enumerate(ordered)
        },
        **({"required": required} if required else {}),
    }


def _field(hint: Any, default: object) -> dict[str, Any]:
    schema = TypeAdapter(hint).json_schema()
    branches = [branch for branch in schema.pop("anyOf", []) if branch != NULL]
    for branch in branches:
        schema |= {name: value for name, value in branch.items() if name not in schema}
    if default is not inspect.Parameter.empty and default is not None:
        schema["default"] = default
    return schema
