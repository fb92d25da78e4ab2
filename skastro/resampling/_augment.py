"""Modified copies of the training objects."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Tags

from skastro.augmentation import draw_prefixes
from skastro.exceptions import ObjectError
from skastro.resampling._base import (
    RANDOM_STATE,
    RowPicker,
    labels_of_copies,
    seeded_generator,
)
from skastro.utils.random import RandomState


class AugmentSampler(RowPicker):
    """Train on modified copies of the objects, such as light curves that end at earlier dates.

    In a :class:`ResamplingPipeline`, before the steps that make features, it acts only in `fit`;
    in prediction every object stays one unchanged row.  Cross-validation of the Pipeline therefore
    splits the objects first and copies the training objects afterwards, so that no copy crosses a
    split.

    Parameters
    ----------
    augment : callable, default=skastro.augmentation.draw_prefixes
        Called with `X` and ``random_state=``, a NumPy Generator; returns the copies and, for each,
        the row of its original in `X`.  Use `functools.partial` to set other parameters.

    random_state : int, RandomState, Generator or None, default=None
        Source of randomness; pass an integer for reproducible results.

    Attributes
    ----------
    sample_indices_ : ndarray of shape (n_copies,)
        Row of `X` of the original of each copy.

    groups_ : ndarray of shape (n_copies,)
        Identifier of each original: the index of `X`, or the row number of an array.

    n_features_in_ : int
        Number of columns of `X`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns of `X`.

    Raises
    ------
    ObjectError
        In `fit_resample`: objects without a copy.

    See Also
    --------
    skastro.augmentation.draw_prefixes : Partial light curves.
    skastro.neural_network.RecurrentClassifier : Cuts its light curves itself, in every epoch.

    Notes
    -----
    A later step that splits its own training set, for early stopping or calibration, sees the
    copies: without their groups it puts copies of one object on both sides, and its validation
    score is too high.  Calibrate and search around the Pipeline, not inside.  Train networks
    inside with ``validation=None``, or outside with the groups::

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

    _parameter_constraints = {"augment": [callable], "random_state": RANDOM_STATE}

    def __init__(self, augment: Callable = draw_prefixes, *, random_state: RandomState = None):
        self.augment = augment
        self.random_state = random_state

    def _fit_resample(self, X: Any, y: Any) -> tuple[Any, Any]:
        self._check_input(X, y)
        rng = seeded_generator(self.random_state)
        X_new, objects = self.augment(X, random_state=rng)
        self.sample_indices_ = self._checked(X, objects, len(X_new))
        names = X.index.to_numpy() if hasattr(X, "index") else np.arange(len(X))
        self.groups_ = names[self.sample_indices_]
        return X_new, labels_of_copies(y, self.sample_indices_, X_new)

    def _pick(self, X: Any, y: Any) -> NDArray[np.intp]:
        self._fit_resample(X, y)
        return self.sample_indices_

    def _checked(self, X: Any, objects: Any, n_copies: int) -> NDArray[np.intp]:
        objects = np.asarray(objects, dtype=np.intp)
        if objects.shape != (n_copies,) or ((objects < 0) | (objects >= len(X))).any():
            raise ValueError(
                f"AugmentSampler: {self.augment!r} returns {n_copies} copies, but not the row "
                "of X for each"
            )
        lost = np.bincount(objects, minlength=len(X)) == 0
        if lost.any():
            names = X.index if hasattr(X, "index") else np.arange(len(X))
            raise ObjectError(f"AugmentSampler: {self.augment!r} makes no copy", names[lost])
        return objects

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags
