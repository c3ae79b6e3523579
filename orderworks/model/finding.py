"""What an examination has found, one finding a question."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    LOOK = "look"  # cannot be seen from here: a person looks
    WARNING = "warning"  # it can be worked with, and had better be changed
    FAILS = "fails"  # it cannot be worked with


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer to one question, with what to change where something is to be changed."""

    level: Level
    subject: str
    sentence: str
