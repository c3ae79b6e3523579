"""What ib_async logs and a person need not read: the errors that are told in our own words, or are none."""

import logging
import re

from orderworks.brokers.ibkr.errors import CODES

NO_BARS = 162
"""Of the market's past: what there is none of, or why not, is told by who asked for it."""

_ERROR = re.compile(r"Error (-?\d+), reqId ")


def is_news(record: logging.LogRecord) -> bool:
    """Whether a line of ib_async's is to be read: not an error whose code has a meaning here."""
    found = _ERROR.match(record.getMessage())
    if found is None:
        return True
    code = int(found[1])
    return code != NO_BARS and code not in CODES


def quieten(logger: logging.Logger) -> None:
    """Keeps from a logger what is no news; once, however often it is asked for."""
    logger.addFilter(is_news)
