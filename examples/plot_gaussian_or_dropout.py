"""
===================================================
Gaussian noise or dropout for DenoisingAutoencoder?
===================================================

The noise that is to be removed later: each network cleans its own noise best. The programs are
those of A. Géron, "Hands-On Machine Learning with Scikit-Learn and TensorFlow", 2017, chapter 15:
784-300-150 with ReLU, and Gaussian noise or dropout on the inputs. At the chapter's learning rate
most codes die: they are the same for all images. With skae's defaults none does.

With the path of Keras' ``mnist.npz`` in the environment variable MNIST the images are those of the
chapter. Errors of smaller digits cannot be compared with those printed for Keras.
"""

import os
import warnings

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning

from skae import DenoisingAutoencoder
from skae.datasets import load_mnist

path = os.environ.get("MNIST")
data = "MNIST" if path else "scikit-learn's digits"
X = load_mnist(path, subset="all").data if path else load_digits().data / 16
X, _, X_test = np.split(X, [11 * len(X) // 14, 6 * len(X) // 7])  # of MNIST 55,000 and 10,000
side = round(np.sqrt(X.shape[1]))

# %%
# The deviation of the noise is the chapter's 1 on MNIST, less where strokes have fewer pixels.
shared = {"batch_size": 150, "max_iter": 10 if path else 100, "random_state": 0}
chapter = {
    "activation": "relu",
    "code_activation": "relu",
    "standardize": False,
    "init": "he",
    "alpha": 0.0,
    "learning_rate": "constant",
    "learning_rate_init": 0.01,
    "early_stopping": False,
}
settings = {"chapter": chapter, "defaults": {"learning_rate": "cosine"}}
noises = {"gaussian": side / 28, "dropout": 0.3}
print(f"{data:22}     dead codes   clean images       gaussian        dropout")
print("gaussian, Keras, MNIST                        .0343          .0399")
print("dropout, Keras, MNIST                         .0232                         .0249")
denoisers, errors, corrupted = {}, {}, {"clean images": X_test}
warnings.simplefilter("ignore", ConvergenceWarning)  # of dead units, and of few epochs
for setting, kw in settings.items():
    for name, level in noises.items():
        noise = {"corruption": name, "noise_level": level}
        denoiser = DenoisingAutoencoder(150, hidden_layer_sizes=(300,), **noise, **shared, **kw)
        denoisers[name, setting] = denoiser.fit(X)
        corrupted[name] = denoiser.corrupt(X_test, random_state=0)
for (name, setting), denoiser in denoisers.items():
    dead = np.mean(denoiser.transform(X_test).std(axis=0) == 0)
    cleaned = [denoiser.reconstruct(images) for images in corrupted.values()]
    errors[name, setting] = [np.mean((images - X_test) ** 2) for images in cleaned]
    text = "".join(f"{error:15.4f}" for error in errors[name, setting])
    print(f"{f'{name}, {setting}':22}{dead:15.0%}{text}")

# %%
# Images with the noise that each network was trained with, and what the defaults make of them.
rows = {"Original": X_test}
for name in noises:
    again = denoisers[name, "defaults"].reconstruct(corrupted[name])
    rows |= {f"{name} noise": corrupted[name], f"{name} noise, cleaned": again}
fig, axes = plt.subplots(len(rows), 10, figsize=(8, 4.2), layout="constrained")
fig.suptitle(data)
for axes_of_row, (name, images) in zip(axes, rows.items(), strict=True):
    label = name if images is X_test else f"{name}\nMSE {np.mean((images - X_test) ** 2):.4f}"
    axes_of_row[0].set_ylabel(label, rotation=0, ha="right", va="center")
    for ax, image in zip(axes_of_row, images, strict=False):
        ax.imshow(image.reshape(side, side), cmap="gray_r", vmin=0, vmax=1)
        ax.set(xticks=[], yticks=[])
plt.show()
