"""The order in which a newcomer reads the examples."""

ORDER = [
    "drop_in_for_pca",
    "digits_pca_vs_autoencoder",
    "feature_reduction",
    "hidden_variable",
    "curve_with_one_code",
    "pca_by_linear_autoencoder",
    "grid_search",
    "stacked_and_tied",
    "layer_by_layer",
    "denoising",
    "sparse_features",
    "contractive",
    "variational_digits",
    "convolutional",
    "sequences",
    "sensor_windows",
    "few_labels",
    "outliers",
]


class FromFirstToLast:
    """Sorting key of sphinx-gallery: names in the order above, the others after them."""

    def __init__(self, src_dir):
        self.src_dir = src_dir

    def __call__(self, filename):
        """Return the place of a file."""
        name = str(filename).removeprefix("plot_").removesuffix(".py")
        return (ORDER.index(name) if name in ORDER else len(ORDER), name)
