"""RecurrentAutoencoder: Keras' arithmetic, sequences of any layout, better than PCA."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
import tensorflow as tf
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning

from skae import (
    AutoencoderOutlierDetector,
    DenoisingAutoencoder,
    RecurrentAutoencoder,
    VariationalAutoencoder,
)
from skae._data.rows import ArrayRows
from skae._plan.recurrences import Feedback, Recurrence
from skae._tensorflow.program import program
from skae._tensorflow.recurrence import feed_back, recur
from skae._training.initialization import glorot
from skae.keras import to_keras
from skae.networks import RecurrentNetwork
from tests.learning import assert_learned


def sines(n_rows, n_steps, seed):
    """Noisy sines of random frequency and phase."""
    rng = np.random.default_rng(seed)
    frequency, phase = rng.uniform(1, 3, (n_rows, 1)), rng.uniform(0, 2 * np.pi, (n_rows, 1))
    clean = np.sin(frequency * np.linspace(0, 2 * np.pi, n_steps) + phase)
    return clean + rng.normal(scale=0.1, size=clean.shape)


X = sines(400, 12, seed=0)


def fitted(X=X, n_components=2, **params):
    defaults = {"hidden_layer_sizes": 6, "max_iter": 3, "random_state": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return RecurrentAutoencoder(n_components, **defaults | params).fit(X)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize(
    ("repeats", "returns", "both"),
    [
        (False, False, False),
        (False, True, False),
        (True, True, False),
        (False, False, True),
        (False, True, True),
    ],
)
def test_the_arithmetic_is_that_of_keras(cell, repeats, returns, both):
    import keras

    layer = Recurrence(cell, 7, 3, 5, repeats, returns, both)
    rng = np.random.default_rng(0)
    shapes = (layer.kernel_shape, layer.n_biases, (4, layer.n_in), (4, layer.n_out))
    *given, weights = (tf.constant(rng.standard_normal(shape), tf.float32) for shape in shapes)

    kind = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}[cell]
    options = {"reset_after": False} if cell == "gru" else {}
    by_keras = kind(5, return_sequences=returns, **options)
    by_keras = keras.layers.Bidirectional(by_keras) if both else by_keras
    by_keras.build((None, 7, 3))
    unused = [tf.zeros(v.shape, v.dtype) for v in by_keras.non_trainable_variables]
    # Keras' GRU has the update gate before the reset gate.
    order = np.arange(20) if cell == "lstm" else np.r_[5:10, 0:5, 10:15]

    def reference(kernel, bias, rows):
        rows = tf.repeat(rows[:, None], 7, axis=1) if repeats else tf.reshape(rows, (4, 7, 3))
        readings = []
        for i in range(layer.n_readings):
            columns = order + i * len(order)
            one = tf.gather(kernel, columns, axis=1)
            readings += [one[:3], one[3:], tf.gather(bias, columns)]
        states = by_keras.stateless_call(readings, unused, rows)[0]
        return tf.reshape(states, (4, -1))

    def with_gradients(function):
        with tf.GradientTape() as tape:
            tape.watch(given)
            out = function(*given)
            total = tf.reduce_sum(out * weights)
        return [out, *map(tf.convert_to_tensor, tape.gradient(total, given))]

    ours = with_gradients(lambda *arrays: recur(layer, *arrays))
    for one, other in zip(ours, with_gradients(reference), strict=True):
        assert_allclose(one, other, atol=1e-5)


# A GRU needs more epochs: after 40 some seeds have only begun to leave PCA.
@pytest.mark.parametrize(
    ("cell", "max_iter"), [("lstm", 40), pytest.param("gru", 80, marks=pytest.mark.slow)]
)
@pytest.mark.slow
def test_much_better_than_pca_on_held_out_sequences(cell, max_iter, learning_seed):
    train, test = sines(600, 20, seed=1), sines(300, 20, seed=2)
    fixed = {"hidden_layer_sizes": 16, "max_iter": max_iter, "learning_rate_init": 0.01}
    recurrent = fitted(train, cell=cell, random_state=learning_seed, **fixed)
    pca = PCA(2).fit(train)
    unexplained = ((test - pca.inverse_transform(pca.transform(test))) ** 2).sum()
    of_pca = 1 - unexplained / ((test - pca.mean_) ** 2).sum()
    assert_learned(recurrent.score(test), above=of_pca + 0.2)


@pytest.mark.slow
def test_the_initialization_is_pca():
    idle = fitted(learning_rate_init=1e-12)
    assert_allclose(idle.transform(X), PCA(2, svd_solver="full").fit_transform(X), atol=1e-4)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sequences_are_taken_as_they_are(dtype):
    sequences = X.reshape(400, 4, 3).astype(dtype)
    rows = sequences.reshape(400, 12)
    flat, deep = (fitted(data, sequence_shape=(4, 3), max_iter=1) for data in (rows, sequences))
    codes = deep.transform(sequences)
    assert_array_equal(codes, flat.transform(rows))
    back = deep.inverse_transform(codes)
    assert back.shape == sequences.shape
    assert (codes.dtype, back.dtype) == (dtype, dtype)
    assert_array_equal(back, deep.reconstruct(sequences))
    assert_array_equal(deep.reconstruct(rows), flat.inverse_transform(codes))
    assert deep.score(sequences) == flat.score(rows)


def test_sequences_tell_their_shape():
    sequences = X.reshape(400, 4, 3)
    recurrent = fitted(sequences, max_iter=1, learning_rate="cosine")
    given = fitted(sequences, sequence_shape=(4, 3), max_iter=1)
    assert recurrent.sequence_shape_ == given.sequence_shape_ == (4, 3)
    assert (recurrent.sample_shape_, recurrent.n_features_in_) == ((4, 3), 12)
    assert_array_equal(recurrent.transform(sequences), given.transform(sequences))
    # A call that fails changes nothing; another fit takes the shape anew.
    with pytest.raises(ValueError, match="NaN"):
        recurrent.fit(np.full((9, 2, 6), np.nan))
    assert recurrent.partial_fit(sequences).inverse_transform([[0.0, 0.0]]).shape == (1, 4, 3)
    assert recurrent.fit(X).sequence_shape_ == (12, 1)
    assert recurrent.reconstruct(X[..., np.newaxis]).shape == (400, 12, 1)
    assert clone(recurrent.fit(sequences)).fit(X).sample_shape_ == (12,)
    nested = recurrent.fit(sequences).reconstruct(sequences.tolist())
    assert_array_equal(nested, recurrent.reconstruct(sequences))
    with pytest.raises(ValueError, match="unequal lengths"):
        recurrent.transform([[[0.0, 1.0, 2.0]] * 4, [[0.0, 1.0, 2.0]] * 3])
    with pytest.raises(ValueError, match=r"0 sample\(s\)"):
        recurrent.transform(sequences[:0])


def test_single_values_need_no_shape_of_their_own():
    given = fitted(X[..., np.newaxis], sequence_shape=(12, 1), max_iter=1)
    assert_array_equal(given.transform(X), fitted(max_iter=1).transform(X))


def test_sequences_of_another_shape_are_another_fit():
    one, other = (fitted(X.reshape(400, *shape), max_iter=1) for shape in ((4, 3), (6, 2)))
    prints = {each._fingerprint(ArrayRows(X), warm=False) for each in (one, other)}
    assert len(prints) == 2


def steps_fed_back(layer, kernel, bias, rows, path):
    """Compute a layer that reads its own values, a step at a time."""
    n_values, n_units = layer.n_values, layer.n_units
    gates, values_kernel = kernel[:, :-n_values], kernel[:, -n_values:]
    by_step = rows.reshape(len(rows), -1, layer.n_inputs) if not layer.repeats_input else None
    values = np.zeros((len(rows), n_values))
    h = c = np.zeros((len(rows), n_units))
    all_values = []
    for t in range(layer.n_steps):
        read = np.hstack([rows if by_step is None else by_step[:, t], values])
        each = np.split(
            np.hstack([read, h]) @ gates + bias[:-n_values], gates.shape[1] // n_units, 1
        )
        if layer.cell == "lstm":
            c = expit(each[1]) * c + expit(each[0]) * np.tanh(each[2])
            h = expit(each[3]) * np.tanh(c)
        else:
            reset, update = expit(each[0]), expit(each[1])
            candidate = np.hstack([read, reset * h]) @ gates[:, -n_units:]
            h = update * h + (1 - update) * np.tanh(
                candidate + bias[-n_values - n_units : -n_values]
            )
        values = np.hstack([read, h]) @ values_kernel + bias[-n_values:]
        values = values + path[:, t * n_values : (t + 1) * n_values]
        all_values.append(values)
    return np.hstack(all_values)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize("repeats", [True, False])
def test_a_decoder_reads_its_own_output(cell, repeats):
    layer = Feedback(cell, 4, 3, 5, 2, repeats)
    rng = np.random.default_rng(0)
    shapes = (layer.kernel_shape, layer.n_biases, (6, layer.n_in), (6, layer.n_out))
    arrays = [rng.standard_normal(shape).astype(np.float32) for shape in shapes]
    assert_allclose(feed_back(layer, *arrays), steps_fed_back(layer, *arrays), atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_an_autoregressive_decoder_starts_as_pca_and_learns(cell, learning_seed):
    fixed = {"autoregressive": True, "cell": cell, "random_state": learning_seed}
    network = fitted(learning_rate_init=1e-12, max_iter=1, **fixed).network_
    assert [type(layer) for layer in network.decoder] == [Feedback]
    again = fitted(learning_rate_init=0.01, max_iter=80, **fixed)
    of_pca = PCA(2).fit(X).explained_variance_ratio_.sum()
    assert_learned(again.score(X), above=of_pca + 0.05)


def test_both_directions():
    both = fitted(hidden_layer_sizes=(5, 4), sequence_shape=(6, 2), bidirectional=True)
    shapes = [kernel.shape for kernel in both.encoder_coefs_ + both.decoder_coefs_]
    assert shapes == [(7, 40), (14, 32), (8, 2), (6, 16), (9, 20), (5, 2)]
    _, bias = both.network_.encoder[0].initial_weights(glorot, np.random.default_rng(0))
    assert_array_equal(bias.reshape(2, 4, 5).mean(axis=2), [[0, 1, 0, 0]] * 2)


@pytest.mark.slow
def test_layers_mirror_each_other():
    deep = fitted(hidden_layer_sizes=(5, 4), sequence_shape=(6, 2), cell="gru", max_iter=1)
    shapes = [kernel.shape for kernel in deep.encoder_coefs_ + deep.decoder_coefs_]
    assert shapes == [(7, 15), (9, 12), (4, 2), (6, 12), (9, 15), (5, 2)]
    assert deep.encoder_skip_.shape == (12, 2)


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({"sequence_shape": (5, 2)}, "sequence_shape"),
        ({"sequence_shape": (12, 1, 1)}, "sequence_shape"),
        ({"sequence_shape": (4, 0)}, "sequence_shape"),
        ({"sequence_shape": 12}, "sequence_shape"),
        ({"cell": "rnn"}, "cell"),
        ({"hidden_layer_sizes": ()}, "hidden_layer_sizes"),
        ({"tied_weights": True}, "tied_weights"),
    ],
)
def test_what_cannot_be_used_is_named_before_training(params, names):
    recurrent = RecurrentAutoencoder(2, **params)
    with pytest.raises(ValueError, match=names):
        recurrent.fit(X)
    assert not hasattr(recurrent, "n_features_in_")


def test_arrays_of_another_shape_are_refused():
    sequences = X.reshape(400, 4, 3)
    with pytest.raises(ValueError, match=r"sequence_shape=\(3, 4\) instead of \(4, 3\)"):
        fitted(sequences, sequence_shape=(3, 4))
    with pytest.raises(ValueError, match=r"sequence_shape=\(12, 1\) instead of \(4, 3\)"):
        fitted(max_iter=1).transform(sequences)
    with pytest.raises(ValueError, match=r"'sequence_shape' parameter must hold 2 ints"):
        fitted(X.reshape(400, 2, 2, 3))


@pytest.mark.parametrize("cell", ["lstm", pytest.param("gru", marks=pytest.mark.slow)])
def test_the_same_seed_gives_the_same_bits(cell):
    for one, other in zip(fitted(cell=cell).weights_, fitted(cell=cell).weights_, strict=True):
        assert_array_equal(one, other)


def test_whitening_and_partial_fit(learning_seed):
    white = fitted(whiten=True, random_state=learning_seed)
    assert_allclose(np.cov(white.transform(X).T), np.eye(2), atol=1e-5)
    before = white.reconstruct(X)
    assert_allclose(before, fitted(random_state=learning_seed).reconstruct(X), atol=1e-5)
    assert_learned(white.partial_fit(X).score(X), above=0.0)
    assert np.abs(white.reconstruct(X) - before).max() > 0.0


def test_runtime_scalars_compile_nothing():
    first = fitted(hidden_layer_sizes=7)
    programs = program.cache_info().misses
    for changes in ({"random_state": 7, "alpha": 0.1}, {"learning_rate": "cosine"}):
        fitted(X[:300], hidden_layer_sizes=7, **changes)
    clone(first).partial_fit(X)
    assert program.cache_info().misses == programs


def test_a_start_whose_codes_are_not_linear(learning_seed):
    idle = {"learning_rate_init": 1e-12, "max_iter": 1, "random_state": learning_seed}
    assert_learned(fitted(code_activation="relu", **idle).score(X), above=0.2)


LENGTHS = np.random.default_rng(0).integers(2, 7, 400)
LENGTHS[0] = 6
SEQUENCES = [row[:n] for row, n in zip(X.reshape(400, 6, 2), LENGTHS, strict=True)]
PADDED = np.where(np.arange(6)[:, np.newaxis] < LENGTHS[:, np.newaxis, np.newaxis], 1.0, np.nan)
PADDED = PADDED * X.reshape(400, 6, 2)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize("both", [False, True])
def test_steps_after_the_end_change_no_state(cell, both):
    whole = Recurrence(cell, 5, 2, 3, is_bidirectional=both).skipping()
    rng = np.random.default_rng(0)
    shapes = (whole.kernel_shape, whole.n_biases, (4, 5, 2))
    kernel, bias, X = (rng.standard_normal(shape).astype(np.float32) for shape in shapes)
    for row, n in zip(X, (5, 1, 3, 4), strict=True):
        row[n:] = np.nan
    rows = tf.constant(X.reshape(4, 10))
    with tf.GradientTape() as tape:
        tape.watch(rows)
        states = recur(whole, kernel, bias, rows)
    assert np.isfinite(tape.gradient(states, rows)).all()
    sequence = replace(whole, returns_sequence=True)
    steps = recur(sequence, kernel, bias, rows).numpy().reshape(4, 5, -1)
    for i, n in enumerate((5, 1, 3, 4)):
        alone = Recurrence(cell, n, 2, 3, is_bidirectional=both)
        given = X[i : i + 1, :n].reshape(1, -1)
        assert_allclose(states[i : i + 1], recur(alone, kernel, bias, given), atol=1e-6)
        expected = recur(replace(alone, returns_sequence=True), kernel, bias, given)
        assert_allclose(steps[i, :n].ravel(), expected[0], atol=1e-6)
        assert np.isnan(steps[i, n:]).all()


@pytest.mark.slow
def test_sequences_of_unequal_lengths(learning_seed):
    long = {"max_iter": 100, "learning_rate_init": 0.01, "random_state": learning_seed}
    recurrent = fitted(SEQUENCES, **long)
    again = fitted(PADDED, **long)
    for one, other in zip(recurrent.weights_, again.weights_, strict=True):
        assert_array_equal(one, other)
    codes = recurrent.transform(SEQUENCES)
    assert_array_equal(codes, again.transform(PADDED))
    assert_array_equal(codes, again.transform(PADDED.reshape(400, 12)))
    # A sequence alone, and an array of those that end early.
    assert_allclose(recurrent.transform(SEQUENCES[3:4]), codes[3:4], atol=1e-6)
    short = LENGTHS <= 4
    assert_allclose(recurrent.transform(PADDED[short, :4]), codes[short], atol=1e-6)
    back, together = recurrent.reconstruct(SEQUENCES), recurrent.reconstruct(PADDED)
    assert [each.shape for each in back] == [each.shape for each in SEQUENCES]
    assert_array_equal(np.isnan(together), np.isnan(PADDED))
    for one, other, n in zip(back, together, LENGTHS, strict=True):
        assert_array_equal(one, other[:n])
    assert recurrent.inverse_transform(codes).shape == (400, 6, 2)
    # Only steps before the end count.
    mean = recurrent.mean_.reshape(6, 2)
    assert_allclose(mean, np.nanmean(PADDED, axis=0))
    errors = np.nansum(np.square(PADDED - together), axis=(1, 2))
    assert_allclose(-recurrent.score_samples(SEQUENCES), errors)
    variation = np.nansum(np.square(PADDED - mean))
    assert recurrent.score(SEQUENCES) == pytest.approx(1 - errors.sum() / variation)
    n_values = 2 * LENGTHS.sum()
    assert recurrent.reconstruction_err_ == pytest.approx(errors.sum() / n_values)
    assert recurrent.scale_ == pytest.approx(np.sqrt(variation / n_values))
    filled = np.where(np.isnan(PADDED), mean, PADDED).reshape(400, 12)
    of_pca = PCA(2).fit(filled)
    left = filled - of_pca.inverse_transform(of_pca.transform(filled))
    left = np.where(np.isnan(PADDED.reshape(400, 12)), 0.0, left)
    assert_learned(recurrent.score(PADDED), above=1 - np.square(left).sum() / variation + 0.1)


def test_a_validation_set_of_sequences_of_unequal_lengths():
    long, short = np.flatnonzero(LENGTHS == 6), np.flatnonzero(LENGTHS < 5)
    recurrent = RecurrentAutoencoder(2, hidden_layer_sizes=6, max_iter=1, random_state=0)
    recurrent.set_params(learning_rate="cosine")
    with pytest.raises(ValueError, match="X_val: sequences end early, but those of X do not"):
        recurrent.fit(PADDED[long], X_val=[SEQUENCES[i] for i in short])
    given = recurrent.fit(SEQUENCES, X_val=[SEQUENCES[i] for i in short])
    assert np.isfinite(given.validation_loss_curve_).all()
    losses = given.validation_loss_curve_
    assert losses == recurrent.fit(PADDED, X_val=PADDED[short]).validation_loss_curve_


@pytest.mark.slow
def test_the_loss_ignores_what_the_decoder_returns_after_the_end():
    idle = {"max_iter": 1, "early_stopping": False, "learning_rate_init": 1e-9, "alpha": 0.0}
    start = fitted(PADDED, init="glorot", **idle)
    errors = -start.score_samples(PADDED) / start.scale_**2 / 12
    assert start.loss_ == pytest.approx(errors.mean(), rel=1e-4)


@pytest.mark.parametrize("corruption", ["gaussian", "masking", "salt_and_pepper", "swap"])
def test_noise_keeps_the_lengths(corruption):
    network = RecurrentNetwork(hidden_layer_sizes=6)
    denoiser = DenoisingAutoencoder(
        2, network=network, corruption=corruption, max_iter=1, random_state=0
    ).set_params(learning_rate="cosine")
    denoiser.fit(PADDED)
    assert np.isfinite(denoiser.loss_)
    noisy = denoiser.corrupt(PADDED, random_state=0)
    assert_array_equal(np.isnan(noisy), np.isnan(PADDED.reshape(400, 12)))
    assert (noisy != PADDED.reshape(400, 12)).mean() > 0.2


@pytest.mark.slow
def test_the_bound_of_a_short_sequence_is_that_of_its_steps():
    network = RecurrentNetwork(hidden_layer_sizes=6)
    variational = VariationalAutoencoder(2, network=network, max_iter=1, random_state=0)
    variational.set_params(learning_rate="cosine").fit(PADDED)
    bounds = variational.evidence_lower_bound(PADDED, random_state=0)
    # With the scale of the noise, a step that is explained costs about as much as any other.
    slope = np.polyfit(LENGTHS, bounds, 1)[0]
    assert_allclose(slope, bounds.sum() / LENGTHS.sum(), rtol=0.5)


def test_what_cannot_be_read_as_the_end_of_a_sequence():
    recurrent = fitted(PADDED, max_iter=1)
    holes = PADDED.copy()
    holes[3, 0, 1] = np.nan
    with pytest.raises(ValueError, match="sample 3 has NaN before its last values, at step 0"):
        recurrent.transform(holes)
    with pytest.raises(ValueError, match="longer than those that were fitted"):
        recurrent.transform([np.zeros((7, 2))])
    # An estimator fitted on complete sequences takes no others.
    complete = fitted(X.reshape(400, 6, 2), max_iter=1)
    with pytest.raises(ValueError, match="unequal lengths"):
        complete.transform(SEQUENCES)
    with pytest.raises(ValueError, match="contains NaN"):
        complete.transform(PADDED)
    denoiser = DenoisingAutoencoder(2, network=RecurrentNetwork(), corruption=None)
    with pytest.raises(ValueError, match="must be of one length"):
        denoiser.fit(PADDED, PADDED)
    with pytest.raises(ValueError, match="Fitted on sequences of unequal lengths"):
        to_keras(recurrent)


def test_errors_by_step_and_feature():
    detector = AutoencoderOutlierDetector(RecurrentAutoencoder(2, max_iter=1, random_state=0))
    sequences = X.reshape(400, 6, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        detector.fit(sequences)
    errors = detector.feature_errors(sequences)
    assert errors.shape == (400, 6, 2)
    expected = np.square(sequences - detector.autoencoder_.reconstruct(sequences))
    assert_allclose(errors, expected, rtol=1e-6)
