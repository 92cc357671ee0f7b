"""SKAE_PROGRAM_CACHE keeps compiled programs for later processes."""

import os

import pytest

from skae._tensorflow.program_cache import keep_programs
from tests.fresh import in_fresh_process


@pytest.mark.slow
def test_the_next_process_compiles_nothing(tmp_path):
    # XLA splits its flags at spaces, and knows quotes and backslashes.
    directory = tmp_path / "of my \"own\" 'programs' = \\ ~ é"
    code = f"""
import os
os.environ["SKAE_PROGRAM_CACHE"] = {str(directory)!r}
import numpy as np
from skae import AutoencoderTransformer
X = np.random.default_rng(0).standard_normal((64, 5))
settings = dict(hidden_layer_sizes=(), solver="sgd", learning_rate="cosine", max_iter=1)
print(AutoencoderTransformer(2, **settings, random_state=0).fit(X).score(X))
"""
    first = in_fresh_process(code)
    (kept,) = directory.iterdir()
    written = kept.stat().st_mtime_ns
    assert in_fresh_process(code) == first
    assert list(tmp_path.iterdir()) == [directory]
    assert [path.name for path in directory.iterdir()] == [kept.name]
    assert kept.stat().st_mtime_ns == written


@pytest.fixture
def flags(monkeypatch, tmp_path):
    monkeypatch.setenv("TF_XLA_FLAGS", "--tf_xla_auto_jit=0")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return lambda: os.environ["TF_XLA_FLAGS"]


@pytest.mark.parametrize("name", ["{home}/programs", "~/programs", "programs", "./programs/"])
def test_a_directory_is_created_and_made_absolute(name, flags, tmp_path):
    keep_programs(name.format(home=tmp_path))
    assert flags() == (
        f'--tf_xla_auto_jit=0 --tf_xla_persistent_cache_directory="{tmp_path / "programs"}" '
        "--tf_xla_persistent_cache_device_types=CPU"
    )
    assert not list((tmp_path / "programs").iterdir())


@pytest.mark.parametrize("name", ["file", "file/below", "/proc/programs", "~nobody-has-this-name"])
def test_an_unusable_directory_warns(name, flags, tmp_path):
    (tmp_path / "file").write_text("no directory")
    with pytest.warns(UserWarning, match=rf"SKAE_PROGRAM_CACHE='{name}' cannot be used \(.*Set it"):
        keep_programs(name)
    assert flags() == "--tf_xla_auto_jit=0"
