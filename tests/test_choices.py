"""Every choice of every transformer: the output of an object depends on that object alone."""

import pytest
from sklearn.base import clone
from sklearn.utils._param_validation import StrOptions
from test_common import build, is_ragged, reads_spectra

from skastro.feature_extraction import SpectrumPixels
from skastro.testing import make_check_data, make_check_spectra
from skastro.testing._checks_invariance import check_subset_invariance
from skastro.utils.ragged import flatten, keep_rows, nest, segment_ids


def choices(estimator):
    """Yield a copy of an estimator for each other value of its parameters with few values."""
    for name, constraints in getattr(estimator, "_parameter_constraints", {}).items():
        values = set()
        for constraint in constraints if isinstance(constraints, list) else ():
            if isinstance(constraint, StrOptions):
                values |= constraint.options
            elif constraint == "boolean":
                values |= {True, False}
        for value in sorted(values):
            if value != getattr(estimator, name):
                yield clone(estimator).set_params(**{name: value})


def transformers():
    """Return the choices of all transformers of nested columns that are no networks."""
    known = [e for e in build(is_ragged) if hasattr(e, "transform") and not hasattr(e, "predict")]
    return [choice for e in known if not isinstance(e, SpectrumPixels) for choice in choices(e)]


def make_spectra_of_other_ranges():
    """Return spectra that begin and end at different wavelengths."""
    X, y = make_check_spectra()
    offsets, rows = flatten(X["spectrum"])
    number = segment_ids(offsets)
    low, high = 4000 + 150 * (number % 5), 8800 - 200 * (number % 3)
    inside = (rows["wavelength"] > low) & (rows["wavelength"] < high)
    return X.assign(spectrum=nest(*keep_rows(offsets, rows, inside), X.index)), y


@pytest.mark.slow
@pytest.mark.parametrize("estimator", transformers(), ids=str)
def test_an_object_does_not_depend_on_the_others(estimator):
    data = make_spectra_of_other_ranges if reads_spectra(estimator) else make_check_data
    check_subset_invariance(estimator, data)


def test_the_choices_are_found():
    steps = {str(step) for step in transformers()}
    assert {"RemoveContinuum(method='gaussian')", "EstimatePeak(method='gp')"} <= steps
