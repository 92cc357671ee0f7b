"""
================================
How is a mixed table compressed?
================================

A table of flats to let has columns of numbers and of categories. PCA needs an indicator for each
category, columns of one scale, and a way back. An autoencoder takes the table as it is, maps each
flat to two codes, and gives a table back. Its codes keep the categories apart, which PCA mixes up.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.decomposition import PCA
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skae import AutoencoderTransformer
from skae.plotting import METHOD_COLORS

rng = np.random.default_rng(0)
district = rng.choice(4, size=2000, p=[0.3, 0.3, 0.2, 0.2])
built = np.array([1905, 1965, 1990, 2012])[district] + rng.integers(-8, 9, size=2000)
area = rng.gamma(12, 6, size=2000)
flats = pd.DataFrame(
    {
        "district": np.array(["old town", "station", "hills", "harbor"])[district],
        "heating": np.where(built < 1960, "gas", np.where(built < 2000, "district", "heat pump")),
        "has_balcony": (district > 1) | (area > 90),
        "rooms": np.clip(np.rint(area / 25), 1, 6).astype(int),
        "area": area.round(),
        "built": built,
        "rent": (area * np.array([14, 9, 11, 17])[district] + rng.normal(0, 40, 2000)).round(),
    }
)
X, X_test = train_test_split(flats, random_state=0)

# %%
# The data frame of three flats that were not trained on, their codes, and what these decode to:
# whole numbers are whole numbers again, and categories are categories.
autoencoder = AutoencoderTransformer(2, random_state=0).fit(X)
codes = autoencoder.set_output(transform="pandas").transform(X_test)
back = autoencoder.inverse_transform(codes.head(3)).round(1)
score = f"score: {autoencoder.score(X_test):.3f}"
print(X_test.head(3), codes.head(3).round(2), back, score, sep="\n\n")

# %%
# By hand, the same takes an encoder, a scaler, PCA, and the largest indicator on the way back.
numbers = list(flats.select_dtypes("number"))
texts = list(flats.columns.difference(numbers))
one_hot = OneHotEncoder(sparse_output=False)
encode = make_column_transformer((one_hot, texts), (StandardScaler(), numbers)).fit(X)
pca = PCA(2).fit(encode.transform(X))
back = pca.inverse_transform(pca.transform(encode.transform(X_test)))
one_hot, scaler = (transformer for _, transformer, _ in encode.transformers_)
by_pca = pd.DataFrame(scaler.inverse_transform(back[:, -len(numbers) :]), columns=numbers)
by_pca[texts] = one_hot.inverse_transform(back[:, : -len(numbers)])

# %%
# A score is accuracy for categories and :math:`R^2` for numbers, on flats that were not trained on.
scores = {
    name: [(r2_score if c in numbers else accuracy_score)(X_test[c], table[c]) for c in flats]
    for name, table in {
        "PCA": by_pca.astype({"has_balcony": bool}),
        "AutoencoderTransformer": autoencoder.reconstruct(X_test),
    }.items()
}
scores = pd.DataFrame(scores, index=flats.columns)
print(scores.round(2))
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
for name, rows in codes.groupby(X_test["district"]):
    left.scatter(*rows.to_numpy().T, s=8, label=name)
left.set(xlabel="first code", ylabel="second code", title="Flats, by their codes")
left.legend(title="district")
scores.plot.barh(ax=right, xlabel="score of the column", color=METHOD_COLORS).invert_yaxis()
right.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)
plt.show()
