"""Training on the workers of a Dask cluster: data shards, all-reduce, monitoring."""
