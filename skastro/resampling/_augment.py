"""Changed copies of the training objects."""

import numpy as np
from sklearn.utils import _safe_indexing, check_random_state

from skastro.augmentation import draw_prefixes
from skastro.exceptions import ObjectError
from skastro.resampling._base import RowPicker


class AugmentSampler(RowPicker):
    """Train on changed copies of the objects, as light curves that end at earlier dates.

    Put it into ``imblearn.pipeline.Pipeline`` before the steps that make features.  It acts in
    `fit` alone: in prediction every object is one row, unchanged.  Cross-validation of the
    Pipeline therefore splits the objects first and copies those of the training afterwards, so
    that no copy crosses a split.

    Parameters
    ----------
    augment : callable, default=skastro.augmentation.draw_prefixes
        Called with `X` and ``random_state=``, a NumPy Generator; returns the copies and, for each,
        the row of `X` that it is made of.  Use `functools.partial` to give it other parameters.

    random_state : int, RandomState instance or None, default=None
        Source of randomness.

    Attributes
    ----------
    sample_indices_ : ndarray of shape (n_copies,)
        Row of `X` of which each row returned is a copy.

    groups_ : ndarray of shape (n_copies,)
        Identifier of its original (the index of `X`, or the row number if it has none).

    n_features_in_ : int
        Number of columns of `X`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns of `X`.

    Raises
    ------
    ObjectError
        In `fit_resample`: some objects have no copy left.

    See Also
    --------
    skastro.augmentation.draw_prefixes : Partial light curves.
    skastro.neural_network.RecurrentClassifier : Cuts its light curves itself, anew each epoch.

    Notes
    -----
    What stands behind the sampler and splits its own training set, as early stopping or a
    calibration do, sees copies: without their groups it puts copies of one object on both
    sides, and its validation score means little.  Calibrate and search around the Pipeline, not
    inside of it.  Train networks inside with ``validation=None``, or outside with the groups::

        X_new, y_new = sampler.fit_resample(X, y)
        network.fit(features.fit_transform(X_new), y_new, groups=sampler.groups_)

    Examples
    --------
    >>> from functools import partial
    >>> from skastro.augmentation import draw_prefixes
    >>> from skastro.datasets import make_light_curves
    >>> from skastro.resampling import AugmentSampler
    >>> X, y = make_light_curves(3, classes=["SNIa"], random_state=0)
    >>> sampler = AugmentSampler(partial(draw_prefixes, n_prefixes=2), random_state=0)
    >>> X_new, y_new = sampler.fit_resample(X, y)
    >>> sampler.sample_indices_.tolist(), len(X_new), len(y_new)
    ([0, 0, 0, 1, 1, 1, 2, 2, 2], 9, 9)
    """

    _parameter_constraints = {"augment": [callable], "random_state": ["random_state"]}

    def __init__(self, augment=draw_prefixes, *, random_state=None):
        self.augment = augment
        self.random_state = random_state

    def _fit_resample(self, X, y):
        self._check_input(X, y)
        seed = check_random_state(self.random_state).randint(2**31 - 1)
        X_new, objects = self.augment(X, random_state=np.random.default_rng(seed))
        self.sample_indices_ = self._checked(X, objects, len(X_new))
        names = X.index.to_numpy() if hasattr(X, "index") else np.arange(len(X))
        self.groups_ = names[self.sample_indices_]
        return X_new, _safe_indexing(y, self.sample_indices_)

    def _pick(self, X, y):
        self._fit_resample(X, y)

    def _checked(self, X, objects, n_copies):
        objects = np.asarray(objects, dtype=np.intp)
        if objects.shape != (n_copies,) or ((objects < 0) | (objects >= len(X))).any():
            raise ValueError(
                f"AugmentSampler: {self.augment!r} returns {n_copies} copies, but not one row of "
                "X for each"
            )
        lost = np.bincount(objects, minlength=len(X)) == 0
        if lost.any():
            names = X.index if hasattr(X, "index") else np.arange(len(X))
            raise ObjectError(f"AugmentSampler: {self.augment!r} makes no copy", names[lost])
        return objects

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags
