"""Frozen descriptions of training: layers, networks, objectives. No arithmetic."""
