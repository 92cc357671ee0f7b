"""ConvolutionalNetwork: values for each convolution, and images of any size mirrored exactly."""

import pytest

from skae.networks import ConvolutionalNetwork


def layers(shape=(28, 28), n_components=None, **params):
    return ConvolutionalNetwork(**params).layers(shape, n_components)


def test_valid_convolutions_shorten_the_image():
    there, back = layers(filters=(4, 4, 1), kernel_size=5, strides=1, padding="valid")
    assert [layer.filtered for layer in there] == [(24, 24, 4), (20, 20, 4), (16, 16, 1)]
    assert [layer.n_out for layer in back] == [20 * 20 * 4, 24 * 24 * 4, 28 * 28]


def test_pooling_divides_the_image():
    params = {"filters": (8, 4, 2), "strides": 1, "pooling": 2}
    assert [layer.filtered[:2] for layer in layers(**params)[0]] == [(14, 14), (7, 7), (4, 4)]
    there, back = layers((27, 9, 3), 5, **params)
    assert [layer.filtered[:2] for layer in there[:-1]] == [(14, 5), (7, 3), (4, 2)]
    assert back[-1].n_out == 27 * 9 * 3


def test_each_convolution_has_its_own_values():
    there, back = layers(
        filters=(2, 3),
        kernel_size=[5, (3, 1)],
        strides=[(2, 1), 1],
        padding=["valid", "same"],
        pooling=[1, (2, 3)],
    )
    first, second = there
    assert (first.kernel, first.strides, first.padding) == ((5, 5), (2, 1), "valid")
    assert (second.kernel, second.padding, second.pooling) == ((3, 1), "same", (2, 3))
    assert [layer.mirrored for layer in back] == [second, first]


@pytest.mark.parametrize("filters", [3, (2, 3), (2, 3, 4)])
def test_a_tuple_of_two_ints_is_height_and_width_of_all(filters):
    there, _ = layers(filters=filters, kernel_size=(5, 2), strides=(1, 2), pooling=(2, 1))
    assert {layer.kernel for layer in there} == {(5, 2)}
    assert {layer.strides for layer in there} == {(1, 2)}
    assert {layer.pooling for layer in there} == {(2, 1)}


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"kernel_size": [3]}, r"kernel_size=\[3\].*each of the 2 convolutions"),
        ({"kernel_size": (3, 3, 3)}, r"kernel_size=\(3, 3, 3\)"),
        ({"kernel_size": [3, None]}, "kernel_size="),
        ({"strides": [(1, 2, 3), 1]}, "strides="),
        ({"pooling": [2, 0]}, "pooling="),
        ({"padding": ["valid"]}, r"padding=\['valid'\].*each of the 2 convolutions"),
        ({"padding": ["valid", "full"]}, "padding=.*'same' or 'valid'"),
        (
            {"kernel_size": 15, "strides": 1, "padding": "valid"},
            r"convolution 1 gets an image of \(14, 14\) pixels, which its kernel \(15, 15\)",
        ),
    ],
)
def test_what_cannot_be_used_is_named(params, message):
    with pytest.raises(ValueError, match=message):
        layers(**params)
