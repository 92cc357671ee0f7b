"""Fits: determinism, state, parameters, warm starts, passes."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from skae import AutoencoderTransformer, ConvolutionalAutoencoder
from skae._data.batches import Feed
from skae._data.split import train_validation_rows
from skae.keras import to_keras
from tests.learning import assert_learned

# Most tests train for a few epochs only.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X = load_iris().data
# What is learned from a random start is not what PCA has found; one batch size compiles once.
RANDOM = {"init": "glorot", "batch_size": 16}


def make(**params):
    defaults = {"hidden_layer_sizes": (12,), "max_iter": 5, "random_state": 0}
    return AutoencoderTransformer(2, **defaults | params)


def assert_same_weights(one, other):
    for first, second in zip(one.weights_, other.weights_, strict=True):
        assert_array_equal(first, second)


class TestDeterminism:
    def test_same_seed_same_bits_whatever_ran_before(self):
        first = make().fit(X)
        make(random_state=5, hidden_layer_sizes=(), solver="sgd").fit(X[:50])
        np.random.seed(3)  # noqa: NPY002
        assert_same_weights(first, make().fit(X))
        assert not np.array_equal(first.weights_[0], make(random_state=1).fit(X).weights_[0])

    def test_global_randomness_is_neither_read_nor_set(self):
        np.random.seed(0)  # noqa: NPY002
        before = np.random.get_state()[1].copy()  # noqa: NPY002
        make(random_state=None).fit(X)
        assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002
        np.random.seed(0)  # noqa: NPY002
        first = make(random_state=None, init="he").fit(X)
        np.random.seed(0)  # noqa: NPY002
        second = make(random_state=None, init="he").fit(X)
        assert not np.array_equal(first.weights_[0], second.weights_[0])

    def test_a_random_state_instance_moves_on(self):
        state = np.random.RandomState(0)
        first, second = (make(random_state=state, init="he").fit(X) for _ in range(2))
        assert not np.array_equal(first.weights_[0], second.weights_[0])
        again = make(random_state=np.random.RandomState(0), init="he").fit(X)
        assert_same_weights(first, again)


class TestFittedState:
    def test_attributes_are_numpy_or_plain(self):
        fitted = make(whiten=True).fit(X)
        assert fitted.n_components_ == 2
        assert fitted.best_iter_ <= fitted.n_iter_
        assert fitted.mean_.shape == (4,)
        assert_allclose(fitted.mean_, X.mean(axis=0))
        assert fitted.scale_ == pytest.approx(np.sqrt(X.var(axis=0).mean()))
        assert [k.shape for k in fitted.encoder_coefs_] == [(4, 12), (12, 2)]
        assert [k.shape for k in fitted.decoder_coefs_] == [(2, 12), (12, 4)]
        assert [b.shape for b in fitted.encoder_intercepts_] == [(12,), (2,)]
        assert [b.shape for b in fitted.decoder_intercepts_] == [(12,), (4,)]
        assert fitted.encoder_skip_.shape == (4, 2)
        assert fitted.decoder_skip_.shape == (2, 4)
        assert fitted.n_iter_ == len(fitted.loss_curve_) == len(fitted.validation_loss_curve_) == 5
        assert fitted.loss_ == fitted.loss_curve_[-1]
        assert [layer.n_out for layer in fitted.network_.encoder] == [12, 2]
        for value in fitted.__getstate__().values():
            assert type(value).__module__.split(".")[0] in {"builtins", "numpy", "skae"}

    def test_the_best_epoch_is_the_one_kept(self):
        fitted = make(init="he", learning_rate_init=0.1, max_iter=30).fit(X)
        assert fitted.best_validation_loss_ == min(fitted.validation_loss_curve_)
        assert fitted.validation_loss_curve_[fitted.best_iter_ - 1] == fitted.best_validation_loss_

    def test_the_reconstruction_error_is_that_of_the_kept_weights(self):
        fitted = make().fit(X)
        assert fitted.reconstruction_err_ == pytest.approx(
            np.mean((X - fitted.reconstruct(X)) ** 2)
        )

    @pytest.mark.usefixtures("untrained")
    def test_without_validation_there_is_no_validation_curve(self):
        for estimator, rows in ((make(early_stopping=False), X), (make(), X[:7])):
            fitted = estimator.fit(rows)
            assert fitted.validation_loss_curve_ == []
            assert fitted.best_validation_loss_ is None

    @pytest.mark.usefixtures("without_xla")
    def test_tied_decoder_is_the_encoder_transposed(self):
        fitted = make(tied_weights=True, hidden_layer_sizes=(12, 7), early_stopping=False).fit(X)
        fitted.partial_fit(X)
        for up, down in zip(fitted.encoder_coefs_, fitted.decoder_coefs_[::-1], strict=True):
            assert_array_equal(up, down.T)
        assert_array_equal(fitted.encoder_skip_, fitted.decoder_skip_.T)
        assert not np.array_equal(fitted.encoder_intercepts_[1], fitted.decoder_intercepts_[0])

    @pytest.mark.usefixtures("untrained")
    def test_the_coefficients_are_the_formula_of_transform(self):
        fitted, rng = make(activation="tanh").fit(X), np.random.default_rng(0)
        fitted.weights_ = tuple(rng.standard_normal(weight.shape) for weight in fitted.weights_)
        Z = (X - fitted.mean_) / fitted.scale_
        (k1, k2), (b1, b2) = fitted.encoder_coefs_, fitted.encoder_intercepts_
        codes = fitted.scale_ * (np.tanh(Z @ k1 + b1) @ k2 + b2 + Z @ fitted.encoder_skip_)
        assert_allclose(fitted.transform(X), codes, rtol=1e-5, atol=1e-5)


class TestParameters:
    """Every parameter does what its docstring says."""

    def test_n_iter_no_change_and_tol_stop_the_fit(self):
        stopped = make(max_iter=50, tol=10.0, n_iter_no_change=3, learning_rate="constant").fit(X)
        assert stopped.n_iter_ == 3
        cut = make(max_iter=50, tol=10.0, n_iter_no_change=3).fit(X)
        assert cut.n_iter_ == 9  # two cuts of the rate before the end

    @pytest.mark.parametrize(
        ("n_rows", "batch_size", "epochs", "patience"),
        [
            (100_000, "auto", 200, 10),
            (2560, "auto", 200, 10),  # 40 steps an epoch
            (2000, "auto", 250, 13),  # 32
            (640, 32, 400, 20),
            (64, "auto", 8000, 400),
            (16, 1000, 8000, 400),
        ],
    )
    def test_auto_is_counted_in_steps_on_few_rows(self, n_rows, batch_size, epochs, patience):
        auto = AutoencoderTransformer(batch_size=batch_size).training_options(n_rows)
        assert (auto.max_iter, auto.patience) == (epochs, patience)
        ordered = AutoencoderTransformer(ordered=True, batch_size=batch_size)
        twice = ordered.training_options(n_rows)
        assert twice.max_iter == pytest.approx(2 * epochs, abs=1)
        assert twice.patience == pytest.approx(2 * patience, abs=1)
        asked = AutoencoderTransformer(max_iter=7, n_iter_no_change=np.inf, batch_size=batch_size)
        options = asked.training_options(n_rows)
        assert (options.max_iter, options.patience) == (7, np.inf)

    def test_auto_ends_a_fit(self):
        fixed = {"tol": 10.0, "learning_rate": "constant"}
        # 120 rows are trained on, in 2 steps an epoch.
        assert make(max_iter="auto", **fixed).fit(X).n_iter_ == 200
        assert make(max_iter="auto", n_iter_no_change=3, **fixed).fit(X).n_iter_ == 3

    def test_infinite_patience(self):
        assert make(max_iter=20, tol=10.0, n_iter_no_change=np.inf).fit(X).n_iter_ == 20

    @pytest.mark.parametrize("solver", ["adam", "adamw", "sgd", "rmsprop"])
    @pytest.mark.parametrize("learning_rate", ["constant", "adaptive", "exponential", "cosine"])
    def test_every_solver_and_schedule_learns(self, solver, learning_rate, learning_seed):
        rate = 0.05 if solver == "sgd" else 0.005
        fitted = make(
            solver=solver,
            learning_rate=learning_rate,
            learning_rate_init=rate,
            max_iter=60,
            tol=0.0,
            random_state=learning_seed,
            **RANDOM,
        ).fit(X)
        # Far from a random start, which explains less than nothing.
        assert_learned(fitted.score(X), above=0.85)

    def test_alpha_shrinks_kernels(self, learning_seed):
        fixed = {"init": "he", "max_iter": 40, "batch_size": 16, "random_state": learning_seed}
        sizes = [
            sum((k**2).sum() for k in make(alpha=a, **fixed).fit(X).encoder_coefs_)
            for a in (0.0, 100.0)
        ]
        assert_learned(sizes[1] / sizes[0], below=0.9)

    @pytest.mark.parametrize(
        "activation",
        [
            "relu",
            "tanh",
            *(
                pytest.param(name, marks=pytest.mark.slow)
                for name in ("leaky_relu", "selu", "gelu", "softplus", "logistic", "identity")
            ),
        ],
    )
    def test_every_activation_trains(self, activation, learning_seed):
        fixed = {"max_iter": 60, "learning_rate_init": 0.01, "random_state": learning_seed}
        fitted = make(activation=activation, **fixed, **RANDOM).fit(X)
        assert_learned(fitted.score(X), above=0.85)

    @pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "huber"])
    def test_every_loss_trains(self, loss, learning_seed):
        fixed = {"max_iter": 60, "learning_rate_init": 0.01, "random_state": learning_seed}
        fitted = make(loss=loss, **fixed, **RANDOM).fit(X)
        assert_learned(fitted.score(X), above=0.85)

    @pytest.mark.usefixtures("without_xla")
    def test_absolute_error_is_not_drawn_by_outliers(self, learning_seed):
        rng = np.random.default_rng(0)
        t = rng.standard_normal(400)
        clean = np.c_[t, t, t] + 0.01 * rng.standard_normal((400, 3))
        spoiled = clean.copy()
        spoiled[:20] += 30 * rng.standard_normal((20, 3))

        def error(loss):
            fit = AutoencoderTransformer(
                1,
                hidden_layer_sizes=(),
                loss=loss,
                max_iter=300,
                random_state=learning_seed,
                learning_rate_init=0.01,
                early_stopping=False,
            )
            return np.abs(fit.fit(spoiled).reconstruct(clean) - clean).mean()

        assert_learned(error("absolute_error") / error("squared_error"), below=0.5)

    @pytest.mark.usefixtures("without_xla")
    def test_binary_crossentropy_is_logistic_and_in_range(self, learning_seed):
        unit = load_digits().data[:300] / 16
        fitted = make(loss="binary_crossentropy", max_iter=30, random_state=learning_seed).fit(unit)
        assert fitted.network_.output_activation == "logistic"
        back = fitted.reconstruct(unit)
        assert back.min() >= 0
        assert back.max() <= 1
        entropy = -(
            unit * np.log(unit.mean(0).clip(1e-9))
            + (1 - unit) * np.log((1 - unit.mean(0)).clip(1e-9))
        ).mean()
        assert_learned(fitted.loss_curve_[-1], below=entropy)

    @pytest.mark.usefixtures("without_xla")
    def test_codes_can_be_logistic(self):
        codes = make(code_activation="logistic", max_iter=30).fit_transform(X)
        assert codes.min() > 0
        assert codes.max() < 1

    @pytest.mark.usefixtures("without_xla")
    def test_output_activation_acts_in_the_units_of_x(self, learning_seed):
        fixed = {"max_iter": 60, "learning_rate_init": 0.01, "random_state": learning_seed}
        fitted = make(output_activation="relu", **fixed, **RANDOM).fit(X)
        assert fitted.reconstruct(X).min() >= 0
        assert_learned(fitted.score(X), above=0.85)

    @pytest.mark.slow
    def test_shuffle_matters_and_batches_may_be_larger_than_the_data(self, learning_seed):
        one = make(batch_size=10_000, random_state=learning_seed).fit(X)
        assert_learned(one.score(X), above=0.9)
        shuffled, ordered = make(batch_size=16).fit(X), make(batch_size=16, shuffle=False).fit(X)
        assert shuffled.loss_curve_ != ordered.loss_curve_

    @pytest.mark.usefixtures("untrained")
    def test_an_int_is_one_hidden_layer(self):
        assert make(hidden_layer_sizes=7).fit(X).network_.encoder[0].n_out == 7
        two = make(hidden_layer_sizes=np.array([7, 3])).fit(X).network_.encoder
        assert [layer.n_out for layer in two] == [7, 3, 2]

    def test_verbose_prints_a_line_an_epoch(self, capsys):
        make(verbose=True).fit(X)
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) == 5
        assert lines[0].startswith("Iteration 1, loss = ")
        assert "validation loss = " in lines[0]


class TestStandardize:
    """With standardize=False the network sees X as it is."""

    RAW = {"standardize": False, "max_iter": 1, "learning_rate_init": 1e-9}

    @pytest.mark.parametrize("tied_weights", [False, True])
    @pytest.mark.parametrize(
        "hidden_layer_sizes", [pytest.param((), marks=pytest.mark.slow), (12,)]
    )
    def test_biases_center_the_start_as_pca(self, tied_weights, hidden_layer_sizes):
        parameters = {"tied_weights": tied_weights, "hidden_layer_sizes": hidden_layer_sizes}
        raw, pca = make(**self.RAW, **parameters).fit(X), PCA(2).fit(X)
        assert_allclose(np.abs(raw.transform(X)), np.abs(pca.transform(X)), atol=1e-4)
        assert_allclose(raw.mean_, pca.mean_)
        assert raw.score(X) == pytest.approx(pca.explained_variance_ratio_.sum(), abs=1e-5)

    @pytest.mark.slow
    @pytest.mark.parametrize("code_activation", ["identity", "tanh"])
    def test_a_logistic_output_starts_as_in_standardized_units(self, code_activation):
        parameters = {"loss": "binary_crossentropy", "code_activation": code_activation}
        unit = (X - X.min(axis=0)) / np.ptp(X, axis=0)
        raw = make(**self.RAW, **parameters).fit(unit)
        usual = make(**self.RAW | {"standardize": True}, **parameters).fit(unit)
        assert raw.score(unit) == pytest.approx(usual.score(unit), abs=0.03)

    def test_the_loss_is_that_of_x_as_it_is(self):
        parameters = {**self.RAW, **RANDOM, "early_stopping": False}
        raw = make(**parameters, alpha=0.0).fit(X)
        error = np.square(X - raw.reconstruct(X)).mean()
        assert raw.loss_ == pytest.approx(error, rel=1e-4)
        penalized = make(**parameters, alpha=2 * 0.1 * len(X)).fit(X)
        kernels = penalized.encoder_coefs_ + penalized.decoder_coefs_
        squares = sum(np.square(kernel).sum() for kernel in kernels)
        assert penalized.loss_ == pytest.approx(error + 0.1 * squares, rel=1e-4)

    def test_codes_are_what_the_kernels_say(self):
        raw = make(**self.RAW, **RANDOM, hidden_layer_sizes=()).fit(X)
        kernel, bias = raw.encoder_coefs_[0], raw.encoder_intercepts_[0]
        assert_allclose(raw.transform(X), X @ kernel + bias, rtol=1e-5)

    def test_it_goes_on_and_is_exported(self):
        raw = make(standardize=False, loss="binary_crossentropy").fit(X / 8)
        raw.partial_fit(X / 8)
        expected = raw.reconstruct(X[:5] / 8)
        assert_allclose(
            to_keras(raw).autoencoder.predict(X[:5] / 8, verbose=0), expected, rtol=1e-4
        )

    @pytest.mark.parametrize(
        ("estimator", "reason"),
        [
            (ConvolutionalAutoencoder(image_shape=(2, 2)), "values share biases"),
            (make(tied_weights=True, output_activation="logistic"), "tied weights"),
        ],
    )
    def test_what_biases_cannot_center_is_refused(self, estimator, reason):
        with pytest.raises(ValueError, match=f"standardize=False and init='pca'.*{reason}"):
            estimator.set_params(standardize=False).fit(X)


def staircase(epoch):
    return 0.01 if epoch < 2 else 0.001


def narrow(rng, layer):
    return rng.normal(scale=0.1, size=layer.kernel_shape)


@pytest.mark.usefixtures("without_xla")
class TestFunctions:
    def test_the_rates_are_those_of_the_function(self):
        fixed = {"early_stopping": False, "hidden_layer_sizes": ()}
        constant = make(learning_rate="constant", learning_rate_init=0.01, max_iter=2, **fixed)
        rated = make(learning_rate=staircase, max_iter=3, **fixed).fit(X)
        assert rated.loss_curve_[:2] == constant.fit(X).loss_curve_
        still = make(learning_rate=lambda epoch: 0.0, max_iter=2, **fixed).fit(X)
        assert still.loss_curve_[0] == pytest.approx(still.loss_curve_[1])

    def test_passes_count_on(self):
        seen = []

        def rate(epoch):
            seen.append(epoch)
            return 0.01

        passes = make(learning_rate=rate, hidden_layer_sizes=(), max_iter=1)
        for _ in range(3):
            passes.partial_fit(X)
        assert max(seen) == 2

    def test_a_wrong_rate_is_an_error_before_x_is_used(self):
        with pytest.raises(ValueError, match=r"learning_rate=.*returned -1"):
            make(learning_rate=lambda epoch: -1.0).fit(X)

    def test_a_search_over_functions_and_names(self):
        grid = {"init": [narrow, "he"], "learning_rate": [staircase, "cosine"]}
        search = GridSearchCV(make(hidden_layer_sizes=(), max_iter=1), grid, cv=2).fit(X)
        assert np.isfinite(search.cv_results_["mean_test_score"]).all()

    def test_functions_of_a_module_are_pickled(self):
        fitted = make(init=narrow, learning_rate=staircase, hidden_layer_sizes=()).fit(X)
        again = pickle.loads(pickle.dumps(fitted))
        assert again.learning_rate is staircase
        assert_same_weights(fitted, clone(again).fit(X))


@pytest.mark.usefixtures("without_xla")
class TestValidationSet:
    QUICK = {"hidden_layer_sizes": (), "max_iter": 2}
    TRAINING, VALIDATION = X[::2], X[1::2]

    def test_all_rows_are_trained_on(self, monkeypatch):
        rows = []

        def record(feed):
            rows.append(feed.rows)
            return honest(feed)

        honest = Feed.__iter__
        monkeypatch.setattr(Feed, "__iter__", record)
        fitted = make(**self.QUICK).fit(self.TRAINING, X_val=self.VALIDATION)
        assert_array_equal(rows[0], np.arange(len(self.TRAINING)))
        assert_allclose(fitted.mean_, self.TRAINING.mean(axis=0))
        assert fitted.n_samples_seen_ == len(self.TRAINING)

    @pytest.mark.parametrize("standardize", [True, False])
    def test_the_loss_is_that_of_x_val(self, standardize):
        fitted = make(init="he", standardize=standardize, **self.QUICK)
        fitted.fit(self.TRAINING, X_val=self.VALIDATION)
        error = np.mean((fitted.reconstruct(self.VALIDATION) - self.VALIDATION) ** 2)
        unit = fitted.scale_**2 if standardize else 1.0
        assert fitted.best_validation_loss_ == pytest.approx(error / unit, rel=1e-5)

    def test_pipelines_transform_it(self):
        scaler = StandardScaler().fit(self.TRAINING)
        alone = make(**self.QUICK).fit(
            scaler.transform(self.TRAINING), X_val=scaler.transform(self.VALIDATION)
        )
        with config_context(enable_metadata_routing=True):
            step = make(**self.QUICK).set_fit_request(X_val=True)
            steps = [("scaler", StandardScaler()), ("autoencoder", step)]
            pipeline = Pipeline(steps, transform_input=["X_val"])
            pipeline.fit(self.TRAINING, X_val=self.VALIDATION)
        assert pipeline[-1].validation_loss_curve_ == alone.validation_loss_curve_

    @pytest.mark.parametrize(
        ("params", "validation", "words"),
        [
            ({"early_stopping": False}, {"X_val": VALIDATION}, "X_val.*early_stopping is False"),
            ({}, {"X_val": VALIDATION[:, :2]}, "X_val: X has 2 features"),
            ({}, {"X_val": VALIDATION[:1]}, "X_val: .* 1 sample"),
            ({}, {"X_val": VALIDATION * np.nan}, "X_val: values are missing, but none in X"),
            ({}, {"y_val": VALIDATION}, "y_val is provided, but X_val was not"),
            ({"loss": "binary_crossentropy"}, {"X_val": VALIDATION}, "but X_val ranges"),
        ],
    )
    def test_what_does_not_fit_is_refused(self, params, validation, words):
        unit = X[::2] / 8.0
        with pytest.raises(ValueError, match=words):
            make(**params).fit(unit, **validation)


class TestWarmStart:
    def test_it_goes_on_where_it_was(self, learning_seed):
        fixed = {"early_stopping": False, "init": "he", "random_state": learning_seed}
        warm = make(warm_start=True, **fixed).fit(X)
        first_loss = warm.loss_
        warm.fit(X)
        assert_learned(warm.loss_ / first_loss, below=1)
        assert len(warm.loss_curve_) == 10
        assert warm.n_iter_ == 5

    @pytest.mark.parametrize("seed", [0, None, np.random.RandomState(0)])
    def test_it_sets_the_same_rows_aside(self, seed, monkeypatch):
        drawn = []

        def record(*asked):
            drawn.append(train_validation_rows(*asked))
            return drawn[-1]

        monkeypatch.setattr("skae._estimators.base.train_validation_rows", record)
        make(warm_start=True, random_state=seed).fit(X).fit(X)
        assert_array_equal(drawn[0][1], drawn[1][1])

    def test_it_never_gets_worse(self, learning_seed):
        warm = make(warm_start=True, init="he", max_iter=30, random_state=learning_seed).fit(X)
        before = warm.best_validation_loss_
        warm.set_params(learning_rate_init=5.0).fit(X)
        assert_learned(warm.best_validation_loss_ / before, above=1 - 1e-6, below=1 + 1e-6)

    @pytest.mark.parametrize(
        "change", [{"hidden_layer_sizes": (5,)}, {"n_components": 3}, {"activation": "tanh"}]
    )
    def test_another_network_is_an_error_that_says_so(self, change):
        warm = make(warm_start=True).fit(X)
        with pytest.raises(ValueError, match=r"another network than the fitted.*warm_start=False"):
            warm.set_params(**change).fit(X)
        assert warm.transform(X).shape == (150, 2)


class TestPartialFit:
    def test_passes_add_up(self, learning_seed):
        passes = make(random_state=learning_seed)
        for n in range(1, 21):
            passes.partial_fit(X)
            assert passes.n_iter_ == len(passes.loss_curve_) == n
            assert passes.n_samples_seen_ == 150 * n
        assert_learned(passes.loss_curve_[-1] / passes.loss_curve_[0], below=1)

    def test_the_first_call_sets_center_scale_and_start(self):
        passes = make().partial_fit(X[:60])
        mean, scale = passes.mean_.copy(), passes.scale_
        passes.partial_fit(X[60:] + 100)
        assert_array_equal(passes.mean_, mean)
        assert passes.scale_ == scale
        assert_allclose(mean, X[:60].mean(axis=0))

    @pytest.mark.usefixtures("without_xla")
    def test_later_calls_may_hold_one_row(self):
        assert make().partial_fit(X[:30]).partial_fit(X[30:31]).n_iter_ == 2

    def test_it_goes_on_from_a_fit(self, learning_seed):
        fitted = make(random_state=learning_seed).fit(X)
        loss = fitted.partial_fit(X).loss_
        assert fitted.n_iter_ == 6
        assert_learned(loss / fitted.loss_curve_[0], below=2)

    def test_the_solver_remembers_across_pickling(self):
        straight = make().partial_fit(X).partial_fit(X)
        stored = pickle.loads(pickle.dumps(make().partial_fit(X))).partial_fit(X)
        assert_same_weights(straight, stored)

    def test_whitening_takes_all_rows_seen_into_account(self):
        passes = make(whiten=True, learning_rate_init=1e-9)
        for part in np.split(X, 3):
            passes.partial_fit(part)
        assert_allclose(np.cov(passes.transform(X).T), np.eye(2), atol=1e-3)

    @pytest.mark.parametrize("solvers", [("adam", "sgd"), ("sgd", "rmsprop"), ("rmsprop", "adam")])
    def test_a_new_solver_starts_without_memory(self, solvers):
        passes = make(solver=solvers[0], **RANDOM).partial_fit(X).set_params(solver=solvers[1])
        assert passes.partial_fit(X).n_iter_ == 2

    def test_parameters_are_checked_in_every_call(self):
        passes = make().partial_fit(X).set_params(solver="lbfgs")
        with pytest.raises(ValueError, match="'solver' parameter"):
            passes.partial_fit(X)

    def test_whitening_can_be_switched_off(self):
        passes = make(whiten=True).fit(X).set_params(whiten=False).partial_fit(X)
        assert passes.whitening_ is None

    def test_one_row_more_does_not_upset_the_whitening_of_a_fit(self, learning_seed):
        fitted = make(whiten=True, random_state=learning_seed).fit(X).partial_fit(X[:1])
        covariance = np.cov(fitted.transform(X).T)
        assert_learned(np.abs(covariance - np.eye(2)).max(), below=0.1)
