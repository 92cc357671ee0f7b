"""Values hidden in real tables, filled by imputers with their default settings.

``python tests/benchmarks/imputation.py [tables] [seeds]``: names of tables joined by commas, `all`
by default, and seeds, `0,1,2` by default.

The tables are those of ../shared/data/tables. Values are hidden in four ways: 10, 30 or 50 % of
all entries at random; or 60 % of the entries of rows in which the first column, never hidden, is
above its median ("column"). The figure is the root mean squared error on
hidden entries in units of the standard deviation of each column. Every imputer is its library's
default, seeded, and fills the rows that it was fitted on. `IterativeImputer` is left out where a
table has more than 70 columns, which take it minutes to hours; one with forests is measured on the
first seed, at 30 % and tables of at most 30 columns.
"""

import sys
import time
import warnings

import numpy as np
from report import MNIST
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer

from skae import AutoencoderImputer

TABLES = MNIST.parent / "tables"
WAYS = ("10 %", "30 %", "50 %", "column")
SKAE, ITERATIVE, NEIGHBORS, MEAN, FORESTS = "skae", "iterative", "knn", "mean", "forests"
MOST_COLUMNS, MOST_OF_FORESTS = 70, 30
MULTIPLE = 100


def tables(names):
    """Yield names and rows, without constant columns."""
    paths = sorted(TABLES.glob("*.npz"))
    if not paths:
        raise SystemExit(f"this benchmark reads tables of {TABLES}, where there are none")
    for path in paths:
        if names == "all" or path.stem in names.split(","):
            with np.load(path) as data:
                X = data["X"].astype(float)
            yield path.stem, X[:, X.std(axis=0) > 0.0]


def hidden(X, way, rng):
    """Return which entries to hide."""
    if way != "column":
        return rng.random(X.shape) < float(way.split()[0]) / 100
    # All columns depend on the first one, which is observed.
    above = np.median(X, axis=0) < X
    above = np.hstack([np.zeros((len(X), 1), bool), above[:, :1].repeat(X.shape[1] - 1, axis=1)])
    return above & (rng.random(X.shape) < 0.6)


def imputers(n_columns, way, seed, first):
    """Return the imputers to measure by name."""
    some = {
        SKAE: AutoencoderImputer(random_state=seed),
        NEIGHBORS: KNNImputer(),
        MEAN: SimpleImputer(),
    }
    if n_columns <= MOST_COLUMNS:
        some[ITERATIVE] = IterativeImputer(random_state=seed)
    if n_columns <= MOST_OF_FORESTS and way == "30 %" and first:
        trees = ExtraTreesRegressor(random_state=seed)
        some[FORESTS] = IterativeImputer(trees, random_state=seed)
    return some


def coverage(imputer, X, given, where):
    """Return the share of hidden values inside the 90 % intervals of multiple imputations."""
    drawn = imputer.sample(given, MULTIPLE, random_state=0)
    # The quantiles between which a further draw lies with a probability of 90 %.
    low, high = np.quantile(drawn, [0.05, 0.95], axis=0, method="weibull")
    return ((low <= X) & (high >= X))[where].mean()


def measured(names, seeds):
    """Yield the table, the way, and the errors, seconds of the processor and coverage."""
    AutoencoderImputer(max_iter=1).fit(np.eye(100))  # Importing TensorFlow is no part of a fit.
    for name, X in tables(names):
        scale = X.std(axis=0)
        for way in WAYS:
            errors, seconds, covered = {}, {}, []
            for i, seed in enumerate(seeds):
                where = hidden(X, way, np.random.default_rng(seed))
                given = np.where(where, np.nan, X)
                for imputer_name, imputer in imputers(X.shape[1], way, seed, i == 0).items():
                    begin = time.process_time()
                    filled = imputer.fit_transform(given)
                    seconds.setdefault(imputer_name, []).append(time.process_time() - begin)
                    differences = ((filled - X) / scale)[where]
                    error = np.sqrt(np.square(differences).mean())
                    errors.setdefault(imputer_name, []).append(error)
                    if imputer_name == SKAE:
                        covered.append(coverage(imputer, X, given, where))
            means = {key: float(np.mean(values)) for key, values in errors.items()}
            times = {key: float(np.mean(values)) for key, values in seconds.items()}
            yield name, X.shape, way, means, times, float(np.mean(covered))


def imputation(names, seeds):
    print(f"seeds {seeds}; standardized errors, and processor seconds at {SKAE} and {FORESTS}")
    columns = (SKAE, ITERATIVE, NEIGHBORS, FORESTS, MEAN)
    print("| table | rows | columns | hidden |", " | ".join(columns), "| coverage | s | s |")
    print("|---" * 12 + "|")
    found = []
    for name, shape, way, errors, seconds, covered in measured(names, seeds):
        found.append((way, errors, seconds))
        values = [f"{errors[key]:.3f}" if key in errors else "" for key in columns]
        times = [f"{seconds[key]:.1f}" if key in seconds else "" for key in (SKAE, FORESTS)]
        line = [name, *map(str, shape), way, *values, f"{covered:.2f}", *times]
        print("|", " | ".join(line), "|", flush=True)
    at_30 = [(errors, seconds) for way, errors, seconds in found if way == "30 %"]
    print(f"at 30 %, {len(at_30)} tables:")
    for other, share in ((ITERATIVE, 0.95), (NEIGHBORS, 1.0)):
        both = [errors for errors, _ in at_30 if other in errors]
        below = sum(errors[SKAE] < share * errors[other] for errors in both)
        print(f"- below {share} times the error of {other}: {below} of {len(both)}")
    with_forests = [(errors, seconds) for errors, seconds in at_30 if FORESTS in errors]
    if with_forests:
        errors, seconds = (
            {key: np.mean([each[i][key] for each in with_forests]) for key in (SKAE, FORESTS)}
            for i in (0, 1)
        )
        print(f"- means beside {FORESTS}: {errors}, seconds {seconds}")
    ratios = [
        errors[SKAE] / min(errors[key] for key in (ITERATIVE, NEIGHBORS) if key in errors)
        for _, errors, _ in found
    ]
    worst = max(errors[SKAE] / errors[MEAN] for _, errors, _ in found)
    print(f"in all {len(found)}: at most {max(ratios):.3f} times the better of the two, and")
    print(f"at most {worst:.3f} times the error of means")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    names, seeds = [*sys.argv[1:], *("all", "0,1,2")[len(sys.argv) - 1 :]]
    imputation(names, [int(seed) for seed in seeds.split(",")])
