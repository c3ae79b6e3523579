"""A table that a database has: what a query gives, read as the columns of a suite."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from orderworks.handoffs.suite import Suite
from orderworks.handoffs.table_file import Cells, TableFile, refuse_columns, typed_table
from orderworks.model.errors import InputError
from orderworks.model.secret import passwords_of, without

if TYPE_CHECKING:
    from sqlalchemy import Engine

SUFFIX = ".sql"

CONNECT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Query:
    """One SQL statement that a file holds, and the file's name, which errors name."""

    path: Path
    text: str


def read_query(path: Path) -> Query:
    """The query of a file.

    Raises:
        InputError: if it cannot be read, or is empty.
    """
    try:
        text = path.read_text("utf-8").strip().removesuffix(";")
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; check the path") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from None
    if not text:
        raise InputError(f"{path}: the file is empty; write a query into it")
    return Query(path, text)


def ask(query: Query, url: str, values: Mapping[str, object], suite: Suite) -> TableFile:
    """What the database at ``url`` answers: rows are numbered from 1, in its order.

    Args:
        url: of SQLAlchemy; it may hold a password, which no error shows.
        values: what ``:name`` in the query stands for, by name.

    Raises:
        InputError: the database does not answer, or the query fails, gives no table, has a column
            twice or one that the suite does not know, or a time without zone.
    """
    names, rows = _answer(query, url, values)
    origin = str(query.path)
    refuse_columns(origin, names, suite)
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in names]
    cells = Cells(names, columns, list(range(1, len(rows) + 1)))
    return typed_table(origin, cells, suite, sha256(repr((names, rows)).encode()).hexdigest())


def _answer(
    query: Query, url: str, values: Mapping[str, object]
) -> tuple[list[str], list[Sequence[object]]]:
    from sqlalchemy import text
    from sqlalchemy.exc import SQLAlchemyError

    try:
        engine = _engine(url)
        with engine.connect() as connection:
            result = connection.execute(text(query.text), dict(values))
            if not result.returns_rows:
                raise InputError(f"{query.path}: the query gives no table; write a SELECT")
            return list(result.keys()), [tuple(row) for row in result]
    except ModuleNotFoundError as error:
        raise InputError(
            f"{query.path}: the database's driver '{error.name}' is not installed; install it beside "
            "Orderworks"
        ) from None
    except (SQLAlchemyError, OSError, ValueError) as error:
        said = without(_first_line(error), passwords_of(url))
        raise InputError(
            f"{query.path}: the database did not answer: {said}; correct the query, or the address "
            "that setting 'sql.url' refers to"
        ) from None


def _engine(url: str) -> "Engine":
    from sqlalchemy import create_engine, make_url, pool

    named = make_url(url)
    arguments = {}
    if named.get_backend_name() == "postgresql":
        if "+" not in named.drivername:
            # SQLAlchemy's own default is a driver that Orderworks does not bring.
            named = named.set(drivername="postgresql+psycopg")
        arguments = {"connect_timeout": CONNECT_SECONDS}
    return create_engine(named, poolclass=pool.NullPool, connect_args=arguments)


def _first_line(error: Exception) -> str:
    # SQLAlchemy repeats the statement and its values; what the driver said is enough.
    said = str(getattr(error, "orig", None) or error).strip()
    return said.splitlines()[0].rstrip(".") if said else type(error).__name__
