"""What a network computes: its arithmetic, written once, and NumPy's way through it."""
