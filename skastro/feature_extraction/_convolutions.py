"""Random convolutions of sequences, a strong representation for linear models and kernels."""

from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils import Tags, check_random_state
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted, validate_data

from skastro.utils.random import RandomState

_SEQUENCE = 2


class RandomConvolutions(TransformerMixin, BaseEstimator):
    r"""Convolve sequences with random kernels and average the positive part in windows.

    A kernel has normal weights :math:`w_j` of zero mean and unit norm and a dilation `d`.  With
    the sequence :math:`x`, zero outside its ends, the features are the means over each window of

    .. math:: \max\left(0, \sum_j w_j \, x_{i + d (j - (l - 1) / 2)}\right)

    as in ROCKET [1]_, but window by window, because the position of a line in a spectrum matters.
    Nothing is learned, so a few objects are enough.

    Parameters
    ----------
    inputs : dict of str -> tuple of int, default=None
        Name and shape of each input in the order of the columns of X, flattened; as for
        :class:`skastro.neural_network.MultimodalClassifier`.  Sequences, of shape (channels,
        length), are convolved; other inputs and columns after the inputs are kept as they are.
        By default all columns are one sequence.

    n_kernels : int, default=100
        Number of kernels for each channel of a sequence.

    kernel_size : int, default=9
        Number of weights of a kernel.

    dilations : sequence of int, default=(1, 2, 3, 4, 6, 8, 12)
        Distances of neighbouring weights in samples, of which each kernel samples one.

    window : int, default=8
        Length of a window in samples; the last one may be shorter.

    random_state : int, RandomState instance or None, default=None
        Source of randomness; pass an integer for reproducible results.

    Attributes
    ----------
    kernels_ : dict of str -> ndarray of shape (n_channels, n_kernels, kernel_size)
        Weights for each sequence.

    dilations_ : dict of str -> ndarray of shape (n_channels, n_kernels)
        Dilations for each sequence.

    n_features_in_ : int
        Number of columns of `X`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if `X` has any.

    See Also
    --------
    SpectrumPixels : Rows that can be convolved.

    References
    ----------
    .. [1] Dempster, Petitjean & Webb 2020, Data Mining and Knowledge Discovery 34, 1454.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.feature_extraction import RandomConvolutions
    >>> X = np.random.default_rng(0).normal(size=(5, 64))
    >>> RandomConvolutions(n_kernels=10, random_state=0).fit_transform(X).shape
    (5, 80)
    """

    _parameter_constraints = {
        "inputs": [dict, None],
        "n_kernels": [Interval(Integral, 1, None, closed="left")],
        "kernel_size": [Interval(Integral, 2, None, closed="left")],
        "dilations": ["array-like"],
        "window": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        inputs: Mapping[str, Sequence[int]] | None = None,
        *,
        n_kernels: int = 100,
        kernel_size: int = 9,
        dilations: Sequence[int] = (1, 2, 3, 4, 6, 8, 12),
        window: int = 8,
        random_state: RandomState = None,
    ):
        self.inputs = inputs
        self.n_kernels = n_kernels
        self.kernel_size = kernel_size
        self.dilations = dilations
        self.window = window
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Draw the kernels.

        Parameters
        ----------
        X : array-like of shape (n_objects, n_columns)
            Rows; NaN counts as zero.

        y : ignored
            Present for API consistency.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            `X` has fewer columns than `inputs`, or `dilations` are not positive integers.
        """
        X = self._read(X, reset=True)
        self._check_dilations()
        rng = check_random_state(self.random_state)
        self.kernels_, self.dilations_ = {}, {}
        for name, (n_channels, _) in self._sequences().items():
            shape = n_channels, self.n_kernels
            weights = rng.normal(size=(*shape, self.kernel_size))
            weights -= weights.mean(axis=2, keepdims=True)
            weights /= np.linalg.norm(weights, axis=2, keepdims=True)
            self.kernels_[name] = weights.astype(np.float32)
            self.dilations_[name] = rng.choice(np.asarray(self.dilations), shape)
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float32]:
        """Return the features.

        Parameters
        ----------
        X : array-like of shape (n_objects, n_columns)
            Rows; NaN counts as zero.

        Returns
        -------
        features : ndarray of shape (n_objects, n_features), dtype float32
            For each sequence, kernels of the first channel first, windows side by side.
        """
        check_is_fitted(self)
        rows = self._read(X, reset=False)
        parts, start = [], 0
        for name, shape in self._shapes().items():
            stop = start + int(np.prod(shape))
            block = rows[:, start:stop].reshape(len(rows), *shape)
            parts.append(self._convolved(name, block) if len(shape) == _SEQUENCE else block)
            start = stop
        parts.append(rows[:, start:])
        return np.hstack([part.reshape(len(rows), -1) for part in parts])

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return the names of the features: input, channel, kernel and window."""
        check_is_fitted(self)
        names, start = [], 0
        for name, shape in self._shapes().items():
            size = int(np.prod(shape))
            if len(shape) == _SEQUENCE:
                windows = -(-shape[1] // self.window)
                numbers = np.ndindex(shape[0], self.n_kernels, windows)
                names += [f"{name}_{c}_kernel{k}_window{w}" for c, k, w in numbers]
            else:
                names += [f"{name}_{i}" for i in range(size)]
            start += size
        names += [f"static_{i}" for i in range(self.n_features_in_ - start)]
        return np.asarray(names, dtype=object)

    def _convolved(self, name, block):
        kernels, dilations = self.kernels_[name], self.dilations_[name]
        columns = [
            _windows(_convolve(block[:, c], kernel, dilation), self.window)
            for c in range(block.shape[1])
            for kernel, dilation in zip(kernels[c], dilations[c])
        ]
        return np.stack(columns, axis=1)

    def _shapes(self):
        return {"x": (1, self.n_features_in_)} if self.inputs is None else self.inputs

    def _sequences(self):
        return {name: s for name, s in self._shapes().items() if len(s) == _SEQUENCE}

    def _read(self, X, *, reset):
        X = validate_data(self, X, dtype=np.float32, ensure_all_finite="allow-nan", reset=reset)
        n_columns = sum(int(np.prod(shape)) for shape in self._shapes().values())
        if n_columns > X.shape[1]:
            raise ValueError(
                f"RandomConvolutions: inputs={self.inputs} are {n_columns} columns; X has "
                f"{X.shape[1]}"
            )
        return np.nan_to_num(X, posinf=0, neginf=0)

    def _check_dilations(self):
        dilations = np.asarray(self.dilations)
        if dilations.ndim != 1 or dilations.dtype.kind not in "iu" or (dilations < 1).any():
            raise ValueError(
                f"RandomConvolutions: dilations={self.dilations!r} must be positive integers"
            )

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags


def _convolve(x, kernel, dilation):
    """Return the convolution of every row, as long as the row."""
    length, reach = x.shape[1], (len(kernel) - 1) * dilation
    padded = np.pad(x, ((0, 0), (reach // 2, reach - reach // 2)))
    total = np.zeros_like(x)
    for j, weight in enumerate(kernel):
        total += weight * padded[:, j * dilation : j * dilation + length]
    return total


def _windows(values, window):
    """Return the mean of the positive part in each window of every row."""
    starts = np.arange(0, values.shape[1], window)
    lengths = np.diff(np.append(starts, values.shape[1])).astype(np.float32)
    return np.add.reduceat(np.maximum(values, 0), starts, axis=1) / lengths
