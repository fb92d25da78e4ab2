"""The suite itself: which checks an estimator gets, and how pytest or a script runs them."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from sklearn.base import BaseEstimator, is_classifier
from sklearn.utils import estimator_checks

from skastro.testing import (
    _checks_classifier,
    _checks_contract,
    _checks_input,
    _checks_invariance,
    _checks_tools,
)
from skastro.testing._data import make_check_data

_DATA_FREE = (
    "check_estimator_cloneable",
    "check_estimator_tags_renamed",
    "check_valid_tag_types",
    "check_estimator_repr",
    "check_no_attributes_set_in_init",
    "check_do_not_raise_errors_in_init_or_set_params",
    "check_mixin_order",
    "check_parameters_default_constructible",
    "check_get_params_invariance",
    "check_set_params",
)
_COMMON = (
    *_checks_contract.CHECKS,
    *_checks_invariance.CHECKS,
    *_checks_input.CHECKS,
    *_checks_tools.CHECKS,
)
_TRANSFORMER = _checks_tools.TRANSFORMER_CHECKS
_CLASSIFIER = _checks_classifier.CHECKS


def light_curve_checks(estimator: BaseEstimator | None = None) -> list[Callable]:
    """Return the checks on data for an estimator of ragged X.

    Parameters
    ----------
    estimator : estimator object, default=None
        A transformer or a classifier; all checks by default.

    Returns
    -------
    checks : list of functions
        Each takes the estimator and a function that makes `X` and `y`, and raises
        AssertionError.

    Examples
    --------
    >>> from skastro.preprocessing import Window
    >>> from skastro.testing import light_curve_checks, make_check_data
    >>> check = light_curve_checks(Window())[0]
    >>> check.__name__, check(Window(), make_check_data)
    ('check_fit_returns_self', None)
    """
    transformer = estimator is None or hasattr(estimator, "transform")
    classifier = estimator is None or is_classifier(estimator)
    return [*_COMMON, *_TRANSFORMER * transformer, *_CLASSIFIER * classifier]


def _all_checks(estimator, data):
    """Return (name, function of the estimator) pairs."""
    name = type(estimator).__name__
    free = [(check, partial(getattr(estimator_checks, check), name)) for check in _DATA_FREE]
    checks = light_curve_checks(estimator)
    return free + [(check.__name__, partial(check, data=data)) for check in checks]


def check_light_curve_estimator(
    estimator: BaseEstimator,
    *,
    data: Callable = make_check_data,
    expected_failed_checks: Mapping[str, str] | None = None,
) -> list[str]:
    """Run every check on an estimator of ragged X and report all failures together.

    Checks that fail with the same message are listed together.

    The suite has the checks of :func:`sklearn.utils.estimator_checks.check_estimator` that need
    no data, and checks on light curves instead of the others: the same output for a subset, a
    permutation, a slice, a concatenation, one object, another index, other columns, offsets,
    encodings, widths and orders of observations; objects without observations or marked as
    unusable; errors that name the problem; the tools of scikit-learn.

    Parameters
    ----------
    estimator : estimator object
        A transformer (nested to nested or nested to dense) or a classifier of ragged X.

    data : callable, default=make_check_data
        Returns new `X` and `y` at each call: at least 12 objects sorted by time, three classes of
        four objects or more, static columns that are numbers.

    expected_failed_checks : dict of str -> str, default=None
        Name of a check to the reason why it may fail.

    Returns
    -------
    passed : list of str
        Names of the checks passed.

    Raises
    ------
    AssertionError
        A check fails without being expected to, or passes while expected to fail.

    See Also
    --------
    parametrize_with_checks : The same as pytest cases.

    Examples
    --------
    >>> from skastro.preprocessing import Window
    >>> from skastro.testing import check_light_curve_estimator
    >>> "check_concat_invariance" in check_light_curve_estimator(Window())
    True
    """
    expected = expected_failed_checks or {}
    passed: list[str] = []
    failed: dict[str, list[str]] = {}
    first = None
    for name, check in _all_checks(estimator, data):
        try:
            check(estimator)
        except Exception as error:
            if name not in expected:
                failed.setdefault(f"{type(error).__name__}: {error}", []).append(name)
                first = first or error
        else:
            passed.append(name)
            if name in expected:
                failed.setdefault(f"passes, expected to fail: {expected[name]}", []).append(name)
    if failed:
        report = "\n".join(f"{', '.join(checks)}: {text}" for text, checks in failed.items())
        raise AssertionError(f"{type(estimator).__name__} fails\n{report}") from first
    return passed


def parametrize_with_checks(
    estimators: Sequence[BaseEstimator],
    *,
    data: Callable = make_check_data,
    expected_failed_checks: Callable | None = None,
) -> Any:
    """Make a pytest case of every check of every estimator of ragged X.

    Parameters
    ----------
    estimators : list of estimator objects
        Transformers or classifiers of ragged X.

    data : callable, default=make_check_data
        As for :func:`check_light_curve_estimator`.

    expected_failed_checks : callable, default=None
        Takes an estimator and returns a dict of check to reason.  These cases are marked as
        expected failures, strictly: they must fail.

    Returns
    -------
    decorator : pytest.mark.parametrize
        Of a test of the arguments ``estimator, check``.

    See Also
    --------
    check_light_curve_estimator : The same without pytest.

    Examples
    --------
    >>> from skastro.preprocessing import Window
    >>> from skastro.testing import parametrize_with_checks
    >>> @parametrize_with_checks([Window()])
    ... def test_light_curve_estimators(estimator, check):
    ...     check(estimator)
    """
    import pytest  # noqa: PLC0415

    cases = []
    for estimator in estimators:
        reasons = expected_failed_checks(estimator) if expected_failed_checks else {}
        for name, check in _all_checks(estimator, data):
            reason = reasons.get(name)
            marks = [pytest.mark.xfail(reason=reason, strict=True)] if reason else []
            case = f"{type(estimator).__name__}-{name}"
            cases.append(pytest.param(estimator, check, id=case, marks=marks))
    return pytest.mark.parametrize("estimator, check", cases)
