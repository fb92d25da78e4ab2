"""Networks that read dense rows."""

import warnings

import numpy as np
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import validate_data

from skastro.exceptions import ObjectWarning, name_objects


class DenseInputMixin:
    """Input of dense rows for a network: an image or other blocks, then static columns.

    A subclass says how to cut the columns, ``_read(X)``.

    Examples
    --------
    >>> from skastro.neural_network import HeatmapCNNClassifier
    >>> from skastro.neural_network._dense import DenseInputMixin
    >>> issubclass(HeatmapCNNClassifier, DenseInputMixin)
    True
    """

    def _validate(self, X, y=None, *, reset):
        """Return the source of batches and y, without copying numbers."""
        options = {"dtype": "numeric", "ensure_all_finite": False, "reset": reset}
        if y is None and not reset:
            return self._read(validate_data(self, X, **options)), None
        X, y = validate_data(self, X, y, **options)
        check_classification_targets(y)
        return self._read(X), y

    def _warn_of_outliers(self, source, used):
        beyond = np.flatnonzero(used & (source.largest > self.limit_))
        if len(beyond):
            warnings.warn(
                f"{type(self).__name__}: {len(beyond)} of {used.sum()} objects hold values beyond "
                f"{self.limit_:.3g}, 10 times the usual; these are cut to it: rows "
                f"{name_objects(beyond)}",
                ObjectWarning,
                stacklevel=4,
            )
