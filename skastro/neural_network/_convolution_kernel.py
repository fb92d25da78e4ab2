"""A kernel machine on random convolutions, for few objects with several inputs."""

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import Tags, check_random_state, gen_batches
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from skastro.utils.random import RandomState

_CHECKS = {"dtype": np.float32, "ensure_all_finite": "allow-nan"}
_SEQUENCE = 2
_WINDOW = 8
_CHUNK = 1000
_LARGEST_SAMPLE = 10_000


class ConvolutionKernelClassifier(ClassifierMixin, BaseEstimator):
    r"""Kernel logistic regression on random convolutions of sequences.

    A multinomial logistic regression in the space of the functions
    :math:`\sum_j a_j k(x, x_j)` of the training objects, or `n_landmarks` of them.  In

    .. math:: k(x, x') = \exp\left(-\frac{1}{n} \sum_i (f_i - f_i')^2
        - w \sum_m \frac{1}{n_m} \sum_i (g_{mi} - g_{mi}')^2\right)

    `f` are the `n` standardised features of the sequences by
    :class:`skastro.feature_extraction.RandomConvolutions`, and :math:`g_m` the :math:`n_m`
    standardised columns of every other input.  With up to some thousand objects it scores higher
    than a network that learns its convolutions.

    Up to 10,000 training objects standardise the features, all at once; the features of the others
    and of new objects are computed in chunks of 1,000.  Training keeps 4 bytes per object and
    landmark.

    Parameters
    ----------
    inputs : dict of str -> tuple of int, default=None
        Name and shape of each input in the order of the columns of X, flattened; the other columns
        are static.  Sequences, of shape (channels, length), are convolved.  By default all
        columns are one sequence.

    n_kernels : int, default=30
        Number of kernels for each channel of a sequence.

    n_landmarks : int, default=2000
        Largest number of training objects that span the space of functions.

    other_weight : float, default=0.1
        Weight `w` of an input that is not a sequence, such as a redshift.

    C : float, default=20
        Inverse of the strength of the regularisation.

    class_weight : dict, "balanced" or None, default=None
        Weights of the classes in the loss.

    random_state : int, RandomState instance or None, default=None
        Source of randomness; pass an integer for reproducible results.

    Attributes
    ----------
    pipeline_ : Pipeline
        The fitted steps.

    classes_ : ndarray of shape (n_classes,)
        Class labels.

    n_features_in_ : int
        Number of columns of `X`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if `X` has any.

    See Also
    --------
    MultimodalClassifier : A network with the same inputs.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.neural_network import ConvolutionKernelClassifier
    >>> X = np.random.default_rng(0).normal(size=(40, 32))
    >>> y = np.where(X[:, 16] > 0, "Ia", "II")
    >>> ConvolutionKernelClassifier(random_state=0).fit(X, y).score(X, y) > 0.9
    True
    """

    def __init__(
        self,
        inputs: Mapping[str, Sequence[int]] | None = None,
        *,
        n_kernels: int = 30,
        n_landmarks: int = 2000,
        other_weight: float = 0.1,
        C: float = 20.0,
        class_weight: dict | str | None = None,
        random_state: RandomState = None,
    ):
        self.inputs = inputs
        self.n_kernels = n_kernels
        self.n_landmarks = n_landmarks
        self.other_weight = other_weight
        self.C = C
        self.class_weight = class_weight
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train all steps.

        Parameters
        ----------
        X : array-like of shape (n_objects, n_columns)
            Rows.  NaN counts as zero in a sequence and as the mean elsewhere.

        y : array-like of shape (n_objects,)
            Class labels.

        sample_weight : array-like of shape (n_objects,), default=None
            Weights in the logistic regression.

        Returns
        -------
        self : object
        """
        rows, y = validate_data(self, X, y, **_CHECKS)
        check_classification_targets(y)
        sample = self._sample(rows)
        size = min(self.n_landmarks, len(sample))
        self.pipeline_ = make_pipeline(
            self._features(),
            Nystroem(gamma=1.0, n_components=size, random_state=self.random_state),
            LogisticRegression(C=self.C, class_weight=self.class_weight, max_iter=500),
        )
        kernel = self.pipeline_[:-1].fit(sample)
        self.pipeline_[-1].fit(_in_chunks(kernel.transform, rows), y, sample_weight)
        self.classes_ = self.pipeline_.classes_
        return self

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the probabilities of the classes.

        Parameters
        ----------
        X : array-like of shape (n_objects, n_columns)
            Rows; NaN as in `fit`.

        Returns
        -------
        probabilities : ndarray of shape (n_objects, n_classes)
            In the order of `classes_`.
        """
        check_is_fitted(self)
        rows = validate_data(self, X, reset=False, **_CHECKS)
        return _in_chunks(self.pipeline_.predict_proba, rows)

    def predict(self, X: ArrayLike) -> NDArray:
        """Return the most probable class.

        Parameters
        ----------
        X : array-like of shape (n_objects, n_columns)
            Rows; NaN as in `fit`.

        Returns
        -------
        labels : ndarray of shape (n_objects,)
        """
        proba = self.predict_proba(X)
        return self.classes_[proba.argmax(axis=1)]

    def _sample(self, rows):
        """Return the rows that define the features: all, or some at random."""
        if len(rows) <= _LARGEST_SAMPLE:
            return rows
        rng = check_random_state(self.random_state)
        return rows[np.sort(rng.choice(len(rows), _LARGEST_SAMPLE, replace=False))]

    def _features(self):
        """Return the step to features whose squared distances add up to that of the kernel."""
        shapes = {"x": (1, self.n_features_in_)} if self.inputs is None else self.inputs
        columns = _columns(shapes, self.n_features_in_)
        sequences = {name: s for name, s in shapes.items() if len(s) == _SEQUENCE}
        others = [name for name in columns if name not in sequences]
        fill = SimpleImputer(keep_empty_features=True)
        parts = [(name, _standardised(fill), columns[name]) for name in others]
        weights = {name: np.sqrt(self.other_weight / len(columns[name])) for name in others}
        if sequences:
            # Imported where it is used, because its package imports astropy and numba.
            from skastro.feature_extraction import RandomConvolutions

            convolve = RandomConvolutions(
                sequences,
                n_kernels=self.n_kernels,
                window=_WINDOW,
                random_state=self.random_state,
            )
            convolved = np.concatenate([columns[name] for name in sequences])
            parts.append(("sequences", _standardised(convolve), convolved))
            n_windows = sum(n * -(-length // _WINDOW) for n, length in sequences.values())
            weights["sequences"] = (self.n_kernels * n_windows) ** -0.5
        return ColumnTransformer(parts, transformer_weights=weights)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def _in_chunks(function, rows):
    """Return the results of `function` for all rows, some at a time."""
    return np.concatenate([function(rows[part]) for part in gen_batches(len(rows), _CHUNK)])


def _standardised(step):
    return make_pipeline(step, StandardScaler())


def _columns(shapes, n_columns):
    """Return the numbers of the columns of each input, and of the static ones if there are any."""
    edges = np.cumsum([0, *(int(np.prod(shape)) for shape in shapes.values())])
    if edges[-1] > n_columns:
        raise ValueError(
            f"ConvolutionKernelClassifier: inputs={shapes} are {edges[-1]} columns; "
            f"X has {n_columns}"
        )
    columns = {name: np.arange(*span) for name, span in zip(shapes, zip(edges[:-1], edges[1:]))}
    if edges[-1] < n_columns:
        columns["static"] = np.arange(edges[-1], n_columns)
    return columns
