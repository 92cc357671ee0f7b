"""
====================================================================
Which sensor is odd, and when? AutoencoderOutlierDetector on windows
====================================================================

Anomaly detection in time series: a data frame with a row for each machine and minute. The rows of
a machine are cut into windows; each window is a sample, an array of shape (steps, sensors). A
:class:`~skae.RecurrentAutoencoder` learns what the sensors do together, and the errors of
:class:`~skae.AutoencoderOutlierDetector` go back to machine, minute and sensor.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.dates import DateFormatter
from sklearn.preprocessing import StandardScaler

from skae import AutoencoderOutlierDetector, RecurrentAutoencoder

SENSORS = ["load", "current (A)", "temperature (°C)"]
rng = np.random.default_rng(0)


def machine(name):
    """Return a day of a machine: the load turns on and off, the other sensors follow it."""
    load = np.repeat(rng.integers(2, size=125), 12) * rng.uniform(0.8, 1.2, 125).repeat(12)
    temperature = 20 + 5 * np.convolve(load, 0.9 ** np.arange(40))
    values = np.c_[load, 3 + 8 * load, temperature[: len(load)]][-1440:]
    values += rng.normal(size=(1440, 3)) * [0.03, 0.3, 0.4]
    minutes = pd.date_range("2026-01-05", periods=1440, freq="min")
    return pd.DataFrame(values, columns=SENSORS).assign(machine=name, minute=minutes)


data = pd.concat([machine(name) for name in "ABCD"], ignore_index=True)
# Two faults, with values that are normal for the sensor alone: the temperature of machine B sticks
# for half an hour, the current of machine D drops out for five minutes.
data.loc[1440 + 600 : 1440 + 629, "temperature (°C)"] = 40
data.loc[3 * 1440 + 300 : 3 * 1440 + 304, "current (A)"] = 3

# %%
# The sensors have different units, so each is scaled. ``steps`` holds the rows of each window; no
# window runs from one machine into the next.
values = StandardScaler().fit_transform(data[SENSORS])
machines = data.groupby("machine").indices.values()
steps = np.concatenate([np.lib.stride_tricks.sliding_window_view(r, 16)[::4] for r in machines])
windows = values[steps]  # (1428, 16, 3)

# %%
# The detector takes the windows as they are, and its errors have the same shape. Each row of the
# data frame is in several windows: the median of their errors counts.
autoencoder = RecurrentAutoencoder(
    4, hidden_layer_sizes=32, learning_rate="cosine", max_iter=30, random_state=0
)
detector = AutoencoderOutlierDetector(autoencoder).fit(windows)
errors = pd.DataFrame(detector.feature_errors(windows).reshape(-1, 3), columns=SENSORS)
errors = errors.groupby(steps.ravel()).median().reindex(data.index)

# %%
# The 20 greatest errors, by machine and sensor. Where the current of machine D drops out, its load
# is odd too: the two no longer agree.
worst = errors.stack().nlargest(20).rename_axis(["row", "sensor"]).reset_index(name="error")
worst = worst.join(data[["machine", "minute"]], on="row")
print(worst.groupby(["machine", "sensor"])["minute"].agg(["min", "max", "count"]))

# %%
# The two machines with a fault: sensors as measured, and the steps with the greatest errors.
limit = errors.stack().quantile(0.995)
fig, axes = plt.subplots(3, 2, figsize=(9, 5.5), sharex="col", sharey="row", layout="constrained")
for column, (name, hours) in zip(axes.T, {"B": (9, 12), "D": (4, 7)}.items(), strict=True):
    rows = data[(data["machine"] == name) & data["minute"].dt.hour.between(*hours)]
    column[0].set(title=f"machine {name}")
    for ax, sensor in zip(column, SENSORS, strict=True):
        ax.plot(rows["minute"], rows[sensor], color="0.5", linewidth=1, label="measured")
        odd = rows[errors.loc[rows.index, sensor] > limit]
        ax.plot(odd["minute"], odd[sensor], "o", color="C3", markersize=3, label="odd step")
        ax.set_ylabel(sensor)
    column[-1].xaxis.set_major_formatter(DateFormatter("%H:%M"))
fig.legend(*column[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
plt.show()
