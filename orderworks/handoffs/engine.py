"""Great Expectations, at arm's length: the only module that applies it.

It is imported when it is first needed, because that takes seconds; ``warm`` pays for it early.
"""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from pandas import DataFrame

from orderworks.handoffs.conditions import Condition, rows_where
from orderworks.handoffs.suite import Rule

if TYPE_CHECKING:
    from great_expectations.core.batch_definition import BatchDefinition
    from great_expectations.expectations.expectation import Expectation
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

# One at a time: the engine keeps the frame under a fixed batch id, so that two validations
# running at once would judge each other's rows.
_turn = threading.Lock()

_RESULT_FORMAT = {
    "result_format": "COMPLETE",
    "partial_unexpected_count": 0,
    "exclude_unexpected_values": True,
    "return_unexpected_index_query": False,
}


def warm() -> None:
    """Import Great Expectations and open its context, once; safe in a background thread."""
    with _turn:
        _whole_frame()


def broken_rows(name: str, rules: Sequence[Rule], frame: DataFrame) -> list[list[int]]:
    """For each rule, the positions of the rows that break it.

    The rules about the same rows are judged together, in one validation. Where there are no such rows
    there is nothing to be judged.

    Args:
        name: the suite's name.
        frame: has the columns that the rules name, as ``typed_columns`` gives them: its index
            labels are positions.

    Raises:
        RuntimeError: a rule could not be judged, which is a fault of the suite.
    """
    # Great Expectations has conditions of its own; it looks for the rows anew in each step of each rule,
    # which took half of the time of a table with all columns.
    about: dict[tuple[Condition, ...], list[int]] = {}
    for number, rule in enumerate(rules):
        about.setdefault(rule.where, []).append(number)
    positions: list[list[int]] = [[] for _ in rules]
    with _turn:
        for where, numbers in about.items():
            rows = rows_where(where, frame)
            if not len(rows):
                continue
            judged = _judge(name, [rules[number] for number in numbers], rows)
            for number, broken in zip(numbers, judged, strict=True):
                positions[number] = broken
    return positions


def _judge(name: str, rules: Sequence[Rule], rows: DataFrame) -> list[list[int]]:
    """For each rule, the index labels of the rows that break it, in one validation."""
    definition = _whole_frame()
    from great_expectations import ExpectationSuite
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
    from great_expectations.validator.v1_validator import Validator

    expectations = [
        ExpectationConfiguration(
            type=rule.expectation,
            kwargs=dict(rule.arguments),
            meta={"number": number},
            notes=rule.sentence,
        ).to_domain_obj()
        for number, rule in enumerate(rules)
    ]
    validator = Validator(
        definition, result_format=_RESULT_FORMAT, batch_parameters={"dataframe": rows}
    )
    with _configured_once():
        outcome = validator.validate_expectation_suite(
            ExpectationSuite(name=name, expectations=expectations)
        )
    broken: dict[int, list[int]] = {}
    for result in outcome.results:
        judged: dict[str, Any] = result.result
        meta = result.expectation_config.meta if result.expectation_config else {}
        if "unexpected_index_list" not in judged:
            rule = rules[meta["number"]]
            raise RuntimeError(
                f"{name}: the rule '{rule.sentence}' could not be judged: {result.exception_info}"
            )
        broken[meta["number"]] = judged["unexpected_index_list"]
    return [broken[number] for number in range(len(rules))]


@contextmanager
def _configured_once() -> Iterator[None]:
    """While a suite is validated each expectation makes its configuration once.

    Great Expectations makes it anew whenever it is asked for, which is 140 times a rule: two fifths of
    what a validation costs.
    """
    from great_expectations.expectations.expectation import Expectation

    makes = vars(Expectation)["configuration"].fget
    # With the expectation, so that its id is not given to another.
    made: dict[int, tuple[Expectation, ExpectationConfiguration]] = {}

    def configuration(asked: Expectation) -> ExpectationConfiguration:
        if id(asked) not in made:
            made[id(asked)] = asked, makes(asked)
        return made[id(asked)][1]

    with patch.object(Expectation, "configuration", property(configuration)):
        yield


@cache
def _whole_frame() -> BatchDefinition[Any]:
    """The definition of a batch that is a whole DataFrame, in the process's only context."""
    shown_by = warnings.showwarning
    import great_expectations
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    import_module("orderworks.handoffs.expectations")
    # Great Expectations redirects the whole process's warnings to logging when imported.
    if warnings.showwarning is not shown_by:
        logging.captureWarnings(False)
    context = great_expectations.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            analytics_enabled=False,
            progress_bars=ProgressBarsConfig(globally=False),
            store_backend_defaults=InMemoryStoreBackendDefaults(),
        ),
    )
    asset = context.data_sources.add_pandas("handoffs").add_dataframe_asset("handoff")
    return asset.add_batch_definition_whole_dataframe("whole")
