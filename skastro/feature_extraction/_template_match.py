"""Type and redshift of spectra by cross-correlation with templates."""

from numbers import Integral, Real
from typing import Self

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame
from numpy.typing import ArrayLike
from scipy import fft
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted

from skastro.base import SpectrumFeatures, read_numbers
from skastro.exceptions import ObjectError
from skastro.preprocessing import CleanSpectrum, DeredshiftSpectrum, Rebin, RemoveContinuum
from skastro.utils.grid import Grid, check_grid
from skastro.utils.labels import check_labels
from skastro.utils.ragged import flatten, nest

_COLUMNS = ("redshift", "redshift_err", "rlap")
_SNID = Grid(2500.0, 10000.0, 1024, "log")
_TAPERED = 0.05
_CLIPPED = (-1.0, 4.0)
_SMALLEST = 1e-9
_LEAST_NOISE = 1e-3


class TemplateMatch(SpectrumFeatures):
    r"""Find the redshift and the type of spectra by cross-correlation with templates.

    Spectra and templates are divided by their continuum and brought to one logarithmic grid, on
    which a redshift is a shift.  With the normalised cross-correlation :math:`c` of a spectrum
    and a template, a peak of height :math:`h` at the lag :math:`l` is rated by [1]_

    .. math:: r = \frac{h}{\sqrt 2 \sigma_a}, \quad
        \sigma_a^2 = \frac{1}{2 N} \sum_i (c_{l + i} - c_{l - i})^2

    times the overlap of the two in the logarithm of the wavelength, the `rlap` of SNID [2]_.  The
    best match determines the redshift; the types of the best matches vote, weighted by `rlap`.

    Parameters
    ----------
    redshift_range : (float, float), default=(-0.01, 0.3)
        Redshifts to search where none is known.

    redshift_tolerance : float or None, default=0.01
        Largest difference from the column `redshift_column` where a spectrum has a value there;
        None searches `redshift_range` for every spectrum.

    min_rlap : float, default=5
        Smallest `rlap` of a match that counts [2]_.

    min_lap : float, default=0.4
        Smallest overlap of a match, in the natural logarithm of the wavelength [2]_.

    n_votes : int, default=20
        Number of matches that vote, the best ones.

    grid : array-like or Grid, default=None
        Logarithmic grid of wavelengths [Angstrom]; ``Grid(2500, 10000, 1024, "log")`` by default,
        that of SNID.

    name_column : str, default=None
        Column with the name of the supernova.  A template of the same supernova is no match, so
        that the features of the training spectra are as good as those of others.

    redshift_column : str, default="redshift"
        Column with the redshift, required for templates.

    quality_column : str, default="quality"
        Column with the reason why an object is unusable, or "" for a usable one.

    column : str, default="spectrum"
        Nested column with the spectra.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Types of the templates; empty if `y` was not given.

    templates_ : ndarray of shape (n_templates, n_wavelengths)
        Templates that have data, without continuum, on the grid.

    template_spans_ : ndarray of shape (n_templates, 2)
        Natural logarithms of their first and last wavelength.

    template_rows_ : ndarray of shape (n_templates,)
        Their rows in `X` of `fit`.

    template_ids_, template_names_ : ndarray of shape (n_templates,)
        Their index in `X` and their name in `name_column`, or None.

    template_labels_ : ndarray of shape (n_templates,) or None
        Their types.

    n_features_in_ : int
        Number of columns seen during `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen during `fit`.

    See Also
    --------
    skastro.preprocessing.RemoveContinuum : The continuum.

    References
    ----------
    .. [1] Tonry & Davis 1979, AJ 84, 1511, equation 23.
    .. [2] Blondin & Tonry 2007, ApJ 666, 1024, sections 2 and 3.

    Examples
    --------
    >>> from skastro.datasets import make_spectra
    >>> from skastro.feature_extraction import TemplateMatch
    >>> X, y = make_spectra(60, classes=["Ia", "II"], random_state=0)
    >>> match = TemplateMatch(name_column="name").fit(X, y)
    >>> match.get_feature_names_out().tolist()
    ['redshift', 'redshift_err', 'rlap', 'vote_II', 'vote_Ia']
    >>> match.match_table(X.iloc[:1], n_matches=2).columns.tolist()
    ['object_id', 'template', 'label', 'redshift', 'rlap', 'overlap']
    """

    _parameter_constraints = {
        "redshift_range": ["array-like"],
        "redshift_tolerance": [Interval(Real, 0, None, closed="neither"), None],
        "min_rlap": [Real],
        "min_lap": [Interval(Real, 0, None, closed="left")],
        "n_votes": [Interval(Integral, 1, None, closed="left")],
        "grid": ["array-like", Grid, None],
        "name_column": [str, None],
        "redshift_column": [str],
        **SpectrumFeatures._parameter_constraints,
    }

    def __init__(
        self,
        redshift_range: tuple[float, float] = (-0.01, 0.3),
        *,
        redshift_tolerance: float | None = 0.01,
        min_rlap: float = 5.0,
        min_lap: float = 0.4,
        n_votes: int = 20,
        grid: ArrayLike | Grid | None = None,
        name_column: str | None = None,
        redshift_column: str = "redshift",
        quality_column: str = "quality",
        column: str = "spectrum",
    ):
        super().__init__(quality_column=quality_column, column=column)
        self.redshift_range = redshift_range
        self.redshift_tolerance = redshift_tolerance
        self.min_rlap = min_rlap
        self.min_lap = min_lap
        self.n_votes = n_votes
        self.grid = grid
        self.name_column = name_column
        self.redshift_column = redshift_column

    def fit(self, X: NestedFrame, y: ArrayLike | None = None) -> Self:
        """Prepare the templates.

        Parameters
        ----------
        X : NestedFrame of shape (n_templates, n_columns)
            Templates, which `redshift_column` brings to the rest frame.

        y : array-like of shape (n_templates,), default=None
            Their types; None to estimate redshifts only.

        Returns
        -------
        self : object

        Raises
        ------
        ObjectError
            A template has no redshift, or no template has data on the grid.
        """
        super().fit(X)
        labels = None if y is None else check_labels(y, type(self).__name__, X)
        own = np.empty(0) if labels is None else np.asarray(labels)[self.template_rows_]
        self.template_labels_ = None if labels is None else own
        self.classes_ = np.unique(own)
        return self

    def match_table(self, X: NestedFrame, n_matches: int = 5) -> pd.DataFrame:
        """Return the best matches of every spectrum, which explain its type.

        Parameters
        ----------
        X : NestedFrame of shape (n_objects, n_columns)
            Spectra.

        n_matches : int, default=5
            Number of matches per spectrum.

        Returns
        -------
        table : DataFrame
            One row per match, the best first: ``object_id``, ``template``, ``label`` if the
            templates have types, ``redshift``, ``rlap`` and ``overlap``.
        """
        check_is_fitted(self)
        self._check_frame(X, reset=False)
        offsets, rows, _ = self._usable_rows(X)
        tables = [pd.DataFrame(columns=self._table_columns())]
        for number, found in self._matches(offsets, rows, X):
            table = found.iloc[:n_matches].assign(object_id=X.index[number])
            tables.append(table[self._table_columns()])
        return pd.concat(tables[1:] or tables, ignore_index=True)

    def _table_columns(self):
        label = [] if self.template_labels_ is None else ["label"]
        return ["object_id", "template", *label, "redshift", "rlap", "overlap"]

    def _check_parameters(self):
        low, high = self.redshift_range
        if not -1 < low < high:
            raise ValueError(
                f"TemplateMatch: redshift_range={self.redshift_range} must increase and exceed -1"
            )

    def _required_columns(self):
        own = () if self.name_column is None else (self.name_column,)
        return (self.redshift_column, *own)

    def _learn(self, X):
        redshift = read_numbers(X, self.redshift_column, "TemplateMatch")
        if np.isnan(redshift).any():
            raise ObjectError(
                f"TemplateMatch: no {self.redshift_column!r}, which templates require",
                X.index[np.isnan(redshift)],
            )
        rest = DeredshiftSpectrum(redshift_column=self.redshift_column, column=self.column)
        offsets, rows, _ = self._usable_rows(rest.fit_transform(X))
        sequences, spans = self._sequences(offsets, rows)
        filled = sequences.any(axis=1)
        if not filled.any():
            raise ObjectError("TemplateMatch: no template has data on the grid", X.index)
        self.template_rows_ = np.flatnonzero(filled)
        self.templates_, self.template_spans_ = sequences[filled], spans[filled]
        self.template_ids_ = X.index.to_numpy()[filled]
        self.template_names_ = None
        if self.name_column is not None:
            self.template_names_ = X[self.name_column].to_numpy(object)[filled]

    def _features(self, offsets, rows, X):
        features = np.full((len(X), len(self._feature_names())), np.nan)
        features[np.diff(offsets) > 0, 2:] = 0.0
        for number, found in self._matches(offsets, rows, X):
            features[number] = self._summary(found.iloc[: self.n_votes])
        return features

    def _summary(self, found):
        """Return the features of one spectrum, whose best match is the first."""
        weight = found["rlap"].to_numpy()
        around = np.average((found["redshift"] - found["redshift"].iloc[0]) ** 2, weights=weight)
        votes = [weight[found["label"] == name].sum() / weight.sum() for name in self.classes_]
        return [found["redshift"].iloc[0], np.sqrt(around), weight[0], *votes]

    def _feature_names(self):
        return [*_COLUMNS, *(f"vote_{name}" for name in self.classes_)]

    def _matches(self, offsets, rows, X):
        """Return the number of each spectrum with matches, and these, the best first."""
        sequences, spans = self._sequences(offsets, rows)
        known = read_numbers(X, self.redshift_column, "TemplateMatch")
        conjugates = np.conj(fft.rfft(self.templates_, axis=1))
        for number in np.flatnonzero(sequences.any(axis=1)):
            lags = self._lags(known[number])
            correlation = fft.irfft(fft.rfft(sequences[number]) * conjugates, axis=1)
            found = self._rated(correlation, lags, spans[number])
            found = found[self._is_match(found, X, number)]
            if len(found):
                yield number, found.sort_values("rlap", ascending=False, kind="stable")

    def _is_match(self, found, X, number):
        good = (found["rlap"] >= self.min_rlap) & (found["overlap"] >= self.min_lap)
        if self.template_names_ is None:
            return good
        return good & (self.template_names_ != X[self.name_column].iloc[number])

    def _lags(self, redshift):
        """Return the shifts in samples that are searched, with one more at either end."""
        low, high = self.redshift_range
        if self.redshift_tolerance is not None and np.isfinite(redshift):
            low, high = redshift - self.redshift_tolerance, redshift + self.redshift_tolerance
        first, last = np.log1p([low, high]) / self._step()
        return np.arange(int(np.floor(first)) - 1, int(np.ceil(last)) + 2)

    def _rated(self, correlation, lags, span):
        """Return redshift, `rlap` and overlap of the best lag of each template."""
        searched = correlation[:, lags % correlation.shape[1]]
        peak = 1 + searched[:, 1:-1].argmax(axis=1)
        lag, step = lags[peak], self._step()
        first, last = self.template_spans_.T + lag * step
        overlap = np.minimum(last, span[1]) - np.maximum(first, span[0])
        around = np.take_along_axis(searched, peak[:, None] + [-1, 0, 1], axis=1)
        noise = np.maximum(_antisymmetric_rms(correlation, lag), _LEAST_NOISE)
        # The ratio of Tonry and Davis (1979): a true peak is symmetric, the rest is noise.
        r = around[:, 1] / (np.sqrt(2) * noise)
        table = {
            "template": self.template_ids_,
            "redshift": np.expm1((lag + _parabola_vertex(around)) * step),
            "rlap": r * np.maximum(overlap, 0),
            "overlap": overlap,
        }
        if self.template_labels_ is not None:
            table["label"] = self.template_labels_
        return pd.DataFrame(table)

    def _sequences(self, offsets, rows):
        """Return spectra without continuum on the grid, of unit norm, and their log spans."""
        X = NestedFrame({"number": np.arange(len(offsets) - 1)})
        rows = {name: rows[name] for name in ("wavelength", "flux")}
        X = X.assign(spectrum=nest(offsets, rows, X.index))
        X = Rebin(self._grid(), method="flux").fit_transform(CleanSpectrum().fit_transform(X))
        new_offsets, rows = flatten(RemoveContinuum().fit_transform(X)["spectrum"])
        flux = np.full((len(X), len(self._grid())), np.nan)
        flux[np.diff(new_offsets) > 0] = rows["flux"].reshape(-1, flux.shape[1])
        return _without_ends(flux, np.log(self._grid()))

    def _grid(self):
        return check_grid(_SNID if self.grid is None else self.grid, "TemplateMatch: grid")

    def _step(self):
        grid = self._grid()
        return np.log(grid[-1] / grid[0]) / (len(grid) - 1)


