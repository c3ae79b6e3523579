"""Addresses that may hold a password, from where the settings say that they are."""

import os
from typing import cast

from prefect.blocks.system import Secret

from orderworks.model.errors import SettingsError
from orderworks.model.reference import reference_of


async def address(setting: str, text: str) -> str:
    """The address that a setting refers to.

    Args:
        setting: its key, for errors.
        text: its value, ``env:VARIABLE`` or ``block:NAME``.

    Raises:
        SettingsError: if there is none, naming where it was looked for.
    """
    reference = reference_of(text)
    if reference.place == "block":
        return await _of_block(setting, reference.name)
    found = os.environ.get(reference.name)
    if not found:
        raise SettingsError(
            f"environment variable {reference.name}, which setting '{setting}' names, is not set; set "
            "it to the address"
        )
    return found


async def _of_block(setting: str, name: str) -> str:
    try:
        block = cast("Secret[str]", await Secret.aload(name))
    except ValueError:
        raise SettingsError(
            f"the Prefect server has no Secret block '{name}', which setting '{setting}' names; create "
            "it in the UI under Blocks"
        ) from None
    return str(block.get())
