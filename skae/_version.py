"""The version, where estimators can read it that stand below the package's public names."""

__version__ = "0.1.0"
