"""Sparse rows: memory of a fit, and bags of words beside TruncatedSVD (Linux only).

The words are those of the docstrings in Python's own library, and the label of a docstring is the
module that it is from.
"""

import ast
import subprocess
import sys
import sysconfig
import warnings
from pathlib import Path

import numpy as np
from memory import GB, Growth
from report import head, row
from scipy import sparse
from sklearn.decomposition import TruncatedSVD
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skae import AutoencoderTransformer

# Of a docstring, and of a module that is a class.
LEAST_WORDS, LEAST_DOCSTRINGS = 10, 60


def docstrings():
    """Return docstrings of Python's library and the modules that they are from."""
    root = Path(sysconfig.get_path("stdlib"))
    texts, modules = [], []
    for path in sorted(root.rglob("*.py")):
        module = path.relative_to(root).parts[0].removesuffix(".py")
        if module in ("site-packages", "dist-packages", "test", "idlelib", "lib2to3"):
            continue
        try:
            tree = ast.parse(path.read_bytes())
        except (SyntaxError, ValueError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module):
                text = ast.get_docstring(node) or ""
                if len(text.split()) >= LEAST_WORDS:
                    texts.append(text)
                    modules.append(module)
    names, counts = np.unique(modules, return_counts=True)
    kept = np.isin(modules, names[counts >= LEAST_DOCSTRINGS])
    return np.array(texts)[kept], np.array(modules)[kept]


def explained(X, reconstruction):
    """Return the share of the variance of sparse X about its mean that a reconstruction holds."""
    X = X.toarray()
    total = np.square(X - X.mean(axis=0)).sum()
    return 1 - np.square(X - reconstruction).sum() / total


def accuracy(codes, labels, of_others, labels_of_others):
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    return classifier.fit(codes, labels).score(of_others, labels_of_others)


def words(vectorizer, n_codes):
    """Compare codes of bags of words, on documents that neither has seen."""
    texts, labels = docstrings()
    texts, others, y, y_others = train_test_split(texts, labels, random_state=0, stratify=labels)
    X = vectorizer.fit_transform(texts).astype(np.float32)
    X_others = vectorizer.transform(others).astype(np.float32)
    svd = TruncatedSVD(n_codes, random_state=0).fit(X)
    fitted = AutoencoderTransformer(n_codes, random_state=0).fit(X)
    name = f"{type(vectorizer).__name__}, {X.shape[0]} x {X.shape[1]}, {n_codes} codes"
    for which, some in (("training", X), ("new", X_others)):
        bar = explained(some, svd.inverse_transform(svd.transform(some)))
        value = explained(some, fitted.reconstruct(some))
        row(f"{name}: variance explained, {which}", f">= {bar:.4f}, TruncatedSVD", value)
    bar = accuracy(svd.transform(X), y, svd.transform(X_others), y_others)
    value = accuracy(fitted.transform(X), y, fitted.transform(X_others), y_others)
    row(f"{name}: accuracy on codes, new", f">= {bar:.4f}, TruncatedSVD", value)


def memory(n=20_000, n_in_row=100):
    """Print by how much a fit, its data and TensorFlow raise the memory of an interpreter."""
    warnings.simplefilter("ignore", ConvergenceWarning)
    with Growth() as growth:
        rng = np.random.default_rng(0)
        columns = rng.integers(n, size=n * n_in_row)
        X = sparse.csr_array((rng.random(columns.size), columns, np.arange(n + 1) * n_in_row))
        AutoencoderTransformer(8, max_iter=2, random_state=0).fit(X)
    print(growth.gigabytes)


if __name__ == "__main__":
    if sys.argv[1:] == ["memory"]:
        memory()
        sys.exit()
    warnings.simplefilter("ignore", ConvergenceWarning)
    head("Sparse rows")
    done = subprocess.run(
        [sys.executable, __file__, "memory"], check=True, capture_output=True, text=True
    )
    note = f"dense float32: {20_000**2 * 4 / GB:.1f} GB"
    what = "fit on 20,000 x 20,000 at 0.5 %, all memory but the interpreter's and its imports'"
    row(what, "< 3 GB", float(done.stdout.split()[-1]), note, "GB")
    for n_codes in (10, 50):
        words(TfidfVectorizer(min_df=3, sublinear_tf=True), n_codes)
        words(CountVectorizer(min_df=3), n_codes)
