"""Claims about learned results, and the margins by which they hold.

Rounding differs between processors, and training amplifies it. So a test that compares what a fit
has learned takes its `random_state` from the fixture `learning_seed` and states its claim by
`assert_learned`; `tests/learned_margins.py` then runs it with many seeds and in other arithmetic.
"""

import json
import linecache
import os
import re
import sys

SEEDS = "SKAE_LEARNING_SEEDS"
MARGINS = "SKAE_LEARNED_MARGINS"
SEED = re.compile(r"-?seed(\d+)")


def seeds():
    """Return the seeds that the environment asks for, such as '0-19', or the one of the suite."""
    first, _, last = os.environ.get(SEEDS, "0").partition("-")
    return range(int(first), int(last or first) + 1)


def assert_learned(value, *, above=-float("inf"), below=float("inf"), claim=None):
    """Check that a number lies between two bounds, or write by how much it does.

    It is written where SKAE_LEARNED_MARGINS names a file, as a line of JSON, and nothing is
    checked then. The claim is named by the line that calls, unless it is given.
    """
    value = float(value)
    if MARGINS not in os.environ:
        assert above < value < below, f"{value} is not between {above} and {below}"
        return
    caller = sys._getframe(1)
    claim = claim or linecache.getline(caller.f_code.co_filename, caller.f_lineno).strip()
    test = os.environ["PYTEST_CURRENT_TEST"].removesuffix(" (call)")
    written = {
        "test": SEED.sub("", test).replace("[-", "[").replace("[]", ""),
        "claim": claim,
        "seed": int(SEED.search(test)[1]),
        "value": value,
        "margin": min(value - above, below - value),
    }
    with open(os.environ[MARGINS], "a") as file:
        file.write(json.dumps(written) + "\n")
