"""Light curves on a regular grid of times and wavelengths by Gaussian-process regression."""

import warnings
from numbers import Integral, Real

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame
from numpy.typing import ArrayLike
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skastro.base import LightCurveFeatures, check_bands, is_marked, take_known_bands
from skastro.exceptions import ObjectWarning, name_objects
from skastro.gaussian_process import Interpolation, Padding, interpolate_light_curves
from skastro.surveys import Survey, get_survey
from skastro.utils.frames import get_numbers
from skastro.utils.grid import Grid, check_grid
from skastro.utils.ragged import flatten

_DAYS = Grid(-30.0, 150.0, 180)
_ANGSTROMS = Grid(3000.0, 10100.0, 32)


class GPInterpolate(LightCurveFeatures):
    """Interpolate multi-band light curves with a Gaussian process of time and wavelength.

    Each object gets its own maximum-likelihood hyperparameters; nothing is learned across
    objects.  The row of an object is its image of shape ``output_shape_``, wavelength by time by
    channel: channel 0 is the predicted mean, channel 1 the standard deviation.  The row of an
    object that cannot be fitted is NaN, and a warning names it with the reason.

    Parameters
    ----------
    times : array-like or Grid of shape (n_times,), default=None
        Increasing grid of times in days after the reference date; ``Grid(-30, 150, 180)`` by
        default.

    wavelengths : array-like or Grid of shape (n_wavelengths,), default=None
        Increasing grid [Angstrom]; ``Grid(3000, 10100, 32)`` by default.

    survey : str or Survey, default="LSST"
        Survey that defines the bands and the PHOTFLAG bits.  Observations in other bands are
        ignored with a warning.

    reference_column : str, default="peak_time"
        Column with the reference date of each object, the zero of `times`.

    kernel : {"radial", "separable"}, default="radial"
        Matern-3/2 of the common distance in time and wavelength [1]_, at the third power of the
        rows of an object, or the product of one in time and one in wavelength, linear in them.

    wavelength_scale : float, "free" or tuple of 2 floats, default="free"
        Length scale in wavelength [Angstrom]: fixed, fitted, or fitted within bounds.

    padding : bool, default=True
        Add two points of zero flux 100 days before the first and after the last observation, as
        SCONE does, so that the curves fall to zero.

    margin : "auto", float or None, default="auto"
        Use only the rows up to this many days before the first and after the last of `times`;
        None uses all.  By default all with the separable kernel, and with the radial one for
        objects of up to 1,000 rows, see
        :func:`skastro.gaussian_process.interpolate_light_curves`.

    n_starts : int, default=1
        Number of starting points of each fit; the most likely result is kept.

    engine : {"auto", "numba", "numpy", "george"}, default="auto"
        Implementation; all give the same result.

    n_jobs : int, default=None
        Number of parallel workers; None means one.

    progress : bool, default=False
        Show a progress bar.

    quality_column : str, default="quality"
        Column with the reason why an object is unusable, or "" for a usable one.

    column : str, default="lightcurve"
        Nested column with the light curves.

    Attributes
    ----------
    times_ : ndarray of shape (n_times,)
        Grid of times in days after the reference date.

    wavelengths_ : ndarray of shape (n_wavelengths,)
        Grid of wavelengths [Angstrom].

    output_shape_ : tuple of 3 ints
        Wavelengths, times, channels.

    n_features_in_ : int
        Number of columns seen during `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen during `fit`.

    See Also
    --------
    Heatmap : Normalised images for a convolutional network.

    References
    ----------
    .. [1] Boone 2019, AJ 158, 257 (arXiv:1907.04690), section 3.2.

    Examples
    --------
    >>> import numpy as np
    >>> from nested_pandas import NestedFrame
    >>> from skastro.feature_extraction import GPInterpolate
    >>> from skastro.utils.ragged import nest
    >>> rows = {"time": [0.0, 5.0, 9.0], "band": ["g", "r", "g"],
    ...         "flux": [10.0, 30.0, 20.0], "flux_err": [1.0, 1.0, 1.0]}
    >>> X = NestedFrame({"peak_time": [5.0]}).assign(lightcurve=nest([0, 3], rows))
    >>> gp = GPInterpolate(times=[-5, 0, 5], wavelengths=[4800, 6200]).fit(X)
    >>> gp.output_shape_, gp.transform(X).shape
    ((2, 3, 2), (1, 12))
    """

    _parameter_constraints = {
        "times": ["array-like", Grid, None],
        "wavelengths": ["array-like", Grid, None],
        "survey": [str, Survey],
        "reference_column": [str],
        "kernel": [StrOptions({"radial", "separable"})],
        "wavelength_scale": [
            Interval(Real, 0, None, closed="neither"),
            StrOptions({"free"}),
            "array-like",
        ],
        "padding": ["boolean"],
        "margin": [Interval(Real, 0, None, closed="left"), StrOptions({"auto"}), None],
        "n_starts": [Interval(Integral, 1, None, closed="left")],
        "engine": [StrOptions({"auto", "numba", "numpy", "george"})],
        "n_jobs": [Integral, None],
        "progress": ["boolean"],
        **LightCurveFeatures._parameter_constraints,
    }

    def __init__(
        self,
        times: ArrayLike | Grid | None = None,
        wavelengths: ArrayLike | Grid | None = None,
        *,
        survey: str | Survey = "LSST",
        reference_column: str = "peak_time",
        kernel: str = "radial",
        wavelength_scale: float | str | tuple[float, float] = "free",
        padding: bool = True,
        margin: float | str | None = "auto",
        n_starts: int = 1,
        engine: str = "auto",
        n_jobs: int | None = None,
        progress: bool = False,
        quality_column: str = "quality",
        column: str = "lightcurve",
    ):
        super().__init__(quality_column=quality_column, column=column)
        self.times = times
        self.wavelengths = wavelengths
        self.survey = survey
        self.reference_column = reference_column
        self.kernel = kernel
        self.wavelength_scale = wavelength_scale
        self.padding = padding
        self.margin = margin
        self.n_starts = n_starts
        self.engine = engine
        self.n_jobs = n_jobs
        self.progress = progress

    def interpolate(self, X: NestedFrame) -> Interpolation:
        """Return the images with all results of the fits.

        Parameters
        ----------
        X : NestedFrame of shape (n_objects, n_columns)
            Objects with their light curves.

        Returns
        -------
        result : Interpolation
            Images, hyperparameters, log likelihood and status of each object, see
            :func:`skastro.gaussian_process.interpolate_light_curves`; marked objects count as
            objects without observations.
        """
        check_is_fitted(self)
        self._check_frame(X, reset=False)
        offsets, rows, *_ = self._usable_rows(X)
        return self._interpolate(offsets, rows, X)

    def _interpolate(self, offsets, rows, X):
        survey = get_survey(self.survey)
        known = survey.wavelengths
        offsets, rows, band = take_known_bands(
            offsets, rows, known, survey, X.index, "GPInterpolate"
        )
        result = interpolate_light_curves(
            offsets,
            rows["time"],
            np.array(list(known.values()))[band],
            rows["flux"],
            rows["flux_err"],
            self.times_,
            self.wavelengths_,
            reference=get_numbers(X, self.reference_column),
            kernel=self.kernel,
            wavelength_scale=self.wavelength_scale,
            padding=_third_band_padding(survey) if self.padding else None,
            margin=self.margin,
            n_starts=self.n_starts,
            engine=self.engine,
            n_jobs=self.n_jobs,
            progress=self.progress,
        )
        self._warn_of_failures(result, X)
        return result

    def _warn_of_failures(self, result, X):
        """Warn once of the usable objects without an image, by reason."""
        failed = (result.status != 0) & ~is_marked(X, self.quality_column)
        if not failed.any():
            return
        reasons = pd.Series(result.reasons[failed], index=X.index[failed])
        texts = [f"{why}: {name_objects(ids.index)}" for why, ids in reasons.groupby(reasons)]
        warnings.warn(
            f"GPInterpolate: {failed.sum()} of {len(X)} objects have no image "
            f"({'; '.join(texts)}).  MarkQuality marks objects with few observations beforehand",
            ObjectWarning,
            stacklevel=4,
        )

    def _learn(self, X):
        times = _DAYS if self.times is None else self.times
        wavelengths = _ANGSTROMS if self.wavelengths is None else self.wavelengths
        self.times_ = check_grid(times, "GPInterpolate: times")
        self.wavelengths_ = check_grid(wavelengths, "GPInterpolate: wavelengths")
        self.output_shape_ = (len(self.wavelengths_), len(self.times_), 2)
        check_bands(flatten(X[self.column], ["band"])[1]["band"], self.survey, "GPInterpolate")

    def _features(self, offsets, rows, X):
        images = self._interpolate(offsets, rows, X).grid
        return np.moveaxis(images, 1, 3).reshape(len(X), -1)

    def _feature_names(self):
        return [
            f"{channel}_{wavelength:g}A_{time:+.2f}d"
            for wavelength in self.wavelengths_
            for time in self.times_
            for channel in ("mean", "std")
        ]

    def _required_columns(self):
        return (self.reference_column,)

    def _required_fields(self):
        return ("time", "band", "flux", "flux_err")


def _third_band_padding(survey):
    """Return SCONE's two artificial points, which it adds to the third band."""
    wavelengths = list(survey.wavelengths.values())
    return Padding(wavelength=wavelengths[min(2, len(wavelengths) - 1)])
