"""Programs run on another device than the first CPU, and on the GPUs that the user leaves visible.

Where there is no GPU, a second CPU stands for it, and a list of names for the system's.
"""

from inspect import unwrap
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from sklearn.base import clone

from skae import AutoencoderTransformer, ConvolutionalAutoencoder, RecurrentAutoencoder
from skae._tensorflow import session, trainer

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
X = np.random.default_rng(0).standard_normal((60, 16)).astype(np.float32)
NAMES = ("program", "bfloat16_program")


@pytest.fixture
def on_second_cpu(monkeypatch):
    """Let programs run on a second CPU; return the devices that were asked for."""
    config, make, places = session._config, tf.compat.v1.Session, []

    def with_two(trace):
        made = config(trace)
        made.device_count["CPU"] = 2
        return made

    def placed(graph, config):
        described = graph.as_graph_def()
        for node in described.node:
            node.device = "/device:CPU:1"
        with tf.Graph().as_default() as same:
            tf.graph_util.import_graph_def(described, name="")
        places.extend(operation.device for operation in same.get_operations())
        return make(graph=same, config=config)

    def start():
        monkeypatch.setattr(session, "_config", with_two)
        monkeypatch.setattr(tf.compat.v1, "Session", placed)
        for name in NAMES:
            # Other tests must not be given these programs, nor these those of others.
            uncached = session.locked_cache(unwrap(getattr(trainer, name)))
            monkeypatch.setattr(trainer, name, uncached)
        return places

    return start


@pytest.mark.parametrize(
    "estimator",
    [
        pytest.param(AutoencoderTransformer(2, hidden_layer_sizes=(5,)), marks=pytest.mark.slow),
        pytest.param(
            AutoencoderTransformer(2, hidden_layer_sizes=(5,), precision="bfloat16"),
            marks=[pytest.mark.slow, pytest.mark.filterwarnings("ignore:precision=")],
        ),
        pytest.param(ConvolutionalAutoencoder(2, image_shape=(4, 4)), marks=pytest.mark.slow),
        RecurrentAutoencoder(2, sequence_shape=(4, 4), hidden_layer_sizes=(3,)),
    ],
)
def test_fits_on_another_device_are_equal(estimator, on_second_cpu):
    estimator.set_params(max_iter=3, random_state=0)
    expected = clone(estimator).fit(X).weights_
    places = on_second_cpu()
    placed = clone(estimator).fit(X).weights_
    assert set(places) == {"/device:CPU:1"}
    for one, other in zip(placed, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def settings(monkeypatch, gpus, visible, growing=()):
    for name, function in {
        "list_physical_devices": lambda kind: list(gpus),
        "get_visible_devices": lambda kind: list(visible),
    }.items():
        monkeypatch.setattr(tf.config, name, function)
    monkeypatch.setattr(tf.config.experimental, "get_memory_growth", lambda gpu: gpu in growing)
    return session._config(SimpleNamespace(on_xla=True, on_one_core=False, is_fused=True))


def test_sessions_use_the_gpus_that_are_visible(monkeypatch):
    assert settings(monkeypatch, "abc", "abc").gpu_options.visible_device_list == ""
    assert settings(monkeypatch, "abc", "ca").gpu_options.visible_device_list == "2,0"
    hidden = settings(monkeypatch, "abc", "")
    assert dict(hidden.device_count) == {"GPU": 0}
    assert dict(settings(monkeypatch, "abc", "b").device_count) == {}


def test_sessions_take_the_memory_of_gpus_as_they_need_it_if_told_so(monkeypatch):
    assert not settings(monkeypatch, "ab", "ab").gpu_options.allow_growth
    assert settings(monkeypatch, "ab", "ab", growing="b").gpu_options.allow_growth
