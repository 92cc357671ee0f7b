"""SKAE_PROGRAM_CACHE keeps what XLA compiles for the next process."""

from tests.fresh import in_fresh_process


def test_the_next_process_compiles_nothing(tmp_path):
    code = f"""
import os
os.environ["SKAE_PROGRAM_CACHE"] = {str(tmp_path)!r}
import numpy as np
from skae import AutoencoderTransformer
X = np.random.default_rng(0).standard_normal((64, 5))
settings = dict(hidden_layer_sizes=(), solver="sgd", learning_rate="cosine", max_iter=1)
print(AutoencoderTransformer(2, **settings, random_state=0).fit(X).score(X))
"""
    first = in_fresh_process(code)
    (kept,) = tmp_path.iterdir()
    written = kept.stat().st_mtime_ns
    assert in_fresh_process(code) == first
    assert [path.name for path in tmp_path.iterdir()] == [kept.name]
    assert kept.stat().st_mtime_ns == written
