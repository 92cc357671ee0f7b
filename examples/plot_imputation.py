"""
=====================================
How are holes filled in a real table?
=====================================

Doctors measured 30 features of cell nuclei in 569 tumors: radius, area, symmetry, and so on. Here
30 % of the values are lost. They can be filled with means, from the nearest samples, by regression
of each feature on the others, or by an autoencoder that has learned to predict hidden values. Areas
grow as the square of radii, which a regression by straight lines cannot know.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer, SimpleImputer
from sklearn.model_selection import train_test_split

from skae import AutoencoderImputer
from skae.plotting import METHOD_COLORS

tumors = load_breast_cancer(as_frame=True).data
is_lost = np.random.default_rng(0).random(tumors.shape) < 0.3
X, X_test, _, lost = train_test_split(tumors.mask(is_lost), is_lost, random_state=0)
true = tumors.loc[X_test.index]

# %%
# Every imputer learns from rows with holes, and fills those of other rows. An error is the root
# mean square of the differences to the lost values, in standard deviations of the feature, so that
# means have one of about 1. Fewer epochs than by default are enough here.
imputers = {
    "SimpleImputer": SimpleImputer(),
    "KNNImputer": KNNImputer(),
    "IterativeImputer": IterativeImputer(max_iter=20, random_state=0),
    "AutoencoderImputer": AutoencoderImputer(max_iter=60, random_state=0),
}
filled, errors = {}, {}
for name, imputer in imputers.items():
    filled[name] = imputer.set_output(transform="pandas").fit(X).transform(X_test)
    differences = (filled[name] - true) / tumors.std()
    errors[name] = np.sqrt(np.square(differences.to_numpy()[lost]).mean())
errors = pd.Series(errors)
print(errors.round(2).to_string())

# %%
# On the left, the errors. On the right, one feature, the area of the largest nuclei. The straight
# lines of the regression cannot follow a square: the smallest areas come out too small.
feature = "worst area"
at = lost[:, tumors.columns.get_loc(feature)]
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
colors = ["0.8", "tab:olive", "tab:orange", METHOD_COLORS["AutoencoderImputer"]]
errors.plot.barh(ax=left, xlabel="error in standard deviations", color=colors).invert_yaxis()
for name, color in zip(errors.index[1:], colors[1:], strict=True):
    given = {"color": color, "s": 10, "label": name}
    right.scatter(true.loc[at, feature], filled[name].loc[at, feature], **given)
right.axline((500, 500), slope=1, color="0.7", zorder=0)
right.set(xlabel="lost value", ylabel="filled value", title=feature)
right.legend()
plt.show()

# %%
# One filled table looks more certain than it is. The method `sample` draws many, with random errors
# as large as those on samples held out in training. So about 90 % of the lost values should lie in
# intervals that hold 90 % of the drawn ones.
drawn = imputers["AutoencoderImputer"].sample(X_test, n=100, random_state=0)
low, high = np.quantile(drawn, [0.05, 0.95], axis=0, method="weibull")
inside = ((low <= true) & (true <= high)).to_numpy()[lost].mean()
print(f"inside the intervals: {inside:.0%}")
