"""Networks that read light curves observation by observation."""

import warnings
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame
from numpy.typing import ArrayLike, NDArray

from skastro.base import (
    RaggedInputMixin,
    add_reasons,
    ignore_unclassified,
    no_prediction,
    warn_of_unclassified,
)
from skastro.exceptions import ObjectError, ObjectWarning
from skastro.neural_network._classifier import BaseNetClassifier
from skastro.neural_network.inputs import LightCurves, StreamedLightCurves
from skastro.surveys import Survey, get_survey
from skastro.utils.frames import get_array, get_numbers
from skastro.utils.photometry import is_detected
from skastro.utils.ragged import flatten, keep_rows, nest, segment_ids

_FIELDS = ("time", "flux", "flux_err")


class LightCurveReader(RaggedInputMixin):
    """Read light curves for a network.

    The estimator has the parameters column, survey, band_encoding, reference_column,
    quality_column and observation_dropout.

    Examples
    --------
    >>> from skastro.neural_network import TransformerAutoencoder
    >>> from skastro.neural_network._light_curves import LightCurveReader
    >>> issubclass(TransformerAutoencoder, LightCurveReader)
    True
    """

    def _stream_light_curves(self, X, *, reset, **options):
        """Return the source of files that are read block by block."""
        if len(X) == 0:
            raise ValueError(f"{type(self).__name__}: X holds 0 objects, at least 1 is required")
        blocks = (self._read_light_curves(block, reset=reset, **options) for block in X)
        again = partial(self._read_again, X, options)
        source = StreamedLightCurves(blocks, again, n_cached=X.n_blocks)
        if reset and self.band_encoding != "wavelength":
            self.bands_ = source.band_names
        names = source.band_names
        _, numbers, _ = self._describe_bands(names, np.arange(len(names)))
        return source.with_bands(numbers, self._wavelengths(names))

    def _read_again(self, X, options, number):
        with warnings.catch_warnings():
            # The first reading has warned.
            warnings.simplefilter("ignore", ObjectWarning)
            return self._read_light_curves(X.read_block(number), reset=False, **options)

    def _read_light_curves(self, X, *, reset, static=(), **options):
        """Return the source of a checked frame."""
        self._check_frame(X, reset)
        offsets, rows = flatten(get_array(X, self.column))
        self._check_rows(X, offsets, rows)
        names = self._band_names(rows["band"], reset)
        usable = np.array([name is not None for name in names], bool)[rows["band"].codes]
        reasons = add_reasons(X, self.quality_column, {"": np.zeros(len(X), bool)})
        if not usable.all():
            reasons = self._lost_to_bands(X, offsets, rows["band"], usable, reasons)
            offsets, rows = keep_rows(offsets, rows, usable)
        codes, numbers, known = self._describe_bands(names, rows["band"].codes)
        fields = {key: np.asarray(rows[key]) for key in _FIELDS}
        fields |= {"detected": is_detected(rows), "band": codes}
        return LightCurves(
            offsets,
            fields,
            self._numbers(X, static),
            numbers,
            self._zero(X),
            reasons=reasons,
            band_names=known,
            dropout=self.observation_dropout,
            augment=getattr(self, "augment", None),
            static_names=static,
            wavelengths=self._wavelengths(known),
            **options,
        )

    def _check_rows(self, X, offsets, rows):
        name = type(self).__name__
        for field in _FIELDS:
            good = np.isfinite(rows[field])
            if field == "flux_err":
                good &= np.asarray(rows[field]) > 0
            if not good.all():
                raise ObjectError(
                    f"{name}: column {self.column!r} has values of {field!r} that are not finite"
                    f"{' or not positive' if field == 'flux_err' else ''}; CleanPhotometry removes "
                    f"such observations",
                    X.index[np.unique(segment_ids(offsets)[~good])],
                )
        if (rows["band"].codes < 0).any():
            lost = X.index[np.unique(segment_ids(offsets)[rows["band"].codes < 0])]
            raise ObjectError(
                f"{name}: column {self.column!r} has observations without a band", lost
            )

    def _band_names(self, band, reset):
        """Return the name of each category, None where the network cannot use the band."""
        survey, raw = get_survey(self.survey), band.categories.tolist()
        own = [known_band(survey, name) for name in raw]
        if self.band_encoding == "wavelength":
            return own
        own = [name if known is None else known for name, known in zip(raw, own)]
        if reset:
            self.bands_ = sorted({own[code] for code in np.unique(band.codes)})
        return [name if name in self.bands_ else None for name in own]

    def _lost_to_bands(self, X, offsets, band, usable, reasons):
        """Warn of observations in other bands; return the reasons of objects with no others."""
        lost = band[~usable].value_counts()
        counts = ", ".join(f"{name!r} ({n})" for name, n in lost[lost > 0].items())
        known = self.survey if self.band_encoding == "wavelength" else self.bands_
        warnings.warn(
            f"{type(self).__name__}: {(~usable).sum()} of {len(usable)} observations are in bands "
            f"that the network does not know, {counts}, and are left out; it knows {known}",
            ObjectWarning,
            stacklevel=5,
        )
        n_left = np.diff(keep_rows(offsets, {}, usable)[0])
        empty = (reasons == "") & (n_left == 0) & (np.diff(offsets) > 0)
        return np.where(empty, "no observation in a known band", reasons)

    def _describe_bands(self, names, codes):
        """Return the band number of each observation, and numbers and names of the bands."""
        if self.band_encoding == "wavelength":
            found = sorted({names[code] for code in np.unique(codes)})
            micron = [get_survey(self.survey).wavelength(name) / 1e4 for name in found]
            numbers = np.array(micron, float).reshape(-1, 1)
        else:
            found, width = self.bands_, len(self.bands_)
            numbers = np.eye(width) if self.band_encoding == "one-hot" else np.zeros((width, 0))
        table = np.array([found.index(name) if name in found else -1 for name in names], np.intp)
        return table[codes], numbers, found

    def _wavelengths(self, bands):
        """Return the effective wavelengths of some bands, NaN for those unknown to the survey."""
        survey = get_survey(self.survey)
        known = [known_band(survey, name) for name in bands]
        return np.array([np.nan if name is None else survey.wavelength(name) for name in known])

    def _numbers(self, X, columns):
        """Return static columns as float64 of shape (n_objects, n_columns)."""
        try:
            values = np.empty((len(X), len(columns)))
            for i, column in enumerate(columns):
                values[:, i] = get_numbers(X, column)
        except (TypeError, ValueError):
            text = [c for c in columns if not pd.api.types.is_numeric_dtype(X[c].dtype)]
            raise ValueError(
                f"{type(self).__name__}: static columns {text} do not hold numbers"
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
        static = getattr(self, "static", ())
        return (*static, *([self.reference_column] if self.reference_column else []))


def known_band(survey: Survey, name: str) -> str | None:
    """Return the name that a survey gives to a band; None for an unknown one.

    Examples
    --------
    >>> from skastro.neural_network._light_curves import known_band
    >>> from skastro.surveys import Survey, get_survey
    >>> known_band(get_survey("ZTF"), "ZTF_g"), known_band(get_survey("ZTF"), "K")
    ('g', None)
    """
    try:
        return survey.band(name)
    except KeyError:
        return None


class LightCurveNetClassifier(LightCurveReader, BaseNetClassifier):
    """Classify light curves at any date with a network that reads the observations.

    The estimator has the parameters of :class:`LightCurveReader`, static and n_prefixes.

    Examples
    --------
    >>> from skastro.neural_network import RecurrentClassifier
    >>> from skastro.neural_network._light_curves import LightCurveNetClassifier
    >>> issubclass(RecurrentClassifier, LightCurveNetClassifier)
    True
    """

    def _read(self, X, *, reset, **options):
        read = self._stream_light_curves if _in_files(X) else self._read_light_curves
        return read(
            X,
            reset=reset,
            static=self.static,
            n_prefixes=self.n_prefixes,
            static_scaler=self.static_scaler,
            **options,
        )

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probability of every class.

        Parameters
        ----------
        X : NestedFrame of shape (n_objects, n_columns), or ParquetFrame
            Objects with their light curves; files are read once, row group by row group.

        Returns
        -------
        probabilities : ndarray of shape (n_objects, n_classes)
            In the order of `classes_`; see `unclassified` for objects without a prediction.

        Warns
        -----
        UnclassifiedWarning
            Objects are unclassified, with ``unclassified="nan"``.
        """
        if not _in_files(X):
            return super().predict_proba(X)
        with ignore_unclassified():
            parts = [super(LightCurveNetClassifier, self).predict_proba(block) for block in X]
        proba = np.concatenate(parts)
        unknown = no_prediction(proba)
        if unknown.any():
            warn_of_unclassified(unknown, type(self).__name__, pd.DataFrame(index=X.index))
        return proba

    def _open_in_memory(self, X):
        """Return the source of X, for results with one value per observation."""
        if _in_files(X):
            raise TypeError(
                f"{type(self).__name__}: results per observation require the frames of a "
                "ParquetFrame one by one, as a loop over it yields them"
            )
        return self._open(X)

    def _validation_question(self):
        return {"at": "halves"}

    def _module(self, source, n_outputs):
        return self.module, {
            "n_inputs": source.n_inputs,
            "n_bands": len(self.bands_) if self.band_encoding == "embedding" else 0,
            "n_static": source.n_static,
            "n_outputs": n_outputs,
        }

    def predict_proba_at(self, X: Any, days: ArrayLike) -> NDArray[np.float64]:
        """Return the probability of every class at some dates, each from earlier observations.

        One pass over each light curve; an observation after a date changes nothing before it.

        Parameters
        ----------
        X : NestedFrame of shape (n_objects, n_columns)
            Objects with their light curves.

        days : array-like of shape (n_days,)
            Days after the reference date of each object.

        Returns
        -------
        probabilities : ndarray of shape (n_objects, n_days, n_classes)
            In the order of `classes_`; NaN where there is no observation yet, or the class
            priors with ``unclassified="prior"``.
        """
        days = np.asarray(days, float)
        if days.ndim != 1 or not np.isfinite(days).all():
            raise ValueError(f"{type(self).__name__}: days must be a list of finite numbers")
        source = self._open(X)
        proba = np.full((len(X), len(days), len(self.classes_)), np.nan)
        for objects, found in self._outputs(source, self._probabilities, at=days):
            proba[objects] = found
        return self._complete(X, source, proba, self.class_prior_)

    def predict_proba_in_time(self, X: Any) -> NestedFrame:
        """Return the probability of every class after each observation.

        Parameters
        ----------
        X : NestedFrame of shape (n_objects, n_columns)
            Objects with their light curves.

        Returns
        -------
        frame : NestedFrame of shape (n_objects, 1)
            Nested column ``probability`` with the field ``time``, sorted, and one field per
            class.
        """
        source = self._open_in_memory(X)
        proba = np.full((source.offsets[-1], len(self.classes_)), np.nan)
        for objects, found in self._outputs(source, self._probabilities, at="every"):
            cells, real = observation_cells(source, objects, found.shape[1])
            proba[cells] = found[real]
        proba = self._complete(X, source, proba, self.class_prior_)
        columns = {str(name): column for name, column in zip(self.classes_, proba.T)}
        rows = {"time": source.rows["time"], **columns}
        return NestedFrame(index=X.index).assign(probability=nest(source.offsets, rows, X.index))


def observation_cells(
    source: LightCurves, objects: NDArray[np.int64], n_observations: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the rows of the observations of some objects, and their mask in a padded batch.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.neural_network._light_curves import observation_cells
    >>> from skastro.neural_network.inputs import LightCurves, StreamedLightCurves
    >>> rows = {"time": np.arange(3.0), "flux": np.ones(3), "flux_err": np.ones(3),
    ...         "detected": np.ones(3, bool), "band": np.zeros(3, int)}
    >>> curves = LightCurves(np.array([0, 1, 3]), rows, np.zeros((2, 0)), np.eye(1), np.zeros(2))
    >>> observation_cells(curves, np.array([1, 0]), 2)[0].tolist()
    [1, 2, 0]
    """
    number = np.arange(n_observations)
    real = number < source.lengths[objects][:, None]
    return (source.offsets[objects][:, None] + number)[real], real


def _in_files(X):
    """Return whether X is a ParquetFrame."""
    if isinstance(X, pd.DataFrame):
        return False
    # The readers import much of astropy, which a prediction for a frame does not require.
    from skastro.io import ParquetFrame

    return isinstance(X, ParquetFrame)
