"""Light curves of each band on a grid of days."""

from collections.abc import Sequence
from numbers import Integral, Real

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from skastro.base import LightCurveFeatures, find_bands, number_bands, take_known_bands
from skastro.gaussian_process import interpolate_per_band
from skastro.surveys import Survey, get_survey
from skastro.utils.photometry import is_detected
from skastro.utils.ragged import flatten, keep_rows, segment_ids, segment_reduce

_CHANNELS = ("flux", "error", "mask")


class LightCurveChannels(LightCurveFeatures):
    """Resample the light curve of each band to the same days after the first detection.

    The channels of each band follow one another: flux, its error, and a mask that is 1 where
    the flux is known.  Where it is not, as for a band that was never observed, all of them are 0.
    All bands of an object are scaled together, so that its colours do not change.

    Parameters
    ----------
    stop : float, default=200
        Length of the grid [days].

    step : float, default=1
        Length of a bin [days].

    bands : sequence of str, default=None
        Bands in the order of the output; by default those of the training objects, sorted.
        Observations in other bands are ignored, by default with a warning.

    method : {"gp", "mean"}, default="gp"
        Independent Gaussian process of each band [1]_ in the middle of each bin, or
        inverse-variance weighted mean of the observations inside it.

    min_snr : float, default=5
        Signal-to-noise ratio that a point of the grid exceeds, and the first detection where the
        light curves have no field ``detected``.

    reference_column : str, default=None
        Column with the reference date of each object, the zero of the days; by default the first
        detection in any of `bands`.

    survey : str or Survey, default=None
        Survey that defines the bands and the PHOTFLAG bits, so that "ztfg" is "g"; by default
        names are compared as they are.

    per_wavelength : bool, default=True
        With a `survey`, multiply each band by ``(5000 / wavelength) ** 2``, from flux per
        frequency to flux per wavelength.

    normalization : {"minmax", "maximum", "none"}, default="minmax"
        Scale the flux of all bands together to [0, 1], divide it by the largest, or leave it in
        its unit.  A flux without a range, such as a single one, becomes 1.

    channels : tuple of str, default=("flux", "error", "mask")
        Channels of each band, in this order.

    channels_last : bool, default=False
        Order the rows as images (bands, times, channels), as required by
        :class:`skastro.nn.GridTransformerNet`, instead of (bands, channels, times).

    time_scale : (float, float), default=(20, 150)
        Limits of the length scale of the process [days].

    n_jobs : int, default=None
        Number of parallel workers.

    quality_column : str, default="quality"
        Column with the reason why an object is unusable, or "" for a usable one.

    column : str, default="lightcurve"
        Nested column with the light curves.

    Attributes
    ----------
    bands_ : list of str
        Bands in the order of the output.

    times_ : ndarray of shape (n_times,)
        Centres of the bins in days after the reference.

    output_shape_ : tuple of ints
        Channels of all bands, times; bands, times, channels if `channels_last`.

    n_features_in_ : int
        Number of columns seen during `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen during `fit`.

    See Also
    --------
    GPInterpolate : One process of time and wavelength.
    skastro.gaussian_process.interpolate_per_band : The processes themselves.

    References
    ----------
    .. [1] Sharma et al. 2024, arXiv:2412.08601, section 3.

    Examples
    --------
    >>> import numpy as np
    >>> from nested_pandas import NestedFrame
    >>> from skastro.feature_extraction import LightCurveChannels
    >>> from skastro.utils.ragged import nest
    >>> rows = {"time": [0.0, 1.0, 2.0], "band": ["r", "r", "r"],
    ...         "flux": [10.0, 30.0, 20.0], "flux_err": [1.0, 1.0, 1.0]}
    >>> X = NestedFrame({"z": [0.1]}).assign(lightcurve=nest([0, 3], rows))
    >>> curves = LightCurveChannels(4, bands=["g", "r"], method="mean", channels=["flux", "mask"])
    >>> curves.fit_transform(X).reshape(curves.output_shape_)[2:].tolist()
    [[0.0, 1.0, 0.5, 0.0], [1.0, 1.0, 1.0, 0.0]]
    """

    _parameter_constraints = {
        "stop": [Interval(Real, 0, None, closed="neither")],
        "step": [Interval(Real, 0, None, closed="neither")],
        "bands": ["array-like", None],
        "method": [StrOptions({"gp", "mean"})],
        "min_snr": [Real],
        "reference_column": [str, None],
        "survey": [str, Survey, None],
        "per_wavelength": ["boolean"],
        "normalization": [StrOptions({"minmax", "maximum", "none"})],
        "channels": ["array-like"],
        "channels_last": ["boolean"],
        "time_scale": ["array-like"],
        "n_jobs": [Integral, None],
        **LightCurveFeatures._parameter_constraints,
    }

    def __init__(
        self,
        stop: float = 200.0,
        step: float = 1.0,
        *,
        bands: Sequence[str] | None = None,
        method: str = "gp",
        min_snr: float = 5.0,
        reference_column: str | None = None,
        survey: str | Survey | None = None,
        per_wavelength: bool = True,
        normalization: str = "minmax",
        channels: Sequence[str] = _CHANNELS,
        channels_last: bool = False,
        time_scale: tuple[float, float] = (20.0, 150.0),
        n_jobs: int | None = None,
        quality_column: str = "quality",
        column: str = "lightcurve",
    ):
        super().__init__(quality_column=quality_column, column=column)
        self.stop = stop
        self.step = step
        self.bands = bands
        self.method = method
        self.min_snr = min_snr
        self.reference_column = reference_column
        self.survey = survey
        self.per_wavelength = per_wavelength
        self.normalization = normalization
        self.channels = channels
        self.channels_last = channels_last
        self.time_scale = time_scale
        self.n_jobs = n_jobs

    def _learn(self, X):
        band = flatten(X[self.column], ["band"])[1]["band"]
        self.bands_ = find_bands(band, self.bands, self.survey)
        self.times_ = (np.arange(round(self.stop / self.step)) + 0.5) * self.step
        n_bands, n_times, n_channels = len(self.bands_), len(self.times_), len(self.channels)
        image, curves = (n_bands, n_times, n_channels), (n_bands * n_channels, n_times)
        self.output_shape_ = image if self.channels_last else curves
        self._band_scales()

    def _features(self, offsets, rows, X):
        offsets, rows = self._usable(offsets, rows, X)
        reference = self._references(offsets, rows, X)
        interpolate = self._by_process if self.method == "gp" else self._by_mean
        flux, error = interpolate(offsets, rows, np.nan_to_num(reference))
        scale = self._band_scales()[:, None]
        flux, error = flux * scale, error * scale
        with np.errstate(divide="ignore", invalid="ignore"):
            known = (flux / error > self.min_snr) & np.isfinite(reference)[:, None, None]
        flux, error = self._normalize(np.where(known, flux, np.nan), error)
        found = {"flux": flux, "error": error, "mask": np.ones_like(flux)}
        chosen = [np.where(known, found[name], 0.0) for name in self.channels]
        return np.stack(chosen, axis=3 if self.channels_last else 2).reshape(len(X), -1)

    def _usable(self, offsets, rows, X):
        """Keep finite observations in the bands of the output; number their bands."""
        if self.bands is None:
            offsets, rows, _ = take_known_bands(
                offsets, rows, self.bands_, self.survey, X.index, "LightCurveChannels"
            )
        number = number_bands(rows["band"], self.bands_, self.survey)
        good = (number >= 0) & np.isfinite(rows["time"]) & np.isfinite(rows["flux"])
        good &= np.isfinite(rows["flux_err"]) & (rows["flux_err"] > 0)
        numbers = {name: rows[name].astype(float) for name in ("time", "flux", "flux_err")}
        flags = {name: rows[name] for name in ("detected",) if name in rows}
        return keep_rows(offsets, {**numbers, **flags, "band": number}, good)

    def _references(self, offsets, rows, X):
        if self.reference_column is not None:
            return X[self.reference_column].to_numpy(float)
        time = np.where(is_detected(rows, self.min_snr), rows["time"], np.nan)
        return segment_reduce(offsets, time, np.fmin)

    def _by_process(self, offsets, rows, reference):
        result = interpolate_per_band(
            offsets,
            rows["time"],
            rows["band"],
            rows["flux"],
            rows["flux_err"],
            self.times_,
            bands=range(len(self.bands_)),
            reference=reference,
            time_scale=self.time_scale,
            n_jobs=self.n_jobs,
        )
        return result.mean, result.std

    def _by_mean(self, offsets, rows, reference):
        n_bands, n_times = len(self.bands_), len(self.times_)
        owner = segment_ids(offsets)
        day = np.floor((rows["time"] - reference[owner]) / self.step)
        inside = (day >= 0) & (day < n_times)
        cell = (owner * n_bands + rows["band"])[inside] * n_times + day[inside].astype(int)
        weight = rows["flux_err"][inside] ** -2.0
        shape = len(offsets) - 1, n_bands, n_times
        total, sums = (
            np.bincount(cell, w, minlength=np.prod(shape)).reshape(shape)
            for w in (weight, weight * rows["flux"][inside])
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            return sums / total, total**-0.5

    def _normalize(self, flux, error):
        """Scale all bands of an object together; `flux` is NaN where it is unknown."""
        if self.normalization == "none":
            return flux, error
        flat = flux.reshape(len(flux), -1)
        high = np.fmax.reduce(flat, axis=1, initial=np.nan)[:, None, None]
        low = np.zeros_like(high)
        if self.normalization == "minmax":
            low = np.fmin.reduce(flat, axis=1, initial=np.nan)[:, None, None]
        low = np.where(high > low, low, 0.0)
        return (flux - low) / (high - low), error / (high - low)

    def _band_scales(self):
        if self.survey is None or not self.per_wavelength:
            return np.ones(len(self.bands_))
        survey = get_survey(self.survey)
        # From flux per frequency to flux per wavelength, up to a constant.
        return np.array([(5000.0 / survey.wavelength(band)) ** 2 for band in self.bands_])

    def _feature_names(self):
        if self.channels_last:
            order = [(c, b, t) for b in self.bands_ for t in self.times_ for c in self.channels]
        else:
            order = [(c, b, t) for b in self.bands_ for c in self.channels for t in self.times_]
        return [f"{channel}_{band}_{time:g}d" for channel, band, time in order]

    def _required_columns(self):
        return () if self.reference_column is None else (self.reference_column,)

    def _required_fields(self):
        return ("time", "band", "flux", "flux_err")

    def _check_parameters(self):
        if self.stop < self.step:
            raise ValueError(
                f"LightCurveChannels: step={self.step} must not exceed stop={self.stop}"
            )
        unknown = [c for c in self.channels if c not in _CHANNELS]
        if unknown or not len(self.channels):
            raise ValueError(
                f"LightCurveChannels: channels={self.channels} must be among {_CHANNELS}"
            )
        if self.bands is not None and len(set(self.bands)) < len(self.bands):
            raise ValueError(f"LightCurveChannels: bands={self.bands!r} holds a band twice")
