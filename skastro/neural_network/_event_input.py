"""Networks that read light curves observation by observation."""

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame
from sklearn.utils import check_consistent_length, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from skastro.base import RaggedInputMixin
from skastro.exceptions import ObjectError, name_objects
from skastro.neural_network._events import LightCurveEvents
from skastro.surveys import get_survey
from skastro.utils.photometry import is_detected
from skastro.utils.ragged import flatten, nest, segment_ids


class EventReaderMixin(RaggedInputMixin):
    """Input of light curves for a network.

    The estimator has the parameters column, static, survey, band_encoding, reference_column,
    n_prefixes, observation_dropout and quality.

    Examples
    --------
    >>> from skastro.neural_network import TransformerAutoencoder
    >>> from skastro.neural_network._event_input import EventReaderMixin
    >>> issubclass(TransformerAutoencoder, EventReaderMixin)
    True
    """

    def _validate(self, X, y=None, *, reset):
        """Return the source of batches and y."""
        name = type(self).__name__
        self._check_frame(X, reset)
        if reset and y is None:
            raise ValueError(f"{name} requires y to be passed, but the target y is None")
        if y is not None:
            y = column_or_1d(y, warn=True)
            check_consistent_length(X, y)
            check_classification_targets(y)
        offsets, rows = flatten(X[self.column])
        self._check_rows(X, offsets, rows)
        codes, numbers = self._encode(rows["band"], reset)
        fields = {key: np.asarray(rows[key]) for key in ("time", "flux", "flux_err")}
        fields |= {"detected": is_detected(rows), "band": codes}
        source = LightCurveEvents(
            offsets,
            fields,
            self._numbers(X, self.static),
            numbers,
            self._zero(X),
            n_prefixes=self.n_prefixes,
            dropout=self.observation_dropout,
        )
        if self.quality_column in X.columns:
            source.unusable |= (X[self.quality_column].fillna("") != "").to_numpy()
        return source, y

    def _check_rows(self, X, offsets, rows):
        name = type(self).__name__
        ids = segment_ids(offsets)
        for field in ("time", "flux", "flux_err"):
            bad = ~np.isfinite(rows[field])
            if field == "flux_err":
                bad |= ~(np.asarray(rows[field]) > 0)
            if bad.any():
                raise ObjectError(
                    f"{name}: column {self.column!r} has values of {field!r} that are not finite"
                    f"{' or not positive' if field == 'flux_err' else ''}; CleanPhotometry takes "
                    f"such observations out",
                    X.index[np.unique(ids[bad])],
                )
        if (rows["band"].codes < 0).any():
            lost = X.index[np.unique(ids[rows["band"].codes < 0])]
            raise ObjectError(f"{name}: column {self.column!r} has observations without band", lost)

    def _encode(self, band, reset):
        """Return the code of each observation's band and the numbers that describe each code."""
        if self.band_encoding == "wavelength":
            survey = get_survey(self.survey)
            micron = survey.band_wavelengths(band) / 1e4
            return band.codes, _table(band.codes, micron, len(band.categories))
        found = band.categories[np.unique(band.codes)]
        if reset:
            self.bands_ = sorted(found)
        strange = sorted(set(found) - set(self.bands_))
        if strange:
            raise ValueError(
                f"{type(self).__name__}: bands {name_objects(strange)} did not occur in the "
                f"training; it knows {self.bands_}"
            )
        codes = pd.Index(self.bands_).get_indexer(band.categories)[band.codes]
        width = len(self.bands_)
        return codes, np.eye(width) if self.band_encoding == "one-hot" else np.zeros((width, 0))

    def _numbers(self, X, columns):
        """Return static columns as float64 of shape (n_objects, n_columns)."""
        try:
            values = X[list(columns)].to_numpy(float, na_value=np.nan)
        except (TypeError, ValueError):
            text = [c for c in columns if not pd.api.types.is_numeric_dtype(X[c].dtype)]
            raise ValueError(
                f"{type(self).__name__}: static columns {text} hold no numbers"
            ) from None
        if np.isinf(values).any():
            bad = X.index[np.isinf(values).any(axis=1)]
            raise ObjectError(f"{type(self).__name__}: static columns hold infinity", bad)
        return values

    def _zero(self, X):
        if self.reference_column is None:
            return np.full(len(X), np.nan)
        return self._numbers(X, [self.reference_column])[:, 0]

    def _required_fields(self):
        return ("time", "band", "flux", "flux_err")

    def _required_columns(self):
        return (*self.static, *([self.reference_column] if self.reference_column else []))


class EventInputMixin(EventReaderMixin):
    """Input of light curves for a network, and its answers at any date.

    The estimator has the parameters column, static, survey, band_encoding, reference_column,
    n_prefixes and observation_dropout.

    Examples
    --------
    >>> from skastro.neural_network import RecurrentClassifier
    >>> from skastro.neural_network._event_input import EventInputMixin
    >>> issubclass(RecurrentClassifier, EventInputMixin)
    True
    """

    def predict_proba_at(self, X, days):
        """Return the probability of every class at some dates, each from earlier observations.

        One pass over each light curve; an observation after a date changes nothing before it.

        Parameters
        ----------
        X : NestedFrame of shape (n_objects, n_columns)
            Objects with their light curves.

        days : array-like of shape (n_days,)
            Days after the zero date of each object.

        Returns
        -------
        probabilities : ndarray of shape (n_objects, n_days, n_classes)
            In the order of `classes_`; NaN where there is no observation yet.
        """
        days = np.asarray(days, float)
        if days.ndim != 1 or not np.isfinite(days).all():
            raise ValueError(f"{type(self).__name__}: days must be a list of finite numbers")
        check_is_fitted(self)
        source, _ = self._validate(X, reset=False)
        source = self._scaled(source).ask(days)
        answers = np.full((len(X), len(days), len(self.classes_)), np.nan)
        for objects, found in self._answer_batches(source, "probabilities"):
            answers[objects] = found
        return answers

    def predict_proba_in_time(self, X):
        """Return the probability of every class after each observation.

        Parameters
        ----------
        X : NestedFrame of shape (n_objects, n_columns)
            Objects with their light curves.

        Returns
        -------
        frame : NestedFrame of shape (n_objects, 1)
            Nested column ``probability`` with the field ``time``, sorted, and one field a class.
        """
        check_is_fitted(self)
        source, _ = self._validate(X, reset=False)
        source = self._scaled(source).ask("all")
        answers = np.empty((source.offsets[-1], len(self.classes_)))
        for objects, found in self._answer_batches(source, "probabilities"):
            number = np.arange(found.shape[1])
            real = number < source.lengths[objects][:, None]
            answers[(source.offsets[objects][:, None] + number)[real]] = found[real]
        columns = {str(name): column for name, column in zip(self.classes_, answers.T)}
        rows = {"time": source.rows["time"], **columns}
        return NestedFrame(index=X.index).assign(probability=nest(source.offsets, rows, X.index))


def _table(codes, values, n_codes):
    """Numbers of each code, from one value an observation."""
    table = np.zeros((n_codes, 1))
    table[codes, 0] = values
    return table
