"""Access to X, in memory or in Dask: validation, blocks, batches, sums, PCA."""
