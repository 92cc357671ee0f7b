"""The least wrapper that puts a Keras autoencoder into GridSearchCV."""

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin


class KerasAutoencoder(TransformerMixin, BaseEstimator):
    def __init__(self, n_components=2, width=32, learning_rate=1e-3, epochs=20, batch_size=32):
        self.n_components = n_components
        self.width = width
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size

    def fit(self, X, y=None):
        import keras

        dense = keras.layers.Dense
        inputs = keras.Input((X.shape[1],))
        codes = dense(self.n_components)(dense(self.width, "relu")(inputs))
        outputs = dense(X.shape[1])(dense(self.width, "relu")(codes))
        self.encoder_ = keras.Model(inputs, codes)
        self.model_ = keras.Model(inputs, outputs)
        self.model_.compile(keras.optimizers.Adam(self.learning_rate), "mse")
        self.model_.fit(X, X, epochs=self.epochs, batch_size=self.batch_size, verbose=0)
        return self

    def transform(self, X):
        return self.encoder_.predict(X, verbose=0)

    def score(self, X, y=None):
        error = X - self.model_.predict(X, verbose=0)
        return 1 - np.sum(error**2) / np.sum((X - X.mean(axis=0)) ** 2)
