"""Mark spectra that cannot be classified, with the reason."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils._param_validation import Interval

from skastro.base import SpectrumTransformer
from skastro.utils.ragged import (
    keep_rows,
    row_numbers,
    segment_count,
    segment_median,
    segment_reduce,
    sort_rows,
)

# DER_SNR: 1.482602 converts a median to a deviation, sqrt(6) is the noise of 2 a - b - c.
_DER_SNR = 1.482602 / np.sqrt(6)


class MarkSpectrumQuality(SpectrumTransformer):
    """Mark the spectra that cannot be classified, with the reason in words.

    No object is dropped, as in :class:`MarkQuality` for light curves.

    Parameters
    ----------
    start, stop : float, default=4200, 9200
        Range of wavelengths [Angstrom] to which the other parameters refer.

    min_coverage : float, default=0.5
        Minimum share of the range between the first and the last finite flux.

    min_rows : int, default=50
        Minimum number of finite fluxes inside the range.

    max_zeros : float, default=0.5
        Maximum share of them that is exactly zero.

    min_snr : float, default=0
        Minimum ratio of the median flux to the noise inside the range; the noise is
        ``1.482602 / sqrt(6) median |2 f_i - f_i-2 - f_i+2|`` [1]_.

    quality_column : str, default="quality"
        Column with the reason why an object is unusable, or "" for a usable one.  Earlier
        reasons are kept, such as those of :func:`skastro.io.read_spectra`, and the first rule
        that an object fails is added.

    column : str, default="spectrum"
        Nested column with the spectra.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns seen during `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen during `fit`.

    See Also
    --------
    MarkQuality : The same for light curves.
    skastro.resampling.DropUnusable : Leave marked objects out of the training set.

    References
    ----------
    .. [1] Stoehr et al. 2008, ASP Conference Series 394, 505: DER_SNR.

    Examples
    --------
    >>> import numpy as np
    >>> from nested_pandas import NestedFrame
    >>> from skastro.preprocessing import MarkSpectrumQuality
    >>> from skastro.utils.ragged import nest
    >>> rows = {"wavelength": np.arange(4000.0, 4100.0), "flux": np.ones(100)}
    >>> X = NestedFrame({"z": [0.1]}).assign(spectrum=nest([0, 100], rows))
    >>> MarkSpectrumQuality().fit_transform(X)["quality"].item()
    'fewer than 50 values of flux'
    """

    _parameter_constraints = {
        "start": [Real],
        "stop": [Real],
        "min_coverage": [Interval(Real, 0, 1, closed="both")],
        "min_rows": [Interval(Integral, 0, None, closed="left")],
        "max_zeros": [Interval(Real, 0, 1, closed="both")],
        "min_snr": [Real],
        "quality_column": [str],
        **SpectrumTransformer._parameter_constraints,
    }

    def __init__(
        self,
        start: float = 4200.0,
        stop: float = 9200.0,
        *,
        min_coverage: float = 0.5,
        min_rows: int = 50,
        max_zeros: float = 0.5,
        min_snr: float = 0.0,
        quality_column: str = "quality",
        column: str = "spectrum",
    ):
        super().__init__(column=column)
        self.start = start
        self.stop = stop
        self.min_coverage = min_coverage
        self.min_rows = min_rows
        self.max_zeros = max_zeros
        self.min_snr = min_snr
        self.quality_column = quality_column

    def _check_parameters(self):
        if not self.start < self.stop:
            raise ValueError(
                f"MarkSpectrumQuality: start={self.start} must be below stop={self.stop}"
            )

    def _transform_rows(self, offsets, rows, X):
        return offsets, rows

    def _faults(self, offsets, rows, X):
        self._check_wavelengths(offsets, rows["wavelength"], X)
        x = rows["wavelength"]
        inside = (x >= self.start) & (x <= self.stop) & np.isfinite(rows["flux"])
        offsets, rows = keep_rows(offsets, {n: rows[n] for n in ("wavelength", "flux")}, inside)
        rows = sort_rows(offsets, rows, "wavelength")
        x, flux = rows["wavelength"], rows["flux"].astype(float)
        n_rows = np.diff(offsets)
        reach = segment_reduce(offsets, x, np.maximum) - segment_reduce(offsets, x, np.minimum)
        coverage = np.nan_to_num(reach) / (self.stop - self.start)
        with np.errstate(divide="ignore", invalid="ignore"):
            zeros = segment_count(offsets, flux == 0) / n_rows
            snr = segment_median(offsets, flux) / _noise(flux, offsets)
        return {
            f"fewer than {self.min_rows} values of flux": n_rows < self.min_rows,
            f"covers less than {self.min_coverage:.0%} of {self.start:g}-{self.stop:g} Angstrom": (
                coverage < self.min_coverage
            ),
            f"more than {self.max_zeros:.0%} of the flux is zero": zeros > self.max_zeros,
            f"S/N below {self.min_snr:g}": snr < self.min_snr,
        }


def _noise(flux, offsets):
    """Noise of each object from the second differences of every other row."""
    number = row_numbers(offsets)
    length = np.repeat(np.diff(offsets), np.diff(offsets))
    second = np.full(len(flux), np.nan)
    k = np.flatnonzero((number > 1) & (number < length - 2))
    second[k] = np.abs(2 * flux[k] - flux[k - 2] - flux[k + 2])
    return _DER_SNR * segment_median(offsets, second)
