"""Bad input gets a clear error before training; awkward input works; failures lose nothing."""

import signal
import threading

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.utils._param_validation import InvalidParameterError

from skae import AutoencoderTransformer
from tests.learning import assert_learned

pytestmark = [
    pytest.mark.filterwarnings("ignore:Maximum number of epochs"),
    pytest.mark.usefixtures("module_without_xla"),
]

X = load_iris().data


def make(**params):
    defaults = {"n_components": 2, "hidden_layer_sizes": (8,), "max_iter": 3, "random_state": 0}
    return AutoencoderTransformer(**defaults | params)


@pytest.fixture
def no_training(monkeypatch):
    """Fail where training starts."""

    def epoch(self, rate):
        raise AssertionError("training has started")

    monkeypatch.setattr("skae._tensorflow.trainer.ProgramTrainer.epoch", epoch)


@pytest.mark.usefixtures("no_training")
class TestErrorsBeforeTraining:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("n_components", 0),
            ("n_components", -1),
            ("n_components", 1.5),
            ("n_components", "mle"),
            ("hidden_layer_sizes", 0),
            ("hidden_layer_sizes", "big"),
            ("hidden_layer_sizes", (8, 0)),
            ("hidden_layer_sizes", np.array(8)),
            ("hidden_layer_sizes", (8.5,)),
            ("hidden_layer_sizes", ((8, 4),)),
            ("activation", "swish"),
            ("code_activation", None),
            ("output_activation", 3),
            ("loss", "mse"),
            ("init", "random"),
            ("tied_weights", "yes"),
            ("whiten", 2),
            ("alpha", -1e-3),
            ("solver", "lbfgs"),
            ("momentum", 1.0),
            ("nesterovs_momentum", "no"),
            ("batch_size", 0),
            ("batch_size", "all"),
            ("learning_rate", "invscaling"),
            ("learning_rate_init", 0.0),
            ("max_iter", 0),
            ("shuffle", None),
            ("tol", -1.0),
            ("early_stopping", "auto"),
            ("validation_fraction", 0.0),
            ("validation_fraction", 1.0),
            ("n_iter_no_change", 0),
            ("warm_start", 1.5),
            ("random_state", "seed"),
            ("verbose", "loud"),
        ],
    )
    @pytest.mark.parametrize("method", ["fit", "partial_fit"])
    def test_parameters(self, name, value, method):
        with pytest.raises((InvalidParameterError, ValueError), match=rf"'{name}' parameter") as e:
            getattr(make(**{name: value}), method)(X)
        assert repr(value) in str(e.value)

    @pytest.mark.parametrize("bad", [np.inf, -np.inf])
    def test_values_that_are_not_finite(self, bad):
        spoiled = X.copy()
        spoiled[3, 1] = bad
        with pytest.raises(ValueError, match=r"NaN|infinity"):
            make().fit(spoiled)

    @pytest.mark.parametrize(("bad", "what"), [(np.nan, "NaN"), (np.inf, "infinity")])
    def test_sparse_values_that_are_not_finite(self, bad, what):
        spoiled = sparse.csr_array(X)
        spoiled.data[3] = bad
        with pytest.raises(ValueError, match=rf"contains {what}: .* pass X\.toarray\(\)"):
            make().fit(spoiled)

    @pytest.mark.parametrize("rows", [0, 1])
    @pytest.mark.parametrize("method", ["fit", "partial_fit"])
    def test_too_few_rows(self, rows, method):
        with pytest.raises(ValueError, match=rf"{rows} sample.*minimum of 2 is required"):
            getattr(make(), method)(X[:rows])

    def test_no_columns(self):
        with pytest.raises(ValueError, match="0 feature"):
            make().fit(X[:, :0])

    def test_binary_crossentropy_names_the_range(self):
        with pytest.raises(ValueError, match=r"values in \[0, 1\].*from 0.1 to 7.9.*MinMaxScaler"):
            make(loss="binary_crossentropy").fit(X)

    def test_binary_crossentropy_with_another_output(self):
        with pytest.raises(ValueError, match=r"implies output_activation='logistic'.*'tanh'"):
            make(loss="binary_crossentropy", output_activation="tanh").fit(X / 10)

    @pytest.mark.parametrize(
        "large",
        [X * 1e200, X * 1e40, X + 1e39, np.float32(X * 1e25), [[1e308], [-1e308]]],
    )
    def test_values_that_are_too_large(self, large):
        with pytest.raises(ValueError, match=r"X is too large.* to .*overflows.*StandardScaler"):
            make().fit(large)


class TestErrorsAfterFit:
    @pytest.mark.parametrize("method", ["transform", "reconstruct", "score", "score_samples"])
    def test_another_number_of_columns(self, method):
        fitted = make().fit(X)
        with pytest.raises(ValueError, match=r"X has 3 features.*expecting 4 features"):
            getattr(fitted, method)(X[:, :3])

    def test_codes_of_another_width(self):
        with pytest.raises(ValueError, match=r"X has 3 columns.*n_components_=2"):
            make().fit(X).inverse_transform(np.ones((5, 3)))

    @pytest.mark.parametrize(
        "method", ["transform", "inverse_transform", "reconstruct", "score", "score_samples"]
    )
    def test_unfitted(self, method):
        with pytest.raises(NotFittedError, match="not fitted yet"):
            getattr(make(), method)(X)

    @pytest.mark.parametrize(
        ("method", "bad", "name"),
        [("transform", np.inf, "infinity"), ("inverse_transform", np.nan, "NaN")],
    )
    def test_not_finite(self, method, bad, name):
        with pytest.raises(ValueError, match=name):
            getattr(make(n_components=4).fit(X), method)(np.full((2, 4), bad))


