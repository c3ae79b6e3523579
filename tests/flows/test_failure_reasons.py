"""What is said of a run that did not complete: never nothing."""

from asyncio import CancelledError

import pytest
from prefect.states import Crashed, Failed

from flows.failing import reason_of
from orderworks.model.errors import InputError


@pytest.mark.parametrize(
    ("failure", "message", "reason"),
    [
        (InputError("row 3 is wrong"), "it failed", "row 3 is wrong"),
        (KeyboardInterrupt(), "it crashed", "it was interrupted"),
        (CancelledError(), "it crashed", "it was interrupted"),
        (TimeoutError(), "it failed", "TimeoutError"),
        (None, "stopped on purpose", "stopped on purpose"),
    ],
)
def test_every_failure_has_a_reason(
    failure: BaseException | None, message: str, reason: str
) -> None:
    assert reason_of(failure, Failed(message=message)) == reason


def test_a_state_without_a_message_is_named() -> None:
    assert reason_of(None, Crashed()) == "Crashed"
