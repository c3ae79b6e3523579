"""What names may look like: an account's."""

import re

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
