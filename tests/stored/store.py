"""Store every estimator as this release fits it, once for each release; later ones load it.

python -m tests.stored.store
"""

import pickle
import warnings
from pathlib import Path

import numpy as np
from sklearn.exceptions import ConvergenceWarning

import skae

THIS_RELEASE = Path(__file__).parent / f"skae-{skae.__version__}.pkl"
SMALL = {"hidden_layer_sizes": (3,), "max_iter": 2, "random_state": 0}


def estimators():
    """Return one of each kind, as small as can be."""
    autoencoder = skae.AutoencoderTransformer(2, whiten=True, **SMALL)
    head = {"max_iter": 1, "random_state": 0}
    return [
        autoencoder,
        skae.ContractiveAutoencoder(2, **SMALL),
        skae.ConvolutionalAutoencoder(2, image_shape=(4, 4), filters=(2,), **SMALL),
        skae.DenoisingAutoencoder(2, **SMALL),
        skae.RecurrentAutoencoder(2, sequence_shape=(4, 4), **SMALL),
        skae.SparseAutoencoder(5, **SMALL),
        skae.StackedAutoencoder(2, layer_max_iter=1, **SMALL),
        skae.VariationalAutoencoder(2, **SMALL),
        skae.AutoencoderClassifier(skae.AutoencoderTransformer(2, **SMALL), **head),
        skae.AutoencoderRegressor(skae.AutoencoderTransformer(2, **SMALL), **head),
        skae.AutoencoderOutlierDetector(autoencoder, random_state=0),
        skae.AutoencoderImputer(3, max_iter=2, random_state=0),
        skae.ForestAutoencoder(2, n_estimators=2, random_state=0),
        skae.ForestAutoencoder(2, codes="leaves", random_state=0),
    ]


def results(estimator, X):
    """Return what an estimator makes of rows: codes or scores."""
    return estimator.transform(X) if hasattr(estimator, "transform") else estimator.score_samples(X)


if __name__ == "__main__":
    warnings.simplefilter("ignore", ConvergenceWarning)
    X = np.random.default_rng(0).uniform(size=(40, 16))
    y = (X[:, 0] > 0.5).astype(int)
    fitted = [each.fit(X, y) for each in estimators()]
    stored = {"X": X, "estimators": fitted, "results": [results(each, X) for each in fitted]}
    THIS_RELEASE.write_bytes(pickle.dumps(stored, protocol=4))
