"""Names used by PCA, UMAP, MLPRegressor, Keras and PyTorch, and their counterparts in skae.

Users of these packages try them first: each raises an error that names the counterpart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from inspect import signature
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar

from sklearn.pipeline import Pipeline
from sklearn.utils._param_validation import InvalidParameterError, StrOptions

ACTIVATIONS = {
    "sigmoid": "logistic",
    "expit": "logistic",
    "linear": "identity",
    "nonetype": "identity",
    "leakyrelu": "leaky_relu",
    **dict.fromkeys(("swish", "silu", "mish"), "'gelu', which is close to it"),
}
# By parameter: words in lower case, and an allowed value or what to write instead.
VALUES: dict[str, dict[str, str]] = {
    "n_components": {
        "mle": "n_components=0.95, the share of the variance that the codes are to hold, or "
        "n_components='auto' with ordered=True",
    },
    "hidden_layer_sizes": {"nonetype": "hidden_layer_sizes=() for a network of one layer"},
    "activation": ACTIVATIONS,
    "code_activation": ACTIVATIONS,
    "output_activation": ACTIVATIONS,
    "loss": {
        **dict.fromkeys(("mse", "mean_squared_error", "mseloss", "l2", "squared"), "squared_error"),
        **dict.fromkeys(("mae", "mean_absolute_error", "l1loss", "l1"), "absolute_error"),
        **dict.fromkeys(("smooth_l1", "smoothl1loss", "huber_loss", "huberloss"), "huber"),
        **dict.fromkeys(
            ("bce", "bceloss", "bcewithlogitsloss", "binary_cross_entropy", "binarycrossentropy"),
            "binary_crossentropy",
        ),
        **dict.fromkeys(("log_loss", "cross_entropy", "crossentropy"), "binary_crossentropy"),
    },
    "init": {
        **dict.fromkeys(("he_normal", "he_uniform", "kaiming", "kaiming_normal"), "he"),
        **dict.fromkeys(("glorot_uniform", "glorot_normal", "xavier", "random"), "glorot"),
        "lecun_normal": "lecun",
    },
    "solver": {
        **dict.fromkeys(
            ("auto", "full", "covariance_eigh", "arpack", "randomized"),
            "'adam': this is what trains, and the principal axes have no solver to choose",
        ),
        "lbfgs": "'adam', which goes through X in batches",
    },
    "batch_size": {"nonetype": "batch_size='auto'"},
    "learning_rate": {
        "invscaling": "'exponential', which falls from epoch to epoch too",
        "plateau": "adaptive",
        "reducelronplateau": "adaptive",
        "nonetype": "constant",
    },
    "n_iter_no_change": {"nonetype": "n_iter_no_change=np.inf"},
    "validation_fraction": {"int": "early_stopping=False for no validation set"},
    "corruption": {"normal": "gaussian", "noise": "gaussian", "mask": "masking"},
    "penalty": {"top_k": "topk", "kl_divergence": "kl", "kld": "kl"},
    "random_state": {"generator": "random_state=0, or another int"},
}
KEYWORDS = {
    **dict.fromkeys(
        ("epochs", "n_epochs", "num_epochs", "max_epochs", "epoch_num", "n_iter"), "max_iter"
    ),
    **dict.fromkeys(("lr", "alpha_init", "eta", "learning_rate_initial"), "learning_rate_init"),
    "optimizer": "solver",
    "criterion": "loss",
    **dict.fromkeys(
        ("latent_dim", "latent_size", "encoding_dim", "code_size", "n_latent", "bottleneck"),
        "n_components",
    ),
    **dict.fromkeys(
        ("hidden_dims", "hidden_dim", "hidden_units", "hidden_sizes", "hidden_neuron_list"),
        "hidden_layer_sizes",
    ),
    **dict.fromkeys(("layers", "hidden_layers"), "hidden_layer_sizes"),
    "patience": "n_iter_no_change",
    **dict.fromkeys(("weight_decay", "l2", "kernel_regularizer"), "alpha"),
    "validation_split": "validation_fraction",
    "validation_data": "X_val of fit",
    "eval_set": "X_val of fit",
    "kernel_initializer": "init",
    "pool_size": "pooling",
    "seed": "random_state",
    "beta": "kl_weight of VariationalAutoencoder",
    **dict.fromkeys(("dropout", "dropout_rate"), "noise_level of DenoisingAutoencoder"),
    **dict.fromkeys(("n_filters", "out_channels", "channels"), "filters"),
}
OF_NETWORKS = {
    **dict.fromkeys(("filters", "kernel_size", "strides", "image_shape"), "ConvolutionalNetwork"),
    **dict.fromkeys(
        ("cell", "sequence_shape", "bidirectional", "autoregressive"), "RecurrentNetwork"
    ),
}
WITHOUT_COUNTERPART = {
    **dict.fromkeys(
        (
            "svd_solver",
            "iterated_power",
            "n_oversamples",
            "power_iteration_normalizer",
            "algorithm",
        ),
        "the principal axes are computed by a method that suits the shape of X",
    ),
    "copy": "X is never overwritten",
    **dict.fromkeys(
        ("n_neighbors", "min_dist", "metric", "perplexity"),
        "codes keep what reconstructs a sample, not its neighbors",
    ),
    "n_jobs": "a fit uses all cores",
}
# What PCA and others have once they are fitted: advice that is true of all that have codes, then
# of all that skae trains.
ATTRIBUTES_OF_CODES = {
    "components_": "No code has one direction in X: inverse_transform(codes) shows what codes "
    "stand for",
    "explained_variance_": "transform(X).var(axis=0) is the variance of each code",
    "explained_variance_ratio_": "Codes share what they explain: score(X) is the share of the "
    "variance explained by all of them, explained_variance_ratio_.sum() of PCA",
    "singular_values_": "np.linalg.norm(codes - codes.mean(axis=0), axis=0) is that of codes = "
    "transform(X)",
    "get_covariance": "There is no model of a covariance: np.cov(reconstruct(X), rowvar=False) is "
    "that of the reconstruction",
    "get_precision": "There is no model of a covariance: np.linalg.pinv(np.cov(reconstruct(X), "
    "rowvar=False)) is the precision of the reconstruction",
    "eigenvectors_": "transform(X) are the codes",
    "dual_coef_": "inverse_transform(codes) gives the samples",
    "embedding_": "Codes are not kept: transform(X), or fit_transform(X), returns them",
    "X_transformed_fit_": "Codes are not kept: transform(X), or fit_transform(X), returns them",
    "X_fit_": "Samples are not kept",
    "gamma_": "There is no kernel",
    **dict.fromkeys(("graph_", "graph_dists_"), "There is no graph of neighbors"),
    "predict": "reconstruct(X) is the autoencoder's output, and transform(X) are the codes",
}
VARIANCE = (
    "transform(X).var(axis=0) is the variance of each code: with whiten=True 1 on the training rows"
)
ATTRIBUTES = {
    **{name: told for name, told in ATTRIBUTES_OF_CODES.items() if name != "components_"},
    **dict.fromkeys(("explained_variance_", "eigenvalues_"), VARIANCE),
    "explained_variance_ratio_": ATTRIBUTES_OF_CODES["explained_variance_ratio_"]
    + ". With ordered=True each code has its own",
    "noise_variance_": "reconstruction_err_ is the mean squared error of the reconstruction",
    "n_samples_": "n_samples_seen_ is the number of samples",
    "update": "partial_fit(X) trains on more samples",
    "svd_solver": "The principal axes of init='pca' are computed by a method that suits X's shape",
    "var_": "X.var(axis=0) is the variance of the features; scale_ is the root of its mean",
    "coefs_": "encoder_coefs_ and decoder_coefs_ are the kernels",
    "intercepts_": "encoder_intercepts_ and decoder_intercepts_ are the biases",
    "best_loss_": "best_validation_loss_ is the loss of the weights kept",
    "best_validation_score_": "best_validation_loss_ is the loss of the weights kept",
    "validation_scores_": "validation_loss_curve_ is the loss after each epoch",
    "history": "loss_curve_ and validation_loss_curve_ are the losses after each epoch",
}


def one_of(names: Iterable[str]) -> StrOptions:
    """Return the constraint to some strings; errors list them in this order."""
    ordered = tuple(dict.fromkeys(names))
    constraint = StrOptions(set(ordered))
    constraint.options = ordered
    return constraint


class ForeignWords:
    """Estimators whose errors about parameters and attributes name the counterpart in skae."""

    # What to use in place of attributes that estimators of other packages have.
    _attribute_advice: ClassVar[dict[str, str]] = {}

    def _validate_params(self):
        try:
            super()._validate_params()
        except InvalidParameterError as error:
            for name, value in self.get_params(deep=False).items():
                if str(error).startswith(f"The {name!r} parameter"):
                    advice = _advice(name, value, self._parameter_constraints[name])
                    raise InvalidParameterError(f"{error}{advice}") from None
            raise

    # Hidden from type checkers, to which every attribute would exist.
    if not TYPE_CHECKING:

        def __getattr__(self, name):
            # What a property raised, such as NotFittedError, is an AttributeError and ends here.
            there = getattr(type(self), name, None)
            if isinstance(there, property):
                return there.fget(self)
            advice = type(self)._attribute_advice.get(name)
            if advice is None:
                # Raises the usual error, or again that of a property, which knows better.
                return object.__getattribute__(self, name)
            message = f"{type(self).__name__!r} object has no attribute {name!r}. {advice}."
            raise AttributeError(message, name=name, obj=self)


def _advice(name: str, value: Any, constraints: list[Any]) -> str:
    """Return what to write instead of a value that a parameter does not take, if it is known."""
    if name == "learning_rate" and isinstance(value, Real):
        return f" Write learning_rate_init={value!r}: learning_rate is how the rate changes."
    # A class or a function goes by its own name, such as torch.nn.ReLU, an object by its class'.
    word = value if isinstance(value, str) else getattr(value, "__name__", type(value).__name__)
    word = word.lower().replace("-", "_").replace(" ", "_")
    allowed = [o for each in constraints if isinstance(each, StrOptions) for o in each.options]
    ours = word if word in allowed else VALUES.get(name, {}).get(word)
    if ours is None:
        return ""
    return f" Write {name}={ours!r}." if ours in allowed else f" Write {ours}."


def translating(init: Callable[..., None]) -> Callable[..., None]:
    """Let a constructor that is given another package's keyword name its own."""

    @wraps(init)
    def checked(self: Any, *args: Any, **params: Any) -> None:
        try:
            init(self, *args, **params)
        except TypeError as error:
            told = (_counterpart(name, self) for name in params)
            advice = [f" {each}." for each in told if each]
            if not advice:
                raise
            raise TypeError(f"{error}.{''.join(advice)}") from None

    return checked


