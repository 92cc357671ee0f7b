import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.decomposition import PCA

from skae.plotting import LatentSpaceDisplay


@pytest.fixture
def points():
    return np.random.default_rng(0).normal(size=(60, 6)) * [6, 5, 4, 3, 2, 1]


def draw(points, n_components, y=None, **kw):
    return LatentSpaceDisplay.from_estimator(PCA(n_components).fit(points), points, y, **kw)


def test_two_codes(points):
    display = draw(points, 2)
    assert_allclose(display.scatters_[0].get_offsets(), display.codes)
    assert display.ax_.get_xlabel() == "component 0"
    assert display.ax_.get_ylabel() == "component 1"
    assert display.legend_ is None
    assert display.colorbar_ is None


def test_classes_have_a_legend(points):
    y = np.array(["cat", "dog", "eel"])[np.arange(60) % 3]
    display = draw(points, 2, pd.Series(y, name="animal"))
    assert len(display.scatters_) == 3
    assert [text.get_text() for text in display.legend_.get_texts()] == ["cat", "dog", "eel"]
    assert display.legend_.get_title().get_text() == "animal"
    assert_allclose(display.scatters_[1].get_offsets(), display.codes[y == "dog"])
    colors = {tuple(scatter.get_facecolor()[0]) for scatter in display.scatters_}
    assert len(colors) == 3
    assert draw(points, 2, y).legend_.get_title().get_text() == "class"
    named = draw(points, 2, pd.Series(y, name="animal"), y_name="species")
    assert named.legend_.get_title().get_text() == "species"


def test_more_than_ten_classes_have_marks_too(points):
    display = draw(points, 2, np.arange(60) % 12)
    looks = {
        (tuple(s.get_facecolor()[0]), len(s.get_paths()[0].vertices)) for s in display.scatters_
    }
    assert len(looks) == 12


@pytest.mark.parametrize(
    "y",
    [
        np.arange(60) % 3 - 1,
        np.where(np.arange(60) % 3 == 0, np.nan, np.arange(60) % 3),
        np.array([-1, "b", "c"] * 20, dtype=object),
        np.array([None, "b", "c"] * 20, dtype=object),
    ],
)
def test_unlabeled_rows_are_gray(points, y):
    y = y.copy()
    display = draw(points, 2, y)
    names = [text.get_text() for text in display.legend_.get_texts()]
    assert names[0] == "unlabeled"
    assert len(names) == 3
    assert len(display.scatters_[0].get_offsets()) == 20
    assert_allclose(display.scatters_[0].get_facecolor()[0, :3], 0.8)


def test_one_label_makes_minus_one_a_class_and_none_makes_all_gray(points):
    for y in ([-1, 1] * 30, [-2, -1, 1] * 20):
        names = [text.get_text() for text in draw(points, 2, y).legend_.get_texts()]
        assert "-1" in names
        assert len(names) == len(set(y))
    assert len(draw(points, 2, np.full(60, np.nan)).scatters_) == 1


def test_numbers_may_be_missing(points):
    y = np.linspace(0, 1.5, 60)
    y[::2] = np.nan
    display = draw(points, 2, y)
    assert [len(each.get_offsets()) for each in display.scatters_] == [30, 30]
    assert display.colorbar_.vmax == 1.5


def test_a_frame_of_one_column_colors_too(points):
    assert len(draw(points, 2, pd.DataFrame({"y": np.arange(60) % 2})).scatters_) == 2


@pytest.mark.parametrize("y", [np.linspace(0, 1.5, 60), np.arange(60), np.arange(60) % 40])
def test_numbers_have_a_color_bar(points, y):
    display = draw(points, 2, y)
    assert_array_equal(display.scatters_[0].get_array(), y)
    assert display.colorbar_.ax.get_ylabel() == "y"
    assert display.legend_ is None


def test_three_codes_stand_in_space(points):
    display = draw(points, 3, np.arange(60) % 2)
    assert display.ax_.name == "3d"
    assert display.ax_.get_zlabel() == "component 2"
    # The legend stands beside the axes, in a figure that makes room for it or not.
    assert display.legend_ in display.figure_.legends
    cube = plt.figure().add_subplot(projection="3d")
    assert draw(points, 3, np.arange(60) % 2, ax=cube).legend_ is cube.get_legend()
    _, flat = plt.subplots()
    assert draw(points, 3, ax=flat).axes_.shape == (2, 2)


def test_more_codes_are_drawn_by_pairs(points):
    display = draw(points, 6, np.arange(60) % 2)
    # The four that vary most; panels below the diagonal, two classes in each.
    assert_array_equal(display.components, [0, 1, 2, 3])
    assert display.ax_ is None
    assert display.axes_.shape == (3, 3)
    assert len(display.scatters_) == 12
    assert_allclose(display.axes_[2, 1].collections[0].get_offsets(), display.codes[::2][:, [1, 3]])
    assert display.axes_[2, 1].get_xlabel() == "component 1"
    assert display.axes_[2, 0].get_ylabel() == "component 3"
    assert draw(points, 6, np.linspace(0, 1, 60)).colorbar_ is not None


def test_one_code_is_drawn_against_y(points):
    y = np.linspace(-1, 1, 60)
    display = draw(points, 1, y)
    assert_allclose(display.scatters_[0].get_offsets(), np.c_[display.codes, y])
    classes = np.array(["a", "b"])[np.arange(60) % 2]
    ticks = draw(points, 1, classes).ax_.get_yticklabels()
    assert [tick.get_text() for tick in ticks] == ["a", "b"]
    assert draw(points, 1).ax_.get_ylabel() == "sample"


def test_codes_may_be_chosen(points):
    display = draw(points, 6, components=[4, 1])
    assert display.ax_.get_xlabel() == "component 4"
    assert_allclose(display.codes, PCA(6).fit_transform(points)[:, [4, 1]])
    with pytest.raises(ValueError, match=r"components=\[6\]"):
        draw(points, 6, components=[6])


def test_stored_codes_are_counted_from_zero(points):
    assert LatentSpaceDisplay(codes=points[:, :2]).plot().ax_.get_ylabel() == "code 1"


def test_style_is_passed_on(points):
    assert draw(points, 2, s=3.0).scatters_[0].get_sizes() == [3.0]
    y = np.arange(60) % 2
    display = draw(points, 2, y, c="black", lw=1, s=np.arange(60.0))
    assert len({tuple(each.get_facecolor()[0]) for each in display.scatters_}) == 1
    assert_array_equal(display.scatters_[1].get_sizes(), np.arange(60.0)[1::2])
    assert display.legend_ is None


def test_what_cannot_color(points):
    with pytest.raises(ValueError, match="1d array"):
        draw(points, 2, np.eye(60, dtype=int)[:, :3])
    with pytest.raises(ValueError, match="60 classes"):
        draw(points, 2, np.array([f"name {i}" for i in range(60)]))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        draw(points, 2, np.arange(3))
