"""Run code in a new interpreter."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def in_fresh_process(code, timeout=None):
    """Run code from the project's root and return what it prints, within so many seconds."""
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=timeout,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()
