"""The automations that the file and the settings make, before any server has them."""

from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

from flows.automations import automations
from orderworks.settings import load_settings


def test_runs_that_give_signs_of_life_more_seldom_are_not_taken_for_dead_sooner() -> None:
    for every, silence in ((30, 90), (180, 540)):
        with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: every}):
            made = {one.name: one for one in automations(load_settings().alerts, ())}
        silent = made["orderworks-run-silent"].model_dump(mode="json")
        assert silent["trigger"]["within"] == silence
        assert [action["message"] for action in silent["actions"]] == [
            f"It gave no sign of life for {silence} s"
        ]


def test_no_place_of_the_file_is_left_open() -> None:
    for made in automations(load_settings().alerts, ()):
        assert "{silence}" not in made.model_dump_json()
        assert "{period}" not in made.model_dump_json()
