"""Compiled programs of earlier processes are found, and the user's own are left alone."""

import hashlib

import pytest

from skae._tensorflow.kept_programs import KeptPrograms, packed, unpacked
from skae._tensorflow.program_cache import ProgramCache
from skae._tensorflow.quiet import tf
from tests.fresh import in_fresh_process

FIT = """
import os
os.environ["SKAE_PROGRAM_CACHE"] = {directory!r}
import numpy as np
from skae import AutoencoderTransformer
X = np.random.default_rng(0).standard_normal((64, 5))
def score(activation="elu", **others):
    settings = dict(hidden_layer_sizes=(), solver="sgd", learning_rate="cosine", max_iter=1)
    settings |= dict(activation=activation, random_state=0, **others)
    autoencoder = AutoencoderTransformer(2, **settings)
    return autoencoder.fit(X).score(X)
{more}
print(score())
"""


def traced(constant, first=0):
    """Return the graph of a call of a function, in which others are called."""
    with tf.Graph().as_default() as graph:
        for _ in range(first):
            tf.function(lambda x: x, autograph=False)(tf.zeros(1))

    def compute(x):
        return tf.while_loop(lambda i, _: i < 3, lambda i, x: (i + 1, constant * x), (0, x))[1]

    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, (2,), name="x")
        tf.identity(tf.function(compute, jit_compile=True, autograph=False)(x), name="y")
    return graph


@pytest.fixture
def kept(tmp_path):
    return KeptPrograms(tf, ProgramCache(tmp_path))


def test_equal_graphs_have_one_name_and_compute_as_before(kept):
    graph, name = kept.named(traced(2.0), 1)
    assert kept.named(traced(2.0, first=3), 1)[1] == name
    assert kept.named(traced(3.0), 1)[1] != name
    assert kept.named(traced(2.0), 2)[1] != name
    with tf.compat.v1.Session(graph=graph) as session:
        assert session.run("y:0", {"x:0": [1.0, 2.0]}).tolist() == [8.0, 16.0]


def test_settings_and_processor_are_part_of_the_name(kept, monkeypatch, tmp_path):
    name = kept.named(traced(2.0), 1)[1]
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_prefer_vector_width=512")
    assert KeptPrograms(tf, ProgramCache(tmp_path)).named(traced(2.0), 1)[1] != name
    monkeypatch.delenv("XLA_FLAGS")
    monkeypatch.setattr("skae._tensorflow.kept_programs.processor", lambda: ["another"])
    assert KeptPrograms(tf, ProgramCache(tmp_path)).named(traced(2.0), 1)[1] != name


@pytest.mark.slow
def test_the_next_process_compiles_nothing(tmp_path):
    directory = tmp_path / "of my \"own\" 'programs' = \\ ~ é"
    code = FIT.format(directory=str(directory), more="")
    first = in_fresh_process(code)
    (kept,) = directory.iterdir()
    written = kept.stat().st_ino
    assert in_fresh_process(code) == first
    # The same program after another one.
    assert in_fresh_process(FIT.format(directory=str(directory), more="score('tanh')")) == first
    assert list(tmp_path.iterdir()) == [directory]
    assert len(list(directory.iterdir())) == 2
    assert kept.stat().st_ino == written


@pytest.mark.slow
def test_all_functions_that_xla_compiles_by_themselves_are_kept(tmp_path):
    code = FIT.format(directory=str(tmp_path), more="print(score(precision='bfloat16'))")
    first = in_fresh_process(code)
    numbers = {path: len(unpacked(path.read_bytes()[32:])) for path in tmp_path.iterdir()}
    # In bfloat16 those of the loss, of its gradient and of the update; in float32 all is one.
    assert sorted(numbers.values()) == [1, 3]
    kept = max(numbers, key=numbers.get)
    written = kept.stat().st_ino
    assert in_fresh_process(code) == first
    assert kept.stat().st_ino == written


@pytest.mark.slow
def test_files_that_xla_rejects_are_written_anew(tmp_path):
    code = FIT.format(directory=str(tmp_path), more="")
    first = in_fresh_process(code)
    (kept,) = tmp_path.iterdir()
    whole = kept.read_bytes()
    ((file, program),) = unpacked(whole[32:]).items()
    for damaged in (program[:300], program[: len(program) // 2], b"", bytes(100)):
        content = packed({file: damaged})
        kept.write_bytes(hashlib.sha256(content).digest() + content)
        assert in_fresh_process(code) == first
    kept.write_bytes(whole[:1000])
    assert in_fresh_process(code) == first
    assert len(kept.read_bytes()) == len(whole)


@pytest.mark.slow
def test_programs_of_the_user_and_later_processes_are_left_alone(tmp_path):
    more = """
score()
import tensorflow as tf
print(tf.function(lambda x: tf.exp(x) * 0, jit_compile=True)(tf.ones(1)).numpy())
print(os.environ.get("TF_XLA_FLAGS"), len(os.listdir(os.environ["SKAE_PROGRAM_CACHE"])))
"""
    printed = in_fresh_process(FIT.format(directory=str(tmp_path), more=more))
    assert printed.startswith("[0.]\nNone 1\n")


@pytest.mark.slow
def test_nothing_is_changed_where_tensorflow_was_imported_before(tmp_path):
    code = "import tensorflow\n" + FIT.format(directory=str(tmp_path), more="")
    in_fresh_process(code)
    assert not list(tmp_path.iterdir())
