"""The scikit-learn face: constructor parameters, `fit` and `transform`, one file a kind."""
