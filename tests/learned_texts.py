"""What docstrings and README print and examples say, for `tests/learned_margins.py`.

The suite runs docstrings and examples with one seed, the examples for few epochs; here all of it is
run as it stands but for the seed.
"""

import doctest
import importlib
import io
import re
import warnings
from contextlib import redirect_stdout

import matplotlib.pyplot as plt
import pytest
from sklearn.exceptions import ConvergenceWarning

from tests.fresh import ROOT
from tests.learning import assert_learned

FORMAT = re.compile(r":\.\d+f")
LEARNED = re.compile(r":\.\d+f|\b(predict|score)\(")
NUMBER = re.compile(r"-?\d+\.?(\d*)")
# Of an estimator: how data are split and drawn is part of what is said of them.
SEED = re.compile(
    r"^(?!.*(?:train_test_split|make_|sample\())(.*\brandom_state(?:=|\": ))\d+", re.MULTILINE
)


def docstrings():
    """Yield the docstrings that print what was learned."""
    for path in sorted((ROOT / "skae" / "_estimators").glob("[a-z]*.py")):
        module = importlib.import_module(f"skae._estimators.{path.stem}")
        for found in doctest.DocTestFinder().find(module):
            if any(LEARNED.search(each.source) for each in found.examples):
                yield pytest.param(found, id=found.name)


@pytest.mark.parametrize("docstring", list(docstrings()))
def test_printed_numbers_hold_for_other_seeds(docstring, learning_seed):
    for each in docstring.examples:
        source = SEED.sub(rf"\g<1>{learning_seed}", FORMAT.sub(":.9f", each.source))
        out = io.StringIO()
        with redirect_stdout(out), warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            exec(compile(source, docstring.name, "single"), docstring.globs)
        if FORMAT.search(each.source):
            assert_printed(out.getvalue(), each.want)
        elif each.want:
            right = doctest.OutputChecker().check_output(each.want, out.getvalue(), 0)
            assert_learned(right, above=0.5, claim=each.source.strip())


def assert_printed(out, want):
    """Check that the numbers of an output, of many digits, round to those of a text."""
    for got, printed in zip(NUMBER.finditer(out), NUMBER.finditer(want), strict=True):
        half, value = 0.5 * 10.0 ** -len(printed[1]), float(printed[0])
        claim = want.strip()
        assert_learned(float(got[0]), above=value - half, below=value + half, claim=claim)


def test_the_readme_prints_what_holds_for_other_seeds(learning_seed):
    text = (ROOT / "README.md").read_text()
    code, want = re.search(r"```python\n(.*?)```\n\n```\n(.*?)```", text, re.DOTALL).groups()
    out = io.StringIO()
    with redirect_stdout(out):
        exec(SEED.sub(rf"\g<1>{learning_seed}", FORMAT.sub(":.9f", code)), {})
    # Headings hold numbers of codes.
    assert_printed(*(lines.split("\n", 1)[1] for lines in (out.getvalue(), want)))


