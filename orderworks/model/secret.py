"""Secrets by reference: settings say where a secret is, never what it is; and no text shows one."""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote

_REFERENCE = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)")

HIDDEN = "***"

SHORTEST = 4
"""Shorter fragments of a secret tell nothing, and hiding them would make any text unreadable."""


def require_reference(text: str) -> str:
    """``text``, if it is empty or says where a secret is.

    Raises:
        ValueError: without what was given: that may be the secret.
    """
    if text and not _REFERENCE.fullmatch(text):
        raise ValueError(
            "a secret is not written into settings; put it into an environment variable and name that "
            "here, as env:VARIABLE"
        )
    return text


def dereferenced(reference: str, environ: Mapping[str, str]) -> str:
    """The secret that a reference is to; empty where there is none."""
    found = _REFERENCE.fullmatch(reference)
    return environ.get(found[1], "") if found else ""


def passwords_of(url: str) -> list[str]:
    """The passwords that a database's address holds, as written and as meant.

    Read generously: of an address that is malformed, all that may be part of one.
    """
    found = re.findall(r":(?!//)(.*)@", url) + re.findall(r"password=([^\s&]+)", url)
    return [form for one in found for form in (one, unquote(one)) if one]


def without(text: str, secrets: Iterable[str]) -> str:
    """``text`` with every secret in it hidden, and every fragment of one that an address is split into."""
    fragments = {
        fragment
        for secret in secrets
        for fragment in (secret, *re.split(r"[/@:?#&=\s]+", secret))
        if len(fragment) >= SHORTEST
    }
    for fragment in sorted(fragments, key=len, reverse=True):
        text = text.replace(fragment, HIDDEN)
    return text
