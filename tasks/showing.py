"""What a person sees of a run in the UI: short, and never in the way of trading.

A picture or a table that the server does not take in time is left out, and the log says so.
"""

import asyncio
import base64
import logging
import re
from collections.abc import Awaitable
from pathlib import Path
from typing import TypeVar

from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact

from orderworks.model.listing import Listing

log = logging.getLogger("orderworks.tasks.showing")

Shown = TypeVar("Shown")

PATIENCE_SECONDS = 5
"""Longer than a server ever takes that is well, shorter than what a slice can wait."""

MOST_ROWS = 500
"""Of one table: beyond that nobody reads in a browser."""


async def show(what: str, making: Awaitable[Shown]) -> Shown | None:
    """The result of asking the server for something that is only looked at; None where that failed."""
    try:
        return await asyncio.wait_for(making, PATIENCE_SECONDS)
    except Exception as error:  # noqa: BLE001 - whatever keeps the server from showing it
        log.warning("%s is not shown in the UI: %s", what, str(error) or type(error).__name__)
        return None


async def show_listing(listing: Listing, name: str, description: str) -> None:
    """Shows the first rows of a listing as a table; one without rows is not shown.

    Args:
        name: of the artifact; a newer one of the same name is shown as its next version.
    """
    if not listing.rows:
        return
    if len(listing.rows) > MOST_ROWS:
        description += f"\n\nThe first {MOST_ROWS:,} of {len(listing.rows):,} rows."
    columns = {
        column: [
            "" if value is None else str(value) for value in listing.values(column)[:MOST_ROWS]
        ]
        for column in listing.columns
    }
    await show(
        description.splitlines()[0],
        acreate_table_artifact(columns, key=key_of(name), description=description),
    )


async def show_picture(path: Path, name: str, description: str) -> None:
    """Shows a PNG, which the artifact itself holds."""
    picture = base64.b64encode(path.read_bytes()).decode()
    await show_markdown(f"![{description}](data:image/png;base64,{picture})", name, description)


async def show_markdown(text: str, name: str, description: str) -> None:
    """Shows a text."""
    await show(
        description,
        acreate_markdown_artifact(text, key=key_of(name), description=description),
    )


def key_of(name: str) -> str:
    """The name as an artifact's key may be: lower-case letters, numbers and dashes."""
    return re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")