# What an example says, in the names it leaves behind. Not here is `plot_pretraining`, which says
# nothing of the digits, and what `plot_forest` says of its first table, which leaves no name.
CLAIMS = {
    "plot_active_units": [
        "abs(codes['squared error'].mean() - 0.1) < 0.01",
        "abs(codes['cross-entropy'].mean() - 0.1) < 0.01",
        "active['squared error'].mean() < 0.1",
        "active['cross-entropy'].mean() < 0.2",
    ],
    "plot_codes_and_components": [
        "1.75 * 4 < worth['64-512-64-4']",
        "worth['64-512-64-4'] < 3.25 * 4",
        "worth['64-256-128-16'] / 16 < worth['64-512-64-4'] / 4",
    ],
    "plot_contractive": [
        "movements['contraction 0.01'][1] < movements['plain'][1]",
        "movements['contraction 0.1'][1] < movements['contraction 0.01'][1]",
        "kept(reducers['contraction 0.1']) < kept(reducers['contraction 0.01'])",
        "kept(reducers['contraction 0.01']) < kept(reducers['plain'])",
        "movements['contraction 0.1'][0] / movements['plain'][0]"
        " < movements['contraction 0.1'][3] / movements['plain'][3]",
        "movements['denoising'][1] < movements['contraction 0.01'][1]",
        "kept(reducers['contraction 0.1']) < kept(reducers['denoising'])",
    ],
    "plot_convolutional": [
        "error('Convolutional, 16 + 32 filters') < 0.8 * error('PCA')",
        "error('Convolutional, 32 + 64 filters') < 0.8 * error('PCA')",
        "error('Dense') < 1.1 * error('Convolutional, 16 + 32 filters')",
        "error('Dense') < 1.1 * error('Convolutional, 32 + 64 filters')",
    ],
    "plot_convolutional_codes": [
        "np.mean((autoencoder.reconstruct(X_test) - X_test) ** 2) < 0.3 * X_test.var()"
    ],
    "plot_curve_with_one_code": ["0.99 < rank", "0.98 < kept"],
    "plot_denoising": [
        "errors['DenoisingAutoencoder'] < 0.6 * errors['PCA']",
        "errors['DenoisingAutoencoder'] < 0.75 * errors['KernelPCA']",
    ],
    "plot_digits_pca_vs_autoencoder": [
        "max(kept.scores['PCA'][i].mean() - kept.scores['AutoencoderTransformer'][i].mean()"
        " for i in range(4)) < -0.03"
    ],
    "plot_drop_in_for_pca": [
        "kept(fitted['PCA'], X, y) - 0.005 < kept(fitted['AutoencoderTransformer'], X, y)"
    ],
    "plot_feature_reduction": [
        "cases['900 independent columns']['AutoencoderTransformer(10)'].mean() < 0.1",
        "cases['40 columns of a curled sheet']['PCA(2)'].mean() + 0.1"
        " < cases['40 columns of a curled sheet']['AutoencoderTransformer(2)'].mean()",
    ],
    "plot_few_labels": [
        "best_other.max() < 0",
    ],
    "plot_forest": [
        "max(cells['forest, leaves'], cells['forest, spectral']) < cells['AutoencoderTransformer']"
    ],
    "plot_gaussian_or_dropout": [
        "cleaned('gaussian', 'defaults', 1) < 0.8 * cleaned('dropout', 'defaults', 1)",
        "cleaned('dropout', 'defaults', 2) < 0.8 * cleaned('gaussian', 'defaults', 2)",
        "cleaned('gaussian', 'chapter', 1) < 0.8 * cleaned('dropout', 'chapter', 1)",
        "cleaned('dropout', 'chapter', 2) < cleaned('gaussian', 'chapter', 2)",
        "cleaned('gaussian', 'defaults', 1) < cleaned('gaussian', 'chapter', 1)",
        "cleaned('dropout', 'defaults', 2) < cleaned('dropout', 'chapter', 2)",
        "0.6 < min(dead_codes)",
    ],
    "plot_grid_search": [
        "kept(PCA(16).fit(X), X_test) < search.score(X_test)",
        "15 < search.best_params_['n_components']",
    ],
    "plot_hidden_variable": [
        "0.999 < kept",
        "largest < 0.8966",
        "np.delete(relative, 2).max() < relative[2]",
    ],
    "plot_imputation": [
        "errors['AutoencoderImputer'] < errors[:-1].min()",
        "of_smallest('IterativeImputer') < of_smallest('AutoencoderImputer')",
        "of_smallest('IterativeImputer') < 0",
        "0.85 < inside",
        "inside < 0.95",
    ],
    "plot_layer_by_layer": [
        "kept(PCA(8).fit(X)) < kept(stacked)",
        "kept(layers) < kept(PCA(8).fit(X))",
        "kept(stacked) < kept(whole)",
    ],
    "plot_linear_codes": [
        "kept(reducers['PCA']) + 0.1 < kept(reducers['linear codes'])",
        "kept(reducers['nonlinear codes']) - 0.05 < kept(reducers['linear codes'])",
    ],
    "plot_loadings": ["0.75 < cosines.min()", "0.3 < bends.min()"],
    "plot_mixed_table": [
        "scores.loc[texts, 'PCA'].max() < scores.loc[texts, 'AutoencoderTransformer'].min()"
    ],
    "plot_no_digit": [
        "0.05 < found['digit']",
        "found['digit'] < 0.15",
        "0.97 < found['noise']",
        "0.97 < found['shuffled']",
        "0.97 < found['inverted']",
    ],
    "plot_ordered_codes": [
        "max((pca.explained_variance_ratio_ - autoencoder.explained_variance_ratio_)[:2]) < 0",
        "max((autoencoder.explained_variance_ratio_ - pca.explained_variance_ratio_)[8:]) < 0",
        "np.argmax(autoencoder.explained_variance_ratio_.cumsum() > 0.8) < 9",
    ],
    "plot_outliers": [
        "0.5 < named(errors['AutoencoderOutlierDetector'])",
        "auc(errors['AutoencoderOutlierDetector']) - auc(errors['PCA']) < 0.1",
        "auc(errors['PCA']) < auc(errors['AutoencoderOutlierDetector'])",
    ],
    "plot_pca_by_linear_autoencoder": ["angles.max() < 1"],
    "plot_sensor_windows": ["0.99 < worst['machine'].isin(['B', 'D']).mean()"],
    "plot_sequences": [
        "2 * recurrent_error < pca_error",
        "dense_error < 1.3 * recurrent_error",
    ],
    "plot_sparse_features": [
        "kept(PCA(round(n_used)).fit(X)) < kept(sparse)",
        "kept(sparse) < kept(PCA(2 * round(n_used)).fit(X))",
    ],
    "plot_stacked_and_tied": [
        "table['Tied weights'][2] < 1.15 * table['As a whole'][2]",
        "table['PCA'][2] < table['Layers alone'][2]",
        "table['Then fine-tuned'][2] < table['PCA'][2]",
        "table['As a whole'][2] < table['Then fine-tuned'][2]",
    ],
    "plot_text_codes": [
        f"by_svd['{score}', {n}] < by_network['{score}', {n}]"
        for score in ("variance explained", "accuracy on codes")
        for n in (2, 10)
    ],
    "plot_variational_digits": [
        "distances('VariationalAutoencoder')[0] < distances('PCA')[0]",
        "distances('VariationalAutoencoder')[1] < distances('PCA')[1]",
    ],
}
# ... and what these names are made of, where it leaves too little.
MORE = {
    "plot_convolutional": "error = lambda name: np.mean((rows[name] - X_test) ** 2)",
    "plot_few_labels": "means = {k: v.mean(axis=1) for k, v in accuracies.items()}\n"
    "best_other = np.maximum(means['LogisticRegression'], means['SelfTrainingClassifier'])"
    " - means['AutoencoderClassifier']",
    "plot_forest": "cells = scores.loc[6]",
    "plot_gaussian_or_dropout": "cleaned = lambda name, setting, k: errors[name, setting][k]\n"
    "codes_of = lambda name: denoisers[name, 'chapter'].transform(X_test)\n"
    "dead_codes = [np.mean(codes_of(name).std(axis=0) == 0) for name in noises]",
    "plot_hidden_variable": "relative = abs(errors).mean(axis=0) / X.to_numpy().std(axis=0)",
    "plot_imputation": "small = at & (true[feature] < true[feature].quantile(0.2))\n"
    "of_smallest = lambda name: (filled[name] - true).loc[small, feature].mean()",
    "plot_no_digit": "found = {name: np.mean(some < 0) for name, some in scores.items()}",
    "plot_outliers": "named = lambda e: np.mean(e[rows].argmax(axis=1) == columns)\n"
    "auc = lambda e: roc_auc_score(is_wrong, e.sum(axis=1))",
    "plot_sequences": "pca_error, dense_error, recurrent_error = ("
    "np.mean((each - clean) ** 2) for each in reconstructions.values())",
    "plot_text_codes": "by_svd = scores.loc['TruncatedSVD'].unstack()\n"
    "by_network = scores.loc['AutoencoderTransformer'].unstack()",
    "plot_variational_digits": "distances = lambda name: ("
    "nearest(drawn[name], X_test)[1].mean(), nearest(X_test, drawn[name])[1].mean())",
}


@pytest.mark.parametrize("example", CLAIMS)
def test_examples_say_what_holds_for_other_seeds(example, learning_seed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MNIST", raising=False)
    source = (ROOT / "examples" / f"{example}.py").read_text()
    source = SEED.sub(rf"\g<1>{learning_seed}", source) + "\n" + MORE.get(example, "")
    namespace = {"__name__": "__main__"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(source, example, "exec"), namespace)
    plt.close("all")
    for claim in CLAIMS[example]:
        low, high = claim.split(" < ")
        assert_learned(eval(low, namespace), below=eval(high, namespace), claim=claim)
