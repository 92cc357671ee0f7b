"""What a stored estimator tells of the versions that stored it."""

from __future__ import annotations

import warnings
from typing import Any

import sklearn
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.utils.fixes import parse_version

from skae._version import __version__

STAMPS = {"_skae_version": __version__, "_sklearn_version": sklearn.__version__}


class VersionStamp:
    """Estimators that write into pickles which versions of skae and scikit-learn made them.

    A version of skae newer than this one may hold what this one does not know, and is refused;
    another version of scikit-learn is warned of, as scikit-learn's own estimators do.
    """

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), **STAMPS}

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        versions = {name: state.pop(name, current) for name, current in STAMPS.items()}
        stored = versions["_skae_version"]
        if parse_version(stored) > parse_version(__version__):
            raise ValueError(
                f"This {type(self).__name__} was stored by skae {stored}, which is newer than skae "
                f"{__version__} here and may hold what that does not know. Upgrade skae, or store "
                "the estimator anew with this version."
            )
        if versions["_sklearn_version"] != sklearn.__version__:
            warnings.warn(
                InconsistentVersionWarning(
                    estimator_name=type(self).__name__,
                    current_sklearn_version=sklearn.__version__,
                    original_sklearn_version=versions["_sklearn_version"],
                ),
                stacklevel=2,
            )
        super().__setstate__(state)
