"""How rows are drawn: as images, as lines, in panels."""

from math import prod
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from skae.plotting._pictures import (
    Picture,
    chosen,
    largest,
    limits,
    mosaic,
    panels,
    strongest,
)


def of(image_shape, n_columns, estimator=None, X=None):
    return Picture.of(estimator, X, n_columns).shaped(image_shape)


def test_squares_are_images_and_tables_are_not():
    assert of("auto", 64).shape == (8, 8)
    assert of("auto", 784) == Picture((28, 28), is_image=True)
    assert of("auto", 25) == Picture((25, 1), is_image=False)
    assert not of("auto", 65).is_image
    assert not of(None, 64).is_image


def test_an_estimator_or_the_data_may_say_the_shape():
    def taking(*shape):
        first = SimpleNamespace(shape_in=shape)
        return SimpleNamespace(network_=SimpleNamespace(encoder=[first]))

    assert of("auto", 64, taking(4, 16, 1)).shape == (4, 16)
    assert not of("auto", 64, taking(1, 64, 1)).is_image
    assert of("auto", 24, X=np.zeros((5, 4, 6))).shape == (4, 6)
    recurrent = taking(32, 2)
    assert of("auto", 64, recurrent, np.zeros((5, 32, 2))) == Picture((32, 2), is_image=False)
    # An earlier step that cannot be undone may have changed the number of columns.
    assert of("auto", 10, recurrent) == Picture((10, 1), is_image=False)
    # Two channels are no colors.
    assert not of("auto", 128, taking(8, 8, 2)).is_image
    # Rows of models of Keras, of unlike shapes.
    for shape, expected in {
        (4, 16, 1): Picture((4, 16), is_image=True),
        (8, 16): Picture((8, 16), is_image=True),
        (64, 2): Picture((64, 2), is_image=False),
        (64,): Picture((8, 8), is_image=True),
    }.items():
        assert of("auto", prod(shape), SimpleNamespace(row_shape_=shape)) == expected
    assert of((8, 8, 1), 64).shape == (8, 8)
    assert of((4, 4, 3), 48).shape == (4, 4, 3)


@pytest.mark.parametrize("image_shape", [(8, 9), (64,), (4, 8, 2), "square"])
def test_shapes_that_do_not_fit(image_shape):
    with pytest.raises(ValueError, match="image_shape="):
        of(image_shape, 64)


def test_a_picture_takes_another_shape():
    image = Picture((8, 8), is_image=True)
    lines = image.shaped(None)
    assert lines == Picture((64, 1), is_image=False)
    assert lines.shaped((8, 8)) == image
    assert lines.shaped("auto") is lines
    sequence = Picture((32, 2), is_image=False)
    assert sequence.shaped(None) == sequence


def test_few_columns_have_names():
    assert Picture.of(None, None, 2, ("length", "width")).names == ("length", "width")
    assert Picture.of(None, None, 3, ("length", "width")).names == ()
    assert Picture.of(None, None, 40, tuple(map(str, range(40)))).names == ()


def test_images_are_drawn_on_the_scale_given():
    _, ax = plt.subplots()
    image = Picture((2, 2), is_image=True).draw(ax, np.arange(4.0), (0.0, 8.0))
    assert image.get_clim() == (0.0, 8.0)
    assert_array_equal(image.get_array(), [[0, 1], [2, 3]])
    colors = Picture((1, 2, 3), is_image=True).draw(ax, np.arange(6.0), (0.0, 4.0))
    assert_array_equal(colors.get_array(), [[[0, 0.25, 0.5], [0.75, 1, 1]]])


def test_signed_rows_have_zero_in_the_middle():
    _, ax = plt.subplots()
    image = Picture((2, 2), is_image=True).draw_signed(ax, np.array([-1.0, 0, 0, 2]), 3.0)
    assert image.get_clim() == (-3.0, 3.0)
    line = Picture((4, 1), is_image=False).draw_signed(ax, np.array([-1.0, 0, 0, 2]), 3.0)
    assert_array_equal(line.get_ydata(), [-1, 0, 0, 2])
    assert sum(ax.get_ylim()) == pytest.approx(0.0)
    # Colors stand about a middle gray: red against blue.
    colors = Picture((1, 1, 3), is_image=True).draw_signed(ax, np.array([2.0, 0, -2]), 2.0)
    assert_array_equal(colors.get_array(), [[[1, 0.5, 0]]])


def test_values_that_are_missing_do_not_blur_the_others():
    rows = np.array([[0.0, np.nan], [2.0, -3.0]])
    assert limits(rows) == (-3.0, 2.0)
    assert largest(rows) == 3.0


def test_a_sequence_has_a_line_for_each_of_its_values():
    _, ax = plt.subplots()
    Picture((3, 2), is_image=False).draw(ax, np.arange(6.0), (0.0, 5.0))
    assert [list(line.get_ydata()) for line in ax.lines] == [[0, 2, 4], [1, 3, 5]]
    assert ax.lines[0].get_color() != ax.lines[1].get_color()


def test_a_mosaic_has_gaps():
    wall = mosaic(np.ones((3, 2, 2)))
    assert wall.shape == (5, 5)
    assert np.isnan(wall[2]).all()
    assert np.isnan(wall[3:, 3:]).all()
    assert np.nansum(wall) == 12
    assert mosaic(np.ones((3, 2, 2, 3)), n_columns=3, gap=2).shape == (2, 10, 3)


def test_panels_are_large_enough_and_may_divide_a_place():
    image, table = Picture((2, 2), is_image=True), Picture((2, 1), False, ("length", "width"))
    figure, axes = panels(None, 2, 3, image)
    assert axes.shape == (2, 3)
    wider, _ = panels(None, 2, 10, image)
    assert wider.get_figwidth() > figure.get_figwidth()
    assert panels(None, 1, 1, table)[0].get_figheight() > 1.4
    for ax in (plt.subplots()[1], plt.figure().add_axes([0.1, 0.2, 0.3, 0.4])):
        figure, axes = panels(ax, 2, 2, image)
        assert figure is ax.figure
        assert len(figure.axes) == 5
        assert ax.get_position().y0 <= axes[1, 0].get_position().y0
        assert ax.get_position().y1 > axes[0, 0].get_position().y1
        with pytest.raises(ValueError, match="divided already"):
            panels(ax, 2, 2, image)


def test_what_is_chosen():
    some = strongest(np.array([3.0, 1.0, 2.0]))
    assert_array_equal(chosen(3, "units", 2, some), [0, 2])
    assert_array_equal(chosen(2, "units", 2, some), [0, 1])
    assert_array_equal(chosen(3, "units", [2, -3], some), [2, 0])
    for value in (0, 2.0, None):
        with pytest.raises(ValueError, match=f"units={value}"):
            chosen(3, "units", value, some)
    for units in ([3], [-4], [], [[0]], [0.5]):
        with pytest.raises(ValueError, match="units="):
            chosen(3, "units", units, some)
