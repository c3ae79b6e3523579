"""What every step of the pipeline has in common as a Prefect task."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from prefect import Task, task
from prefect.cache_policies import NO_CACHE

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def step(
    name: str,
) -> Callable[[Callable[Parameters, Result]], Task[Parameters, Result]]:
    """A task that is never cached and keeps no result: its memory is the ledger.

    With Prefect's default policy two identical calls in one run would execute once.
    """
    return task(name=name, cache_policy=NO_CACHE, persist_result=False)
