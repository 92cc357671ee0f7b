"""The computation of a network: its arithmetic, written once, and its evaluation in NumPy."""
