"""Frozen descriptions of training: layers, networks, objectives. No library but NumPy."""
