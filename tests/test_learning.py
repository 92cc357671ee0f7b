"""Claims about what was learned: checked in the suite, measured by `learned_margins.py`."""

import pytest

from tests.learned_margins import claims, report
from tests.learning import MARGINS, assert_learned


def test_a_claim_is_checked_or_its_margin_written(learning_seed, tmp_path, monkeypatch, capsys):
    monkeypatch.delenv(MARGINS, raising=False)
    assert_learned(0.9, above=0.75)
    for value in (0.7, 0.75, float("nan")):
        with pytest.raises(AssertionError, match=f"{value} is not between 0.75 and inf"):
            assert_learned(value, above=0.75)
    for setting, value in (("one-thread", 0.9), ("xla-128", 0.7), ("xla-256", float("nan"))):
        monkeypatch.setenv(MARGINS, str(tmp_path / f"{setting}.jsonl"))
        assert_learned(value, above=0.75, below=1.0)
        assert_learned(0.5, below=2.0, claim="small")
    found = claims(tmp_path)
    name = "tests/test_learning.py::test_a_claim_is_checked_or_its_margin_written"
    assert found[name, "small"]["xla-128", learning_seed] == 1.5
    assert report(found) == 2
    least_safe = capsys.readouterr().out.splitlines()[2]
    assert "2 of 3" in least_safe
    assert f"xla-256, seed {learning_seed}" in least_safe
    assert least_safe.endswith("| assert_learned(value, above=0.75, below=1.0) |")
