"""scikit-learn's own checks, those of its test-suite included, on every kind."""

import pytest
from sklearn.base import clone
from sklearn.utils.estimator_checks import (
    check_dataframe_column_names_consistency,
    check_estimators_partial_fit_n_features,
    check_get_feature_names_out_error,
    check_global_output_transform_pandas,
    check_global_set_output_transform_polars,
    check_inplace_ensure_writeable,
    check_param_validation,
    check_set_output_transform,
    check_set_output_transform_pandas,
    check_set_output_transform_polars,
    check_transformer_get_feature_names_out,
    check_transformer_get_feature_names_out_pandas,
)

import skae
from tests.sklearn_checks import checks_of

# Small networks compile sooner, and every width of X or of a batch is another program.
SMALL = {"max_iter": 3, "hidden_layer_sizes": (), "solver": "sgd", "batch_size": 10}
HEAD = {"max_iter": 3, "batch_size": 10}
KINDS = [
    skae.AutoencoderTransformer(hidden_layer_sizes=4, max_iter=5, batch_size=10),
    skae.ConvolutionalAutoencoder(**SMALL, filters=2),
    skae.RecurrentAutoencoder(**SMALL | {"hidden_layer_sizes": 4}),
    skae.AutoencoderClassifier(skae.AutoencoderTransformer(10, **SMALL), **HEAD),
    skae.AutoencoderRegressor(skae.AutoencoderTransformer(10, **SMALL), **HEAD),
    skae.AutoencoderOutlierDetector(skae.AutoencoderTransformer(**SMALL)),
    skae.ForestAutoencoder(codes="leaves"),
    skae.AutoencoderImputer(4, max_iter=3, batch_size=10),
]
# They differ from the first one by the plan of training alone; forests by their codes.
OTHER_KINDS = [
    skae.ContractiveAutoencoder(**SMALL),
    skae.DenoisingAutoencoder(**SMALL),
    skae.ForestAutoencoder(n_estimators=10),
    skae.SparseAutoencoder(**SMALL),
    skae.StackedAutoencoder(**SMALL | {"hidden_layer_sizes": 4}, layer_max_iter=2),
    skae.VariationalAutoencoder(**SMALL),
]

pytestmark = [
    # Five epochs are too few to converge, and the checks are not about that.
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    # `tests/test_own_kind.py` runs the checks with programs that XLA compiles.
    pytest.mark.usefixtures("module_without_xla"),
]


OF_SHAPES = (skae.ConvolutionalAutoencoder, skae.RecurrentAutoencoder)
DRAWN = (
    skae.AutoencoderClassifier,
    skae.AutoencoderRegressor,
    skae.AutoencoderOutlierDetector,
    skae.StackedAutoencoder,
)


@pytest.mark.parametrize(("estimator", "check"), checks_of(KINDS, DRAWN))
def test_estimator_checks(estimator, check):
    check(estimator)


@pytest.mark.slow
@pytest.mark.parametrize(("estimator", "check"), checks_of(OTHER_KINDS, DRAWN))
def test_estimator_checks_of_other_kinds(estimator, check):
    check(estimator)


OF_ESTIMATORS = (
    check_dataframe_column_names_consistency,
    check_estimators_partial_fit_n_features,
    check_inplace_ensure_writeable,
    check_param_validation,
)
OF_TRANSFORMERS = (
    check_get_feature_names_out_error,
    check_global_output_transform_pandas,
    check_global_set_output_transform_polars,
    check_set_output_transform,
    check_set_output_transform_pandas,
    check_set_output_transform_polars,
    check_transformer_get_feature_names_out,
    check_transformer_get_feature_names_out_pandas,
)
CHECKS = [
    pytest.param(
        kind,
        check,
        id=f"{type(kind).__name__}-{check.__name__}",
        marks=[pytest.mark.slow] if kind in OTHER_KINDS else [],
    )
    for kind in KINDS + OTHER_KINDS
    for check in OF_ESTIMATORS + (OF_TRANSFORMERS if hasattr(kind, "transform") else ())
    # The check puts NaN into X where there is `missing_values`, which images lack.
    if not (check is check_inplace_ensure_writeable and isinstance(kind, OF_SHAPES))
]


# These checks hand data frames and arrays to the same estimator.
@pytest.mark.filterwarnings("ignore:X (has|does not have valid) feature names:UserWarning")
@pytest.mark.parametrize(("estimator", "check"), CHECKS)
def test_checks_of_sklearns_own_suite(estimator, check):
    check(type(estimator).__name__, clone(estimator))
