"""What skae is measured against: the same network, data, batches and epochs, written as usual.

Each peer is a function of (X, widths, batch_size, epochs, validated) that fits once. `widths` are
the layers' from the columns to the code; the decoder mirrors them, hidden layers and code use relu.
"""

import warnings
from itertools import pairwise

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPRegressor

from skae import AutoencoderTransformer

FRACTION = 0.1


def skae(X, widths, batch_size, epochs, validated, precision="float32"):
    estimator = AutoencoderTransformer(
        widths[-1],
        hidden_layer_sizes=widths[1:-1],
        activation="relu",
        code_activation="relu",
        init="glorot",
        alpha=0.0,
        learning_rate="constant",
        batch_size=batch_size,
        precision=precision,
        max_iter=epochs,
        n_iter_no_change=np.inf,
        early_stopping=validated,
        validation_fraction=FRACTION,
        random_state=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return estimator.fit(X)


def sklearn_mlp(X, widths, batch_size, epochs, validated):
    hidden = (*widths[1:], *widths[-2:0:-1])
    estimator = MLPRegressor(
        hidden_layer_sizes=hidden,
        batch_size=batch_size,
        max_iter=epochs,
        alpha=0.0,
        early_stopping=validated,
        validation_fraction=FRACTION,
        n_iter_no_change=epochs + 1,
        random_state=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return estimator.fit(X, X)


def keras(X, widths, batch_size, epochs, validated):
    import keras

    model = keras.Sequential([keras.Input((widths[0],))])
    for units in (*widths[1:], *widths[-2:0:-1]):
        model.add(keras.layers.Dense(units, "relu"))
    model.add(keras.layers.Dense(widths[0]))
    model.compile("adam", "mse")
    model.fit(
        X,
        X,
        batch_size=batch_size,
        epochs=epochs,
        validation_split=FRACTION if validated else 0.0,
        verbose=0,
    )
    return model


def torch(X, widths, batch_size, epochs, validated, bfloat16=False):
    import torch
    from torch import nn

    sizes = (*widths, *widths[-2::-1])
    layers = []
    for fan_in, fan_out in pairwise(sizes):
        layers += [nn.Linear(fan_in, fan_out), nn.ReLU()]
    model = nn.Sequential(*layers[:-1])
    solver = torch.optim.Adam(model.parameters(), fused=True)
    rows = torch.as_tensor(X, dtype=torch.float32)
    n_train = len(rows) - (int(FRACTION * len(rows)) if validated else 0)
    for _ in range(epochs):
        for chosen in torch.randperm(n_train).split(batch_size):
            batch = rows[chosen]
            solver.zero_grad()
            with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
                loss = nn.functional.mse_loss(model(batch), batch)
            loss.backward()
            solver.step()
        if validated:
            with torch.no_grad():
                nn.functional.mse_loss(model(rows[n_train:]), rows[n_train:])
    return model
