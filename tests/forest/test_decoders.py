"""The way back learns relations between columns, and never leaves a sample's box."""

import numpy as np
from numpy.testing import assert_allclose
from sklearn.ensemble import ExtraTreesRegressor

from skae._forest.boxes import LeafCodes
from skae._forest.decoders import BoxDecoder, NeighborDecoder

rng = np.random.default_rng(0)
HIDDEN = rng.standard_normal((400, 1))
X = np.hstack([HIDDEN, HIDDEN + 0.05 * rng.standard_normal((400, 1))])


def test_the_nearest_point_of_the_box_is_at_least_as_close(monkeypatch):
    forest = ExtraTreesRegressor(2, max_features=1, random_state=0).fit(X, HIDDEN.ravel())
    encoder = LeafCodes(forest, X)
    decoder = BoxDecoder(encoder, X, np.random.RandomState(0))
    codes = encoder.encode(X)
    low, high = encoder.box(codes)
    usual = encoder.usual_in(low, high)
    decoded, free = decoder.decode(codes), decoder.linear.predict(usual)
    assert ((decoded >= low) & (decoded <= high)).all()
    errors = [((X - each) ** 2).sum(axis=1) for each in (decoded, free, usual)]
    assert (errors[0] <= errors[1] + 1e-9).all()
    # The columns are almost equal: each tells where in its box the other is.
    assert errors[0].mean() < 0.7 * errors[2].mean()
    monkeypatch.setattr("skae._forest.decoders.N_BOUNDS", 20)
    assert_allclose(decoder.decode(codes), decoded)


def test_neighbors_tell_what_a_line_does_not():
    codes = np.linspace(-1, 1, 200)[:, None]
    numbers = np.hstack([codes, codes**2])
    new = codes[20:-20] + 0.001
    found = NeighborDecoder(codes, numbers).decode(new)
    assert_allclose(found, np.hstack([new, new**2]), atol=0.01)
    # Samples of one leaf have one code: their mean comes back.
    codes = np.repeat([[0.0], [1.0]], 5, axis=0)
    numbers = np.arange(10.0)[:, None]
    assert_allclose(NeighborDecoder(codes, numbers).decode([[0.0], [1.0]]), [[2.0], [7.0]])
