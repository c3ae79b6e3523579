"""The one expectation that Great Expectations does not bring.

Importing this module imports Great Expectations and registers the expectation by its type,
``expect_column_values_to_be_whole``; only ``engine`` does so.
"""

from typing import Any

from great_expectations.execution_engine.pandas_execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import ColumnMapExpectation
from great_expectations.expectations.metrics.map_metric_provider.column_condition_partial import (
    column_condition_partial,
)
from great_expectations.expectations.metrics.map_metric_provider.column_map_metric_provider import (
    ColumnMapMetricProvider,
)
from pandas import Series


class ColumnValuesWhole(ColumnMapMetricProvider):
    """Whether a number is whole. An infinite one is not."""

    condition_metric_name = "column_values.whole"

    @column_condition_partial(engine=PandasExecutionEngine)
    def _pandas(self, column: "Series[float]", **_: Any) -> "Series[bool]":
        return column % 1 == 0


class ExpectColumnValuesToBeWhole(ColumnMapExpectation):
    """Expect every number of a column to be whole."""

    map_metric = "column_values.whole"