class TestAwkwardData:
    @pytest.mark.parametrize(
        "awkward",
        [
            np.c_[X, np.ones(150)],
            np.ones((40, 3)),
            np.repeat(X[:2], 20, axis=0),
            X[:, :1],
            X * [1e6, 1.0, 1e-6, 1.0],
            (X * 10).astype(int),
            X > 3,
            X.astype(np.float16),
            np.asfortranarray(X),
            X[::2, ::-1],
            X.tolist(),
            X * 1e-200,
            X[:2],
        ],
        ids=[
            "constant column",
            "constant",
            "duplicates",
            "one column",
            "scales",
            "ints",
            "bools",
            "float16",
            "Fortran",
            "strides",
            "lists",
            "tiny",
            "two rows",
        ],
    )
    def test_it_works(self, awkward):
        fitted = make(n_components=1).fit(awkward)
        assert np.isfinite(fitted.transform(awkward)).all()
        assert np.isfinite(fitted.reconstruct(awkward)).all()
        assert fitted.score(awkward) <= 1.0

    def test_constant_data_is_reconstructed(self):
        constant = np.full((40, 3), 7.0)
        assert make().fit(constant).score(constant) == 1.0

    def test_what_rounding_makes_of_constant_data_is_not_trained_on(self):
        """The mean of 24 times 3.294e17 is 64 off, which made the loss overflow at the scale 1."""
        constant = np.full((24, 3), 3.2940614417338694e17)
        fitted = make(init="glorot", early_stopping=False).fit(constant)
        assert_allclose(fitted.reconstruct(constant), constant, rtol=1e-14)

    def test_read_only_and_memory_mapped(self, tmp_path):
        frozen = X.copy()
        frozen.setflags(write=False)
        mapped = np.memmap(tmp_path / "X", np.float64, "w+", shape=X.shape)
        mapped[:] = X
        fits = [make().fit(data).transform(data) for data in (X, frozen, mapped)]
        assert_array_equal(fits[0], fits[1])
        assert_array_equal(fits[0], fits[2])
        assert_array_equal(mapped, X)


class TestFailuresLoseNothing:
    def test_a_failed_first_fit_leaves_it_unfitted(self):
        estimator = make(loss="binary_crossentropy")
        before = dict(vars(estimator))
        with pytest.raises(ValueError, match="MinMaxScaler"):
            estimator.fit(X)
        assert vars(estimator) == before

    @pytest.mark.parametrize("method", ["fit", "partial_fit"])
    def test_a_failed_fit_leaves_the_earlier_one_usable(self, method):
        pd = pytest.importorskip("pandas")
        frame = pd.DataFrame(X, columns=list("abcd"))
        fitted = make().fit(frame)
        codes, state = fitted.transform(frame), dict(vars(fitted))
        fitted.set_params(learning_rate_init=1e30, solver="sgd", loss="squared_error")
        with pytest.raises(ValueError, match=r"not finite.*learning_rate_init"):
            getattr(fitted, method)(frame.to_numpy() if method == "fit" else frame)
        assert_array_equal(fitted.transform(frame), codes)
        assert vars(fitted).keys() == state.keys()
        assert list(fitted.feature_names_in_) == list("abcd")

    def test_no_thread_stays_behind(self):
        before = threading.active_count()
        make().fit(X)
        with pytest.raises(ValueError, match="not finite"):
            make(learning_rate_init=1e30, solver="sgd").fit(X)
        assert threading.active_count() == before

    def test_divergence_keeps_the_best_weights(self, learning_seed):
        # So large a rate leaves the bowl after some steps, not in the first epoch.
        late = make(
            solver="sgd",
            learning_rate_init=4.0,
            momentum=0.0,
            hidden_layer_sizes=(),
            init="glorot",
            activation="identity",
            batch_size=200,
            max_iter=500,
            tol=0.0,
            n_iter_no_change=np.inf,
            random_state=learning_seed,
        )
        with pytest.warns(ConvergenceWarning, match=r"not finite in epoch.*learning_rate_init"):
            late.fit(X)
        assert np.isfinite(late.transform(X)).all()
        assert_learned(late.n_iter_, below=500)

    @pytest.mark.slow
    def test_a_real_ctrl_c_at_any_moment(self):
        """It ends the fit, of which the best weights are kept, and the test that has called it."""
        rows = np.random.default_rng(0).standard_normal((2000, 20))
        before = signal.getsignal(signal.SIGINT)
        make().fit(rows)  # TensorFlow is imported, the program compiled
        for delay in np.linspace(1.0, 1.3, 5):
            estimator = make(max_iter=100_000, n_iter_no_change=np.inf)
            timer = threading.Timer(delay, signal.raise_signal, [signal.SIGINT])
            timer.start()
            with (
                pytest.warns(UserWarning, match="interrupted by user"),
                pytest.raises(KeyboardInterrupt, match="weights so far are kept"),
            ):
                estimator.fit(rows)
            timer.join()
            assert np.isfinite(estimator.transform(rows)).all()
            assert signal.getsignal(signal.SIGINT) is before

    def test_ctrl_c_keeps_the_best_weights(self, monkeypatch):
        from skae._tensorflow.trainer import ProgramTrainer

        epoch, calls = ProgramTrainer.epoch, []

        def interrupted(self, rate):
            calls.append(rate)
            if len(calls) == 3:
                raise KeyboardInterrupt
            return epoch(self, rate)

        monkeypatch.setattr(ProgramTrainer, "epoch", interrupted)
        fitted = make(max_iter=50)
        with (
            pytest.warns(UserWarning, match="interrupted by user"),
            pytest.raises(KeyboardInterrupt),
        ):
            fitted.fit(X)
        assert fitted.n_iter_ == 2
        assert np.isfinite(fitted.transform(X)).all()
