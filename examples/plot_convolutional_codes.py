"""
========================================
What do codes that are images look like?
========================================

Without a dense layer, the codes of :class:`~skae.ConvolutionalAutoencoder` are the pixels of a
smaller image. This repeats a usual first example of articles: three convolutions without padding,
with kernels of 5 x 5, make 16 x 16 pixels of MNIST's 28 x 28, and their transposes lead back. The
code still looks like the digit, because each of its pixels depends on a part of the image only.
The article's cross-entropy on test images is .0813, after 12 epochs.

With the path of Keras' ``mnist.npz`` in the environment variable MNIST the images are those of the
article. The smaller digits of scikit-learn have kernels of 2 x 2, and another cross-entropy.
"""

import os

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skae import ConvolutionalAutoencoder
from skae.datasets import load_mnist

path = os.environ.get("MNIST")
if path:
    data = "MNIST"
    X, X_test = load_mnist(path).images, load_mnist(path, subset="test").images
else:
    data = "scikit-learn's digits"
    X, X_test = train_test_split(load_digits().images / 16, random_state=0)

autoencoder = ConvolutionalAutoencoder(
    n_components=None,
    filters=(4, 4, 1),
    kernel_size=5 if path else 2,
    strides=1,
    padding="valid",
    loss="binary_crossentropy",
    init="glorot",
    learning_rate="cosine",
    batch_size=128,
    max_iter=6 if path else 100,
    random_state=0,
).fit(X, X_val=X_test)
layers = autoencoder.network_.encoder
for height, width, channels in (layers[0].image, *(layer.filtered for layer in layers)):
    print(f"{height} x {width} x {channels}")
for epoch in (autoencoder.n_iter_ // 2, autoencoder.n_iter_):
    loss = autoencoder.validation_loss_curve_[epoch - 1]
    print(f"{epoch} epochs: test cross-entropy {loss:.4f}")

# %%
# Images that were not trained on, their codes, and the images of these codes.
codes = autoencoder.transform(X_test[:10])
side = int(np.sqrt(codes.shape[1]))
rows = {
    "image": X_test[:10],
    f"code\n{side} x {side}": codes.reshape(-1, side, side),
    "reconstruction": autoencoder.inverse_transform(codes),
}
fig, axes = plt.subplots(3, 10, figsize=(9, 3.2), layout="constrained")
for axes_of_row, (name, images) in zip(axes, rows.items(), strict=True):
    axes_of_row[0].set_ylabel(name, rotation=0, ha="right", va="center")
    for ax, image in zip(axes_of_row, images, strict=True):
        ax.imshow(image, cmap="gray_r", vmin=images.min(), vmax=images.max())
        ax.set(xticks=[], yticks=[])
fig.suptitle(f"{data}: test cross-entropy {autoencoder.best_validation_loss_:.4f}")
plt.show()
