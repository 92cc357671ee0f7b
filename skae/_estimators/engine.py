"""The engine: TensorFlow, imported when it is first needed."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any

from skae._estimators import parallel  # noqa: F401  (registers joblib's backend)
from skae._network.codec import SERVERS, Maps
from skae._plan.network import Network
from skae._training.protocols import Job, Trainer


def local_trainer(job: Job) -> AbstractContextManager[Trainer]:
    """Train in this process."""
    from skae._tensorflow.trainer import local_trainer

    return local_trainer(job)


def _maps(network: Network, weights: Iterable[Any], dtype: Any) -> Maps:
    from skae._tensorflow.serve import maps

    return maps(network, tuple(weights), dtype)


# After NumPy, for layers that it cannot compute.
SERVERS.append((lambda network: True, _maps))
