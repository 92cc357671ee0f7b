"""Can the tests fail? Faults are put into the package, and tests of each kind must notice.

``python tests/mutations.py [MUTANTS]``

runs, for each fault and each kind of autoencoder that it touches, the tests of that kind until one
fails, in a process of its own, and prints a table of the tests that failed first. The exit status
is 1 where a fault went unnoticed. All of it takes a quarter of an hour of two cores.
"""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
NAME = "SKAE_MUTANT"
# The tests of each kind: its own file, and it among the family.
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


def first_failure(mutant, kind):
    """Return the name of the first test of a kind that fails with a fault, or None."""
    family = ["tests/test_family.py", "tests/test_common.py"] if KINDS[kind] else []
    command = [sys.executable, "-m", "pytest", "-p", "tests.mutations", "-p", "no:cacheprovider"]
    for files, chosen in ((f"tests/estimators/test_{kind}.py",), []), (family, ["-k", KINDS[kind]]):
        if files:
            ended = subprocess.run(
                [*command, "-x", "--no-header", "-rf", *chosen, *files],
                cwd=ROOT,
                env={**os.environ, NAME: mutant.__name__, "OMP_NUM_THREADS": "1"},
                capture_output=True,
                text=True,
                check=False,
            )
            if ended.returncode == 1:
                failed = [line for line in ended.stdout.splitlines() if line.startswith("FAILED")]
                return failed[0].split(" - ")[0].removeprefix("FAILED ") if failed else "an error"
            if ended.returncode:
                raise RuntimeError(ended.stdout + ended.stderr)
    return None


def main():
    chosen = [each for each in MUTANTS if each.__name__ in (sys.argv[1:] or [each.__name__])]
    cases = [(mutant, kind) for mutant in chosen for kind in MUTANTS[mutant]]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        failures = list(pool.map(lambda case: first_failure(*case), cases))
    print("| fault | kind | first test that fails |\n|---|---|---|")
    for (mutant, kind), failure in zip(cases, failures, strict=True):
        print(f"| {mutant.__name__} | {kind} | {failure or 'NONE'} |")
    return 1 if None in failures else 0


if __name__ == "__main__":
    sys.exit(main())