def _without_ends(flux, place):
    """Return flux minus 1 with tapered ends, band-passed and of unit norm, and the spans."""
    known = np.isfinite(flux)
    first = np.where(known, place, np.inf).min(axis=1)
    last = np.where(known, place, -np.inf).max(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        edge = np.minimum(place - first[:, None], last[:, None] - place) / (last - first)[:, None]
    weight = np.sin(0.5 * np.pi * np.clip(edge / _TAPERED, 0, 1)) ** 2
    lines = np.where(known, (np.clip(flux, *_CLIPPED) - 1) * weight, 0.0)
    lines = fft.irfft(fft.rfft(lines, axis=1) * _band_pass(flux.shape[1]), flux.shape[1], axis=1)
    norm = np.linalg.norm(lines, axis=1, keepdims=True)
    lines = np.divide(lines, norm, out=np.zeros_like(lines), where=norm > _SMALLEST)
    return lines.astype(np.float32), np.column_stack([first, last])


def _band_pass(n):
    """Return the weight of each frequency, that of SNID: no residual continuum, no noise."""
    number = np.arange(n // 2 + 1)
    rise = np.clip((number - 1) / 3, 0, 1)
    fall = np.clip((n / 10 - number) / (n / 10 - n / 12), 0, 1)
    return np.sin(0.5 * np.pi * rise) ** 2 * np.sin(0.5 * np.pi * fall) ** 2


def _antisymmetric_rms(correlation, lag):
    """Return the rms of the antisymmetric part around the peak of each row."""
    n = correlation.shape[1]
    distance = np.arange(1, n // 2)
    right = np.take_along_axis(correlation, (lag[:, None] + distance) % n, axis=1)
    left = np.take_along_axis(correlation, (lag[:, None] - distance) % n, axis=1)
    return np.sqrt(((right - left) ** 2).sum(axis=1) / n)


def _parabola_vertex(around):
    """Return the position of the vertex of three points at -1, 0 and 1, at most half a step."""
    bend = around[:, 0] - 2 * around[:, 1] + around[:, 2]
    slope = around[:, 0] - around[:, 2]
    vertex = np.divide(slope, 2 * bend, out=np.zeros_like(bend), where=bend < 0)
    return np.clip(vertex, -0.5, 0.5)
