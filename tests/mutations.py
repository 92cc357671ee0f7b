"""Can the tests fail? Faults are put into the package, and tests of each kind must notice.

``python tests/mutations.py [MUTANTS]``

runs, for each fault, the tests of every kind of autoencoder that it touches, those of a kind until
one fails, and prints a table of the tests that failed first. The exit status is 1 where a fault
went unnoticed. All of it takes two minutes of two cores.
"""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
NAME, REPORT = "SKAE_MUTANT", "SKAE_MUTANT_REPORT"
# The tests of each kind: it among the family, and its own file.
KINDS = {
    "plain": "AutoencoderTransformer",
    "contractive": "ContractiveAutoencoder",
    "convolutional": "ConvolutionalAutoencoder",
    "denoising": "DenoisingAutoencoder",
    "recurrent": "RecurrentAutoencoder",
    "sparse": "SparseAutoencoder",
    "stacked": "StackedAutoencoder",
    "variational": "VariationalAutoencoder",
    "supervised": None,
}
FAMILY = [kind for kind, name in KINDS.items() if name]


def never_moves():
    from skae._tensorflow.trainer import ProgramTrainer

    ProgramTrainer.epoch = lambda self, rate: self._pass(0.0)[1]


def wrong_sign():
    from skae._tensorflow import joint, program

    for module in (joint, program):
        module._loss = negated(module._loss)


def negated(loss):
    return lambda *arguments: -loss(*arguments)


def no_penalty():
    from skae._estimators.contractive import Contraction
    from skae._estimators.sparse import Activity, KullbackLeibler
    from skae._estimators.variational import Divergence

    for penalty in (Activity, Contraction, Divergence, KullbackLeibler):
        penalty.__call__ = lambda self, ops, step: 0.0 * ops.sum(step.codes)


def validates_on_training_rows():
    from skae._data import split
    from skae._estimators import base, supervised

    def train_validation_rows(*arguments):
        rows, validation = honest(*arguments)
        return rows, rows[: len(validation)]

    honest = split.train_validation_rows
    base.train_validation_rows = supervised.train_validation_rows = train_validation_rows
    split_classes = supervised.AutoencoderClassifier._split

    def all_rows(self, targets, *arguments):
        return np.arange(len(targets)), split_classes(self, targets, *arguments)[1]

    supervised.AutoencoderClassifier._split = all_rows


def shuffled_feature_names():
    from skae._estimators.fitted import FittedAutoencoder
    from skae._estimators.head import EncoderWithHead

    for cls in (FittedAutoencoder, EncoderWithHead):
        names = cls.get_feature_names_out
        cls.get_feature_names_out = lambda self, *args, names=names: names(self, *args)[::-1]


def starts_at_random():
    from skae._training import initialization, model

    def start(network, axes, some_rows, scale, rng, equalizes_code_variance=True):
        return initialization.random_weights(network, "he", rng)

    model.pca_weights = start


# Each fault, and the kinds that it touches.
MUTANTS = {
    never_moves: [*FAMILY, "supervised"],
    wrong_sign: [*FAMILY, "supervised"],
    no_penalty: ["contractive", "sparse", "variational"],
    validates_on_training_rows: [*FAMILY, "supervised"],
    shuffled_feature_names: [*FAMILY, "supervised"],
    starts_at_random: FAMILY,
}


def pytest_configure():
    """Put the fault that the environment names into the package, of which this is a plugin."""
    (mutant,) = (each for each in MUTANTS if each.__name__ == os.environ[NAME])
    mutant()


def kind_of(item):
    """Return the kind that a test is about, or None."""
    own = item.path.stem.removeprefix("test_")
    if own in KINDS:
        return own
    return next((kind for kind, name in KINDS.items() if name and name in item.name), None)


# The first test of each kind that has failed.
FAILED = {}


def pytest_collection_modifyitems(items):
    """Keep the tests of kinds that the fault touches."""
    touched = next(kinds for each, kinds in MUTANTS.items() if each.__name__ == os.environ[NAME])
    items[:] = [item for item in items if kind_of(item) in touched]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Pass over the tests of a kind of which one has failed."""
    if kind_of(item) in FAILED:
        pytest.skip("another test of this kind has failed")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """Note the first test of a kind that fails."""
    report = yield
    if report.failed:
        why = report.longreprtext.split("\nE   ", 1)[-1].splitlines()[0].strip()
        FAILED.setdefault(kind_of(item), (item.nodeid.removeprefix("tests/"), why))
    return report


def pytest_sessionfinish():
    """Tell the process that has started this one which tests have failed, and why."""
    Path(os.environ[REPORT]).write_text(json.dumps(FAILED))


def first_failures(mutant):
    """Return by kind the first test that fails with a fault, and why."""
    own = [f"tests/estimators/test_{kind}.py" for kind in MUTANTS[mutant]]
    command = [sys.executable, "-m", "pytest", "-p", "tests.mutations", "-p", "no:cacheprovider"]
    with TemporaryDirectory() as folder:
        report = Path(folder) / "failed.json"
        ended = subprocess.run(
            [*command, "tests/test_family.py", *own],
            cwd=ROOT,
            env={**os.environ, NAME: mutant.__name__, REPORT: str(report), "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode > 1:
            raise RuntimeError(ended.stdout + ended.stderr)
        return json.loads(report.read_text())


def main():
    mutants = [each for each in MUTANTS if each.__name__ in (sys.argv[1:] or [each.__name__])]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        failures = dict(zip(mutants, pool.map(first_failures, mutants), strict=True))
    print("| fault | kind | first test that fails | why |\n|---|---|---|---|")
    for mutant in mutants:
        for kind in MUTANTS[mutant]:
            test, why = failures[mutant].get(kind, ("NONE", ""))
            print(f"| {mutant.__name__} | {kind} | {test} | {why} |")
    return 0 if all(failures[mutant].keys() >= set(MUTANTS[mutant]) for mutant in mutants) else 1


if __name__ == "__main__":
    sys.exit(main())
