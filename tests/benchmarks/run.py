"""Run the benchmarks, keep what they measure, compare it with what was kept before.

``python tests/benchmarks/run.py [names…] [--quick] [--compare FILE] [--tolerance SHARE]``

A benchmark is a script in this folder that can be run. Without names all of them are, which takes
hours; ``--quick`` runs those that take minutes and need no data set. What they print by
``report.row`` goes into results/last.json and results/last.md, which keep of each benchmark its
last run. One that fails, or that lacks data or a peer, is reported there and stops no other. The
exit status is 1 if one ended early, or if a ratio to a peer fell by more than the tolerance.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from results import compared, fallen, markdown

HERE = Path(__file__).parent
LAST = HERE / "results" / "last.json"
QUICK = ("outliers", "serving", "speed_search", "speed_use")
# What else the family's script can run are scripts of their own.
ARGUMENTS = {"family": ("denoising", "sparse", "stacked", "contractive", "variational")}
PACKAGES = ("skae", "numpy", "scipy", "scikit-learn", "tensorflow", "keras", "torch", "dask")


def names():
    """Return the names of all benchmarks: of the other scripts here that can be run."""
    return sorted(
        path.stem
        for path in HERE.glob("*.py")
        if path.name != "run.py" and 'if __name__ == "__main__":' in path.read_text()
    )


def machine():
    """Describe what measures."""
    packages = {}
    for name in PACKAGES:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            continue
    return {
        "cpu": cpu(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "packages": packages,
    }


def cpu():
    """Return the processor's name where the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(": ")[1] for line in lines if line.startswith("model name")), "")


def commit():
    """Return the commit that is measured, marked where the checkout differs from it."""
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    return subprocess.run(
        command, cwd=HERE, capture_output=True, text=True, check=False
    ).stdout.strip()


def measured(name, of_commit):
    """Run one benchmark in a process of its own and return its result."""
    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        records = Path(folder) / "records"
        records.touch()
        done = subprocess.run(
            [sys.executable, HERE / f"{name}.py", *ARGUMENTS.get(name, ())],
            env={**os.environ, "BENCHMARK_RECORDS": str(records)},
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        entries = [json.loads(line) for line in records.read_text().splitlines()]
    failed = None
    if done.returncode:
        failed = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        print(done.stderr, file=sys.stderr)
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "commit": of_commit,
        "machine": machine(),
        "seconds": time.perf_counter() - begin,
        "failed": failed,
        "rows": titled(entries),
    }


def titled(entries):
    """Return the rows among a script's entries, each with the title that it stands under."""
    rows, title = [], ""
    for entry in entries:
        if "title" in entry:
            title = entry["title"]
        else:
            rows.append({"title": title, **entry})
    return rows


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help=f"some of: {', '.join(names())}")
    parser.add_argument("--quick", action="store_true", help=", ".join(QUICK))
    parser.add_argument("--compare", type=Path, default=LAST, help="results of an earlier run")
    parser.add_argument("--tolerance", type=float, default=0.25, help="machines are noisy")
    given = parser.parse_args()
    unknown = set(given.names) - set(names())
    if unknown:
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}")
    return given


def main():
    given = arguments()
    kept = json.loads(LAST.read_text()) if LAST.exists() else {}
    earlier = json.loads(given.compare.read_text()) if given.compare.exists() else {}
    # What is written below makes the checkout differ from its commit.
    of_commit, lines = commit(), []
    for name in given.names or (QUICK if given.quick else names()):
        print(f"\n# {name}", flush=True)
        new = compared({name: measured(name, of_commit)}, earlier, given.tolerance)
        lines += fallen(new)
        # Written after each, so that a long run that is cut short leaves what it has measured.
        kept.update(new)
        LAST.parent.mkdir(exist_ok=True)
        LAST.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")
        LAST.with_suffix(".md").write_text(markdown(kept, names(), given.tolerance))
    print("\n".join(["", *lines]))
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
