"""Light curves on a regular grid of times and wavelengths by Gaussian-process regression."""

import numpy as np

from skastro.base import LightCurveFeatures
from skastro.gaussian_process import Padding, interpolate_light_curves
from skastro.surveys import get_survey
from skastro.utils.ragged import flatten


class GPInterpolate(LightCurveFeatures):
    """Interpolate multi-band light curves with a Gaussian process of time and wavelength.

    Each object gets its own maximum-likelihood hyperparameters; nothing is learned across
    objects.  The row of an object is its image of shape ``output_shape_``: channel 0 the
    predicted mean, channel 1 the standard deviation, each wavelength by time.  An object that
    cannot be fitted, or that a :class:`skastro.preprocessing.MarkQuality` has marked, is a
    row of NaN.

    Parameters
    ----------
    times : array-like, default=None
        Grid of times in days after the reference; 180 from -30 to 150 by default.

    wavelengths : array-like, default=None
        Grid of wavelengths in Angstrom; 32 from 3000 to 10100 by default.

    survey : str or Survey, default="LSST"
        Gives the effective wavelengths of the bands.

    reference_column : str, default="peak_time"
        Column of `X` with the zero date of each object's grid.

    kernel : {"radial", "separable"}, default="radial"
        Matern-3/2 of the common distance in time and wavelength [1]_, or the product of one of
        time and one of wavelength.

    wavelength_scale : float, "free" or tuple of 2 floats, default="free"
        Length scale in wavelength in Angstrom: fixed, fitted, or fitted inside bounds.

    padding : bool, default=True
        Add two points of zero flux 100 days before the first and after the last observation, as
        SCONE does, so that the curves fall to zero.

    margin : float, default=None
        Fit only the rows up to so many days before the first and after the last of `times`;
        all rows by default, which is the safer choice, see
        :func:`skastro.gaussian_process.interpolate_light_curves`.

    n_starts : int, default=1
        Number of starting points of each fit; the most likely end is kept.

    engine : {"auto", "numba", "numpy", "george"}, default="auto"
        Implementation of the same model.

    n_jobs : int, default=None
        Number of parallel workers.

    progress : bool, default=False
        Show a progress bar.

    quality_column : str, default="quality"
        Column with the reason why an object is unusable, or "" for a usable one.

    column : str, default="lightcurve"
        Nested column with the light curves.

    Attributes
    ----------
    times_ : ndarray of shape (n_times,)
        Grid of times in days after the reference.

    wavelengths_ : ndarray of shape (n_wavelengths,)
        Grid of wavelengths in Angstrom.

    output_shape_ : tuple of 3 ints
        Channels, wavelengths, times.

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
    ((2, 2, 3), (1, 12))
    """

    def __init__(
        self,
        times=None,
        wavelengths=None,
        *,
        survey="LSST",
        reference_column="peak_time",
        kernel="radial",
        wavelength_scale="free",
        padding=True,
        margin=None,
        n_starts=1,
        engine="auto",
        n_jobs=None,
        progress=False,
        quality_column="quality",
        column="lightcurve",
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

    def interpolate(self, X):
        """Return the images with everything that the fit tells.

        Parameters
        ----------
        X : NestedFrame of shape (n_objects, n_columns)
            Objects with their light curves.

        Returns
        -------
        result : Interpolation
            Images, hyperparameters, log likelihood and status of each object, see
            :func:`skastro.gaussian_process.interpolate_light_curves`; objects marked by a
            MarkQuality count as objects without observations.
        """
        self._check_frame(X, reset=False)
        return self._interpolate(*self._usable_rows(X)[:2], X)

    def _interpolate(self, offsets, rows, X):
        survey = get_survey(self.survey)
        return interpolate_light_curves(
            offsets,
            rows["time"],
            survey.band_wavelengths(rows["band"]),
            rows["flux"],
            rows["flux_err"],
            self.times_,
            self.wavelengths_,
            reference=X[self.reference_column].to_numpy(float),
            kernel=self.kernel,
            wavelength_scale=self.wavelength_scale,
            padding=_third_band_padding(survey) if self.padding else None,
            margin=self.margin,
            n_starts=self.n_starts,
            engine=self.engine,
            n_jobs=self.n_jobs,
            progress=self.progress,
        )

    def _learn(self, X):
        times = np.linspace(-30, 150, 180) if self.times is None else self.times
        wavelengths = np.linspace(3000, 10100, 32) if self.wavelengths is None else self.wavelengths
        self.times_ = np.array(times, float)
        self.wavelengths_ = np.array(wavelengths, float)
        self.output_shape_ = (2, len(self.wavelengths_), len(self.times_))
        rows = flatten(X[self.column], ["band"])[1]
        get_survey(self.survey).band_wavelengths(rows["band"])

    def _features(self, offsets, rows, X):
        return self._interpolate(offsets, rows, X).grid.reshape(len(X), -1)

    def _feature_names(self):
        return [
            f"{channel}_{wavelength:g}A_{time:+.2f}d"
            for channel in ("mean", "std")
            for wavelength in self.wavelengths_
            for time in self.times_
        ]

    def _required_columns(self):
        return (self.reference_column,)

    def _required_fields(self):
        return ("time", "band", "flux", "flux_err")


def _third_band_padding(survey):
    """SCONE's two fake points, which it puts into the third band."""
    wavelengths = list(survey.wavelengths.values())
    return Padding(wavelength=wavelengths[min(2, len(wavelengths) - 1)])
