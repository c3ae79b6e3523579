"""Great Expectations, at arm's length: the only module that applies it.

It is imported when it is first needed, because that takes seconds; ``warm`` pays for it early.
"""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from pandas import DataFrame

from orderworks.handoffs.conditions import Condition, rows_where
from orderworks.handoffs.suite import Rule

if TYPE_CHECKING:
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.core.batch_definition import BatchDefinition
    from great_expectations.expectations.expectation import Expectation
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

# One at a time: the engine keeps the frame under a fixed batch id, so that two validations
# running at once would judge each other's rows.
_turn = threading.Lock()

_WHETHER = {"result_format": "BOOLEAN_ONLY"}
"""Says of each rule whether it holds, in a third of the time that it takes to say which rows break it."""
_WHICH = {
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

    The rules about the same rows are judged together. Where there are no such rows there is nothing to
    be judged.

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
            if len(rows):
                judged = _broken_among(name, {number: rules[number] for number in numbers}, rows)
                for number, broken in judged.items():
                    positions[number] = broken
    return positions


def _broken_among(name: str, rules: Mapping[int, Rule], rows: DataFrame) -> dict[int, list[int]]:
    """Of the rules that do not hold, the index labels of the rows that break them."""
    judged = _judge(name, rules, rows, _WHETHER)
    doubtful = {number: rule for number, rule in rules.items() if not judged[number].success}
    if not doubtful:
        return {}
    found = _judge(name, doubtful, rows, _WHICH)
    return {number: _broken_by(found[number], name, rule) for number, rule in doubtful.items()}


def _broken_by(result: ExpectationValidationResult, name: str, rule: Rule) -> list[int]:
    found: dict[str, Any] = result.result
    if "unexpected_index_list" not in found:
        raise RuntimeError(
            f"{name}: the rule '{rule.sentence}' could not be judged: {result.exception_info}"
        )
    labels: list[int] = found["unexpected_index_list"]
    return labels


def _judge(
    name: str, rules: Mapping[int, Rule], rows: DataFrame, result_format: Mapping[str, object]
) -> dict[int, ExpectationValidationResult]:
    """What is found of each rule, in one validation."""
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
        for number, rule in rules.items()
    ]
    validator = Validator(
        definition, result_format=dict(result_format), batch_parameters={"dataframe": rows}
    )
    with _configured_once():
        outcome = validator.validate_expectation_suite(
            ExpectationSuite(name=name, expectations=expectations)
        )
    configured = ((result.expectation_config, result) for result in outcome.results)
    return {of.meta["number"]: result for of, result in configured if of is not None and of.meta}


@contextmanager
def _configured_once() -> Iterator[None]:
    """While a suite is validated each expectation makes its configuration once.

    Great Expectations makes it anew whenever it is asked for, which is 80 times a rule: two fifths of
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
