"""Rows of X, wherever they are: validated once, read in blocks and batches, summed up, PCA."""
