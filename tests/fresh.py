"""Running code in a new interpreter."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def in_fresh_process(code):
    """Run code from the project's root and return what it prints."""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()
