"""Random faults: seeded little worlds in which everything goes wrong that can, and what came of it.

``uv run python -m tests.chaos --seeds 100000`` works any number of them.
"""

import sys
from pathlib import Path

# The tests' own modules stand beside this one; pytest finds them there by itself.
_TESTS = str(Path(__file__).parents[1])
if _TESTS not in sys.path:
    sys.path.insert(0, _TESTS)
