"""Training on the workers of a Dask cluster: their rows, their sums, who looks after them."""
