"""Public check suite for estimators of ragged X, as scikit-learn has one for dense X."""

from skastro.testing._data import make_check_data
from skastro.testing._spectra import make_check_spectra
from skastro.testing._suite import (
    check_light_curve_estimator,
    light_curve_checks,
    parametrize_with_checks,
)

__all__ = [
    "check_light_curve_estimator",
    "light_curve_checks",
    "make_check_data",
    "make_check_spectra",
    "parametrize_with_checks",
]
