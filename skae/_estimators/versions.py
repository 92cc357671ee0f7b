"""What a stored estimator tells of the versions that stored it."""

from __future__ import annotations

import warnings
from inspect import signature
from typing import Any

import sklearn
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.externals._packaging.version import InvalidVersion, Version

from skae._version import __version__

STAMPS = {"_skae_version": __version__, "_sklearn_version": sklearn.__version__}


class VersionStamp:
    """Estimators that write into pickles which versions of skae and scikit-learn made them.

    A version of skae newer than this one may hold what this one does not know, and is refused, as
    is a stamp that is no version; another version of scikit-learn is warned of, as scikit-learn's
    own estimators do.
    """

    def __getstate__(self) -> dict[str, Any]:
        state: Any = super().__getstate__()
        return {**state, **STAMPS}

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        stamps = {name: state.pop(name, current) for name, current in STAMPS.items()}
        versions = {name: self._version(name, stamp) for name, stamp in stamps.items()}
        if versions["_skae_version"] > Version(__version__):
            raise ValueError(
                f"This {type(self).__name__} was stored by skae {stamps['_skae_version']}, which "
                f"is newer than skae {__version__} here and may hold what that does not know. "
                "Upgrade skae, or store the estimator anew with this version."
            )
        if stamps["_sklearn_version"] != sklearn.__version__:
            warnings.warn(
                InconsistentVersionWarning(
                    estimator_name=type(self).__name__,
                    current_sklearn_version=sklearn.__version__,
                    original_sklearn_version=stamps["_sklearn_version"],
                ),
                stacklevel=2,
            )
        super().__setstate__({**self._default_parameters(), **state})  # type: ignore[misc]

    def _default_parameters(self) -> dict[str, Any]:
        """Return the defaults, for parameters that the version that stored did not have yet."""
        parameters = signature(type(self)).parameters.values()
        return {each.name: each.default for each in parameters if each.default is not each.empty}

    def _version(self, name: str, stamp: Any) -> Version:
        try:
            return Version(stamp)
        except (InvalidVersion, TypeError) as error:
            raise ValueError(
                f"This {type(self).__name__} was stored with {name}={stamp!r}, which is no "
                "version: the file is damaged or was altered. Store the estimator anew."
            ) from error
