"""The Prefect server's process: API, UI and services, on a PostgreSQL that may lack an extension.

Prefect's migrations make trigram indexes, by which a long list of names is searched faster. The PostgreSQL
that we bring does not have ``pg_trgm``, without which the migrations would fail. Nothing but these indexes
needs it, so they are passed over.
"""

import sys
from typing import Any

import uvicorn
from sqlalchemy import event
from sqlalchemy.engine import Engine

TRIGRAMS = ("pg_trgm", "gin_trgm_ops")
NOTHING = "SELECT 1"


def without_trigrams(
    connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool
) -> tuple[str, Any]:
    """What is executed in place of a statement."""
    return (NOTHING if any(word in statement for word in TRIGRAMS) else statement), parameters


def main(port: str, trigrams: str) -> None:
    """Serves at a port of the loopback interface until told to end.

    Args:
        trigrams: ``yes`` where the database's server has the extension.
    """
    from prefect.server.api.server import create_app

    if trigrams != "yes":
        event.listen(Engine, "before_cursor_execute", without_trigrams, retval=True)
    uvicorn.run(create_app(final=True), host="127.0.0.1", port=int(port), log_level="warning")


if __name__ == "__main__":
    main(*sys.argv[1:])
