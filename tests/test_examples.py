"""Every example runs, from start to figure, in a folder of its own."""

import subprocess
import sys

import pytest

from tests.fresh import ROOT


@pytest.mark.parametrize(
    "example", sorted((ROOT / "examples").glob("plot_*.py")), ids=lambda path: path.stem
)
def test_it_runs_and_draws(example, tmp_path):
    result = subprocess.run(
        [sys.executable, str(example)], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert list(tmp_path.glob("*.png"))
    assert len(example.read_text().splitlines()) <= 80
