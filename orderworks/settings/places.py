"""Where settings, and everything that is kept, lie: by the environment."""

import os
from pathlib import Path

import platformdirs

from orderworks.model.errors import SettingsError

PREFIX = "ORDERWORKS_"


def home_directory() -> Path:
    """Where the embedded database, Prefect's local state, reports and logs live."""
    named = os.environ.get(PREFIX + "HOME")
    return (
        Path(named).expanduser().absolute() if named else platformdirs.user_data_path("orderworks")
    )


def settings_files() -> list[Path]:
    """The settings files in force, the strongest first.

    Raises:
        SettingsError: if the file that ``ORDERWORKS_CONFIG`` names cannot be read.
    """
    defaults = Path(__file__).resolve().parents[2] / "config" / "settings.yaml"
    named = os.environ.get(PREFIX + "CONFIG")
    if not named:
        return [defaults]
    own = Path(named).expanduser()
    if not own.is_file():
        raise SettingsError(
            f"ORDERWORKS_CONFIG names {own}, which is no file; correct it or unset it"
        )
    return [own, defaults]
