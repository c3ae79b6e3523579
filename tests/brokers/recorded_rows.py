"""All that the exchange keeps of an account, by its own record."""

from typing import Any

import psycopg
from psycopg.rows import dict_row
from small_market import ACCOUNT

TABLES = ("accounts", "orders", "fills", "positions", "reports_on_their_way", "laggards")


def everything_recorded(url: str, account: str = ACCOUNT) -> dict[str, list[dict[str, Any]]]:
    """All rows of an account, without its name."""
    with psycopg.connect(url, row_factory=dict_row) as connection:
        tables = {
            table: connection.execute(
                f"SELECT * FROM exchange.{table} WHERE account = %s ORDER BY 1, 2".encode(),
                (account,),
            ).fetchall()
            for table in TABLES
        }
    for row in (row for rows in tables.values() for row in rows):
        del row["account"]
        if "exec_id" in row:
            row["exec_id"] = row["exec_id"].removeprefix(account)
    return tables
