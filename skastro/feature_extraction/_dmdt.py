"""Maps of the differences of all pairs of observations."""

from collections.abc import Sequence
from numbers import Real

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils._param_validation import Interval, StrOptions

from skastro.base import LightCurveFeatures, find_bands, number_bands, take_known_bands
from skastro.feature_extraction._pairs import ENGINES, Bins, count_pair_differences
from skastro.surveys import Survey
from skastro.utils.photometry import flux_to_magnitude
from skastro.utils.ragged import flatten, keep_rows, segment_ids, sort_rows

_DAYS = (
    *(hours / 24 for hours in (0, 1, 4, 6, 12, 18)),
    *(1, 2, 3, 6, 9, 12, 15, 24, 33, 48, 63, 72, 96, 126, 153, 180, 216, 255, 300),
)
_FAINTER = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.25, 1.5, 2, 2.5, 3, 4.5)
_MAGNITUDES = (*(-m for m in reversed(_FAINTER)), 0.0, *_FAINTER)


class DmDt(LightCurveFeatures):
    r"""Count all pairs of observations by their differences in time and in magnitude.

    The map of a band counts the pairs :math:`i < j` of its n (n - 1) / 2 in the bins of
    :math:`\Delta t = t_j - t_i` and :math:`\Delta m = m_j - m_i` [1]_.  A pair outside the edges
    is not counted; a bin includes its lower edge, the last one both edges.  An object without a
    pair in a band has zeros there.  Observations at the same time keep the order of their rows.

    Parameters
    ----------
    dt_edges : array-like of shape (n_dt + 1,), default=None
        Edges in units of `time`; by default 25 from 0 to 300 days.

    dm_edges : array-like of shape (n_dm + 1,), default=None
        Edges in magnitudes, or in units of `field`; by default 25 from -4.5 to 4.5 mag.

    bands : sequence of str, default=None
        Bands in the order of the output; by default those of the training objects, sorted.
        Observations in other bands are ignored, by default with a warning.

    time, field, band : str, default="time", "flux", "band"
        Fields of the nested column.  ``band=None`` makes one map of all observations together,
        as for a spectrum with ``time="wavelength"``.

    as_magnitude : bool, default=True
        Treat `field` as a flux and take differences of ``-2.5 log10(field)``; observations that
        are not positive are ignored.  False for a field in magnitudes, or for differences of the
        field itself.

    min_snr : float, default=None
        Ratio of `field` to the field ``<field>_err`` that an observation exceeds to count.  No
        limit by default.

    total : float, default=625
        Sum of each map that is not empty, as in the SEDM classifier; None keeps the counts.

    survey : str or Survey, default=None
        Survey that defines the bands and the PHOTFLAG bits, so that "ztfg" is "g"; by default
        names are compared as they are.

    engine : {"auto", "numba", "numpy"}, default="auto"
        Implementation; all give the same result.

    quality_column : str, default="quality"
        Column with the reason why an object is unusable, or "" for a usable one.

    column : str, default="lightcurve"
        Nested column with the light curves, or with spectra.

    Attributes
    ----------
    bands_ : list of str
        Bands in the order of the output; a single "all" without `band`.

    output_shape_ : tuple of 3 ints
        Bands, bins of magnitude, bins of time.

    n_features_in_ : int
        Number of columns seen during `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen during `fit`.

    See Also
    --------
    LightCurveStatistics : Other features of single objects.

    References
    ----------
    .. [1] Mahabal et al. 2017, IEEE Symposium Series on Computational Intelligence
       (arXiv:1709.06257), section II; edges of Sharma et al. 2024 (arXiv:2412.08601).

    Examples
    --------
    >>> from nested_pandas import NestedFrame
    >>> from skastro.feature_extraction import DmDt
    >>> from skastro.utils.ragged import nest
    >>> rows = {"time": [0.0, 5.0, 9.0], "band": ["g", "g", "g"], "mag": [18.0, 17.0, 17.5]}
    >>> X = NestedFrame({"z": [0.1]}).assign(lightcurve=nest([0, 3], rows))
    >>> dmdt = DmDt([0, 6, 12], [-2, 0, 2], field="mag", as_magnitude=False, total=None)
    >>> dmdt.fit_transform(X).reshape(dmdt.output_shape_)[0].tolist()
    [[1.0, 1.0], [1.0, 0.0]]
    """

    _parameter_constraints = {
        "dt_edges": ["array-like", None],
        "dm_edges": ["array-like", None],
        "bands": ["array-like", None],
        "time": [str],
        "field": [str],
        "band": [str, None],
        "as_magnitude": ["boolean"],
        "min_snr": [Real, None],
        "total": [Interval(Real, 0, None, closed="neither"), None],
        "survey": [str, Survey, None],
        "engine": [StrOptions(set(ENGINES))],
        **LightCurveFeatures._parameter_constraints,
    }

    def __init__(
        self,
        dt_edges: ArrayLike | None = None,
        dm_edges: ArrayLike | None = None,
        *,
        bands: Sequence[str] | None = None,
        time: str = "time",
        field: str = "flux",
        band: str | None = "band",
        as_magnitude: bool = True,
        min_snr: float | None = None,
        total: float | None = 625.0,
        survey: str | Survey | None = None,
        engine: str = "auto",
        quality_column: str = "quality",
        column: str = "lightcurve",
    ):
        super().__init__(quality_column=quality_column, column=column)
        self.dt_edges = dt_edges
        self.dm_edges = dm_edges
        self.bands = bands
        self.time = time
        self.field = field
        self.band = band
        self.as_magnitude = as_magnitude
        self.min_snr = min_snr
        self.total = total
        self.survey = survey
        self.engine = engine

    def _learn(self, X):
        self.bands_ = self._choose_bands(X)
        edges = self._edges("dm_edges"), self._edges("dt_edges")
        self.output_shape_ = (len(self.bands_), *(len(e) - 1 for e in edges))

    def _choose_bands(self, X):
        if self.band is None:
            return ["all"]
        band = flatten(X[self.column], [self.band])[1][self.band]
        return find_bands(band, self.bands, self.survey)

    def _features(self, offsets, rows, X):
        counts = count_pair_differences(
            *self._series(*self._in_known_bands(offsets, rows, X)),
            Bins.from_edges(self._edges("dt_edges")),
            Bins.from_edges(self._edges("dm_edges")),
            self.engine,
        )
        if self.total is not None:
            n_pairs = counts.sum(axis=(1, 2), keepdims=True)
            counts *= np.float32(self.total) / np.maximum(n_pairs, 1)
        return counts.reshape(len(X), -1)

    def _in_known_bands(self, offsets, rows, X):
        if self.band is None or self.bands is not None:
            return offsets, rows
        rows = {**rows, "band": rows[self.band]}
        where = self.bands_, self.survey, X.index, "DmDt"
        return take_known_bands(offsets, rows, *where)[:2]

    def _series(self, offsets, rows):
        """Return offsets, times and values of every band of every object."""
        rows = {name: rows[name] for name in self._required_fields()}
        value = rows[self.field].astype(float)
        if self.as_magnitude:
            rows["_value"] = flux_to_magnitude(value, 0.0, zero_point=0.0)[0]
        else:
            rows["_value"] = value
        usable = np.isfinite(rows["_value"]) & np.isfinite(rows[self.time])
        if self.min_snr is not None:
            usable &= value > self.min_snr * rows[f"{self.field}_err"]
        offsets, rows = keep_rows(offsets, rows, usable)
        rows = sort_rows(offsets, rows, self.time)
        time, value = rows[self.time].astype(float, copy=False), rows["_value"]
        if self.band is None:
            return offsets, time, value
        number = number_bands(rows[self.band], self.bands_, self.survey)
        n_bands = len(self.bands_)
        series = segment_ids(offsets) * n_bands + number
        known = np.flatnonzero(number >= 0)
        known = known[np.argsort(series[known], kind="stable")]
        counts = np.bincount(series[known], minlength=(len(offsets) - 1) * n_bands)
        return np.concatenate([[0], np.cumsum(counts)]), time[known], value[known]

    def _edges(self, name):
        edges = getattr(self, name)
        default = _DAYS if name == "dt_edges" else _MAGNITUDES
        return np.array(default if edges is None else edges, float)

    def _feature_names(self):
        dm, dt = (
            [f"{low:.4g}..{high:.4g}" for low, high in zip(edges, edges[1:])]
            for edges in (self._edges("dm_edges"), self._edges("dt_edges"))
        )
        return [f"{b}_dm[{m}]_dt[{t}]" for b in self.bands_ for m in dm for t in dt]

    def _required_fields(self):
        fields = [self.time, self.field]
        fields += [self.band] * (self.band is not None)
        return (*fields, *([f"{self.field}_err"] * (self.min_snr is not None)))

    def _check_parameters(self):
        for name in ("dt_edges", "dm_edges"):
            edges = self._edges(name)
            rising = edges.ndim == 1 and len(edges) > 1 and (np.diff(edges) > 0).all()
            if not (rising and np.isfinite(edges).all()):
                raise ValueError(f"DmDt: {name} must be two or more increasing finite numbers")
        if self.bands is not None and len(set(self.bands)) < len(self.bands):
            raise ValueError(f"DmDt: bands={self.bands!r} holds a band twice")
