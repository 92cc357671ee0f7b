"""
==========================================
Can DenoisingAutoencoder clean noisy rows?
==========================================

:class:`~skae.DenoisingAutoencoder` is trained to reconstruct clean samples from corrupted ones.
Here it removes noise from images of digits that it has not seen, beside
:class:`~sklearn.decomposition.PCA` and :class:`~sklearn.decomposition.KernelPCA`, which
scikit-learn uses for this in an example of its own. These two leave out what few components cannot
express. The autoencoder has been taught what noise looks like, and leaves little more than half
the error of PCA, and less than three quarters of that of KernelPCA.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA, KernelPCA
from sklearn.model_selection import train_test_split

from skae import DenoisingAutoencoder
from skae.plotting import ReconstructionDisplay

NOISE = 0.25  # standard deviation; pixels lie between 0 and 1
X, X_test = train_test_split(load_digits().data / 16, random_state=0)
rng = np.random.default_rng(0)
noisy, noisy_test = (A + rng.normal(scale=NOISE, size=A.shape) for A in (X, X_test))

# %%
# PCA and KernelPCA get the best of several settings, judged by how they clean images trained on.
# More components bring noise back, fewer lose the digits. The autoencoder has the strength of the
# noise from us, and otherwise its default settings.


def error(cleaner, noisy, X):
    """Mean squared error of a pixel after cleaning."""
    return np.mean((cleaner.inverse_transform(cleaner.transform(noisy)) - X) ** 2)


def best(candidates):
    """Return the candidate that cleans the training images best."""
    return min((c.fit(X) for c in candidates), key=lambda fitted: error(fitted, noisy, X))


kernel = {"kernel": "rbf", "fit_inverse_transform": True, "alpha": 5e-3, "random_state": 0}
cleaners = {
    "PCA": best(PCA(n) for n in (8, 12, 16, 24, 32)),
    "KernelPCA": best(KernelPCA(200, gamma=g, **kernel) for g in (0.001, 0.003, 0.01)),
    "DenoisingAutoencoder": DenoisingAutoencoder(
        32, noise_level=NOISE, learning_rate="cosine", random_state=0
    ).fit(X),
}
errors = {name: error(cleaner, noisy_test, X_test) for name, cleaner in cleaners.items()}
print("squared error of a pixel, images not trained on")
for name, value in {"noisy": np.mean((noisy_test - X_test) ** 2), **errors}.items():
    print(f"{name:21} {value:.4f}")
print("chosen:", cleaners["PCA"], "and gamma =", cleaners["KernelPCA"].gamma)

# %%
# The same images from each of the three, and the mean squared error of a pixel in all images.
shown = {"Original": X_test, "Noisy": noisy_test} | {
    name: cleaner.inverse_transform(cleaner.transform(noisy_test))
    for name, cleaner in cleaners.items()
}
fig, axes = plt.subplots(len(shown), 10, figsize=(8, 3.8), layout="constrained")
for row, (name, images) in zip(axes, shown.items(), strict=True):
    label = name if images is X_test else f"{name}\nMSE {np.mean((images - X_test) ** 2):.4f}"
    row[0].set_ylabel(label, rotation=0, ha="right", va="center")
    for ax, image in zip(row, images, strict=False):
        ax.imshow(image.reshape(8, 8), cmap="gray_r", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])

# %%
# The autoencoder's codes, and what is left of the difference: red where a pixel is too dark.
best_of_all, some = cleaners["DenoisingAutoencoder"], range(8)
ReconstructionDisplay.from_estimator(
    best_of_all, X_test, corrupted=noisy_test, samples=some, cmap="gray_r"
)
plt.show()
