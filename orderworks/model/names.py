"""What names may look like: an account's, and a symbol."""

import re

SYMBOL = r"^[A-Z](?:[A-Z0-9.\- ]{0,13}[A-Z0-9.\-])?\Z"
"""One to 15 characters. Neither a trailing space nor a line end: ``AAPL`` and ``AAPL `` must not
pass as two symbols."""

SYMBOL_SENTENCE = (
    "must be 1 to 15 upper-case letters, digits, '.', '-' or inner spaces, a letter first"
)
"""The same in words, after what it is that must be so."""

_ACCOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def require_account(name: str) -> str:
    """``name``, if an account can have it: it becomes part of the names of files, and ``*`` is every account.

    Raises:
        ValueError: if it cannot.
    """
    if not _ACCOUNT.fullmatch(name):
        raise ValueError(
            "an account's name is 1 to 64 letters, digits, '.', '_' and '-', a letter or digit first"
        )
    return name


def require_symbol(name: str) -> str:
    """``name``, if it can be the symbol of a signal: no other is ever met.

    Raises:
        ValueError: if it cannot.
    """
    if not re.match(SYMBOL, name):
        raise ValueError(f"a symbol {SYMBOL_SENTENCE}")
    return name
