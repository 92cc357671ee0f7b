"""
==================================================
Gaussian noise or dropout for DenoisingAutoencoder?
==================================================

TEXT
"""

import os

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from skae import DenoisingAutoencoder
from skae.datasets import load_mnist

path = os.environ.get("MNIST")
if path:
    data = "MNIST"
    X, X_test = load_mnist(path).data[:55_000], load_mnist(path, subset="test").data
else:
    data = "scikit-learn's digits"
    X, X_test = train_test_split(load_digits().data / 16, random_state=0)
side = round(np.sqrt(X.shape[1]))

# %%
# The chapter's settings; ``standardize=False`` shows the network the pixels as they are. The
# deviation of the noise is the chapter's 1 on MNIST, and less where strokes have fewer pixels.
chapter = {
    "hidden_layer_sizes": (300,),
    "activation": "relu",
    "code_activation": "relu",
    "standardize": False,
    "init": "he",
    "alpha": 0.0,
    "batch_size": 150,
    "learning_rate": "constant",
    "max_iter": 10 if path else 200,
    "early_stopping": False,
    "n_iter_no_change": np.inf,
    "random_state": 0,
}
noises = {"Gaussian": ("gaussian", side / 28), "dropout": ("dropout", 0.3)}
names = ("dead codes", "clean images", "Gaussian noise", "dropout")
print(f"{data:22}" + "".join(f"{name:>15}" for name in names))
print("{:22}{:>15}{:15.4f}{:15.4f}".format("Gaussian, Keras, MNIST", "", 0.0343, 0.0399))
print("{:22}{:>15}{:15.4f}{:>15}{:15.4f}".format("dropout, Keras, MNIST", "", 0.0232, "", 0.0249))
denoisers, errors, corrupted = {}, {}, {"clean images": X_test}
for rate in (0.01, 0.001):
    for name, (corruption, level) in noises.items():
        denoiser = DenoisingAutoencoder(
            150, corruption=corruption, noise_level=level, learning_rate_init=rate, **chapter
        )
        denoisers[name, rate] = denoiser.fit(X)
        corrupted[name] = denoiser.corrupt(X_test, random_state=0)
for (name, rate), denoiser in denoisers.items():
    dead = np.mean(denoiser.transform(X_test).std(axis=0) == 0)
    cleaned = [denoiser.reconstruct(images) for images in corrupted.values()]
    errors[name, rate] = [np.mean((images - X_test) ** 2) for images in cleaned]
    print(f"{f'{name}, rate {rate}':22}{dead:15.0%}" + "".join(f"{e:15.4f}" for e in errors[name, rate]))

# %%
# Images with the noise that each network was trained with, at the smaller rate.
rows = {"Original": X_test}
for name in noises:
    rows[f"{name} noise" if name == "Gaussian" else name] = corrupted[name]
    rows[f"without {name}"] = denoisers[name, 0.001].reconstruct(corrupted[name])
fig, axes = plt.subplots(len(rows), 10, figsize=(8, 4.2), layout="constrained")
fig.suptitle(data)
for axes_of_row, (name, images) in zip(axes, rows.items(), strict=True):
    label = name if images is X_test else f"{name}\nMSE {np.mean((images - X_test) ** 2):.4f}"
    axes_of_row[0].set_ylabel(label, rotation=0, ha="right", va="center")
    for ax, image in zip(axes_of_row, images, strict=False):
        ax.imshow(image.reshape(side, side), cmap="gray_r", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
plt.show()
