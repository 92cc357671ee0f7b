"""Codes of forests, on scikit-learn's trees, and the way back from them."""