def _counterpart(keyword: str, estimator: Any) -> str | None:
    """Return what stands for another package's keyword, None where it is unknown."""
    if keyword in KEYWORDS:
        ours, names = KEYWORDS[keyword], estimator._get_param_names()
        if ours in names or " of " in ours:
            return f"{keyword!r} is {ours} here"
        if "autoencoder" in names:
            return f"{keyword!r} is {ours} of its autoencoder"
    if keyword in OF_NETWORKS and "network" in estimator._get_param_names():
        return f"Write network={OF_NETWORKS[keyword]}({keyword}=...)"
    if keyword in WITHOUT_COUNTERPART:
        return f"{keyword!r} has no counterpart here: {WITHOUT_COUNTERPART[keyword]}"
    return None


def rows_alone(method: Callable[..., Any]) -> Callable[..., Any]:
    """Let a method of X and y refuse unknown keywords by a helpful error."""
    own = signature(method).parameters

    @wraps(method)
    def of_rows(self: Any, X: Any, y: Any = None, *more: Any, **others: Any) -> Any:
        name = next((name for name in others if name not in own), None)
        if name is None:
            return method(self, X, y, *more, **others)
        if name == "sample_weight":
            advice = "All samples have the same weight: repeat samples, or draw them by weight"
        else:
            advice = "Parameters are the constructor's"
            told = _counterpart(name, self)
            advice += f"; {told}" if told else ""
        raise TypeError(
            f"{type(self).__name__}.{method.__name__}() got an unexpected keyword argument "
            f"{name!r}. {advice}."
        )

    return of_rows


def whereabouts(estimator: Any) -> str:
    """Return where an estimator holds its autoencoder, "" if that is unknown."""
    if isinstance(estimator, Pipeline):
        return " Give the autoencoder alone, pipeline[-1]: it takes pipeline[:-1].transform(X)."
    for name in ("best_estimator_", "autoencoder_"):
        if hasattr(estimator, name):
            return f" Give its {name}."
    return ""
