"""Margins of the tests of learned results: many seeds, in six settings of the arithmetic.

``python tests/learned_margins.py FOLDER [--seeds 0-19] [--settings NAME,NAME] [TESTS]``

runs every test that takes the fixture `learning_seed`, and what `learned_texts.py` takes from
docstrings and examples, with each seed; in a process for each setting, where programs are compiled
once. What the tests compare is added to ``FOLDER/<setting>.jsonl``, so that seeds may be added
later. All that is there is printed as a table, the least safe first: the worst margin of a claim in
standard deviations of its runs, the margin itself, how many runs failed, and which was worst. The
process fails where a run did. Six settings of twenty seeds take some hours of one core; arguments
of pytest, such as ``tests/estimators``, choose tests, and ``--settings ""`` only prints.
"""

import argparse
import json
import os
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]


def width(bits, blas):
    """XLA with so many bits a vector, and NumPy with kernels of a processor that has them."""
    return {"XLA_FLAGS": f"--xla_cpu_prefer_vector_width={bits}", "OPENBLAS_CORETYPE": blas}


SETTINGS = {
    "one-thread": {},
    "two-threads": {"OMP_NUM_THREADS": "2"},
    "no-onednn": {"TF_ENABLE_ONEDNN_OPTS": "0"},
    "xla-128": width(128, "Nehalem"),
    "xla-256": width(256, "Haswell"),
    "xla-512": width(512, "SkylakeX"),
}


def run(setting, folder, seeds, arguments):
    """Run the tests in one setting; return whether they could be run."""
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        **SETTINGS[setting],
        "SKAE_PROGRAM_CACHE": str(folder.resolve() / "programs" / setting),
        "SKAE_LEARNING_SEEDS": seeds,
        "SKAE_LEARNED_MARGINS": str(folder.resolve() / f"{setting}.jsonl"),
    }
    command = [sys.executable, "-m", "pytest", "-m", "learned", "-p", "no:cacheprovider"]
    # Among the arguments, a file inside a folder is not collected again by another pattern.
    files = ["-o", "python_files=test_*.py learned_texts.py"]
    done = subprocess.run([*command, *files, *arguments], cwd=ROOT, env=environment, check=False)
    return done.returncode == 0


def claims(folder):
    """Return for each claim its margins by (setting, seed), the smallest of each run."""
    found = defaultdict(dict)
    for file in folder.glob("*.jsonl"):
        for line in file.read_text().splitlines():
            each = json.loads(line)
            runs, key = found[each["test"], each["claim"]], (file.stem, each["seed"])
            margin = each["margin"]
            runs[key] = min(margin, runs.get(key, margin)) if np.isfinite(margin) else -np.inf
    return found


def report(found):
    """Print a line a claim, the least safe first; return how many runs failed."""
    rows = []
    for (test, claim), runs in found.items():
        margins = np.array(list(runs.values()))
        where = "{}, seed {}".format(*list(runs)[margins.argmin()])
        failed = f"{np.sum(margins <= 0)} of {len(margins)}"
        finite = margins[np.isfinite(margins)]
        spread = finite.std() if len(finite) else 0.0
        safe = margins.min() / spread if spread > 1e-12 else np.copysign(np.inf, margins.min())
        rows.append((safe, margins.min(), failed, where, test, claim))
    print("| deviations | worst margin | failed | where | test | claim |\n" + 6 * "|---" + "|")
    for safe, worst, *more in sorted(rows):
        print(f"| {safe:.1f} | {worst:.3g} |", " | ".join(more), "|")
    return sum(margin <= 0 for runs in found.values() for margin in runs.values())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", default="0-19")
    parser.add_argument("--settings", default=",".join(SETTINGS))
    given, arguments = parser.parse_known_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    settings = [name for name in given.settings.split(",") if name]
    ran = [run(name, given.folder, given.seeds, arguments or ["tests"]) for name in settings]
    failed = report(claims(given.folder))
    return 1 if failed or not all(ran) else 0


if __name__ == "__main__":
    sys.exit(main())
