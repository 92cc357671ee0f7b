"""
=============================================
How does StackedAutoencoder train its layers?
=============================================

:class:`~skae.StackedAutoencoder` trains its first layer as an autoencoder of X, the second as an
autoencoder of the codes of the first, and so on. Layers below are frozen, so their codes are
computed once and kept. Then the whole network is fine-tuned from there.

Fine-tuning is what makes it better than :class:`~sklearn.decomposition.PCA`. A network as small as
this one is better trained as a whole from the start, as by :class:`~skae.AutoencoderTransformer`:
training layers alone was invented for deep networks that did not train otherwise.
"""

import matplotlib.pyplot as plt
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split

from skae import AutoencoderTransformer, StackedAutoencoder
from skae.plotting import LossCurveDisplay

X, X_test = train_test_split(load_digits().data / 16, random_state=0)
stacked = StackedAutoencoder(
    8, hidden_layer_sizes=(64, 32), layer_max_iter=20, max_iter=60, random_state=0
)
stacked.set_params(learning_rate="cosine")

# %%
# The loss of a layer is the share of the variance of its input that it leaves unexplained. Each
# layer reconstructs its input well, but does not know what the layers above will need.
layers = clone(stacked).set_params(fine_tune=False).fit(X)
stacked.fit(X)
for i, curve in enumerate(stacked.stage_loss_curves_):
    n_in, n_out = stacked.encoder_coefs_[i].shape
    print(f"layer {i}, {n_in} to {n_out} units: loss {curve[0]:.3f} to {curve[-1]:.3f}")
curve = stacked.loss_curve_
print(f"the whole network: loss {curve[0]:.3f} to {curve[-1]:.3f}\n")


def kept(reducer):
    """Share of the variance of other images that their codes keep."""
    lost = (X_test - reducer.inverse_transform(reducer.transform(X_test))) ** 2
    return 1 - lost.sum() / ((X_test - X.mean(axis=0)) ** 2).sum()


whole = AutoencoderTransformer(8, hidden_layer_sizes=(64, 32), max_iter=120, random_state=0)
whole.set_params(learning_rate="cosine").fit(X)
print("variance of other images kept by 8 codes")
for name, reducer in {
    "PCA": PCA(8).fit(X),
    "layers one by one": layers,
    "then fine-tuned": stacked,
    "AutoencoderTransformer, as a whole": whole,
}.items():
    print(f"{name:34} {kept(reducer):.3f}")

# %%
# The curves of all stages, one after the other.
fig, ax = plt.subplots(figsize=(8, 4), layout="constrained")
LossCurveDisplay.from_estimator(stacked, ax=ax)
ax.set_ylabel("loss: share of the variance not explained")
plt.show()
