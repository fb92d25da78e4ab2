"""The continuum of spectra."""

from numbers import Integral, Real

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from skastro.base import SpectrumTransformer
from skastro.preprocessing._spectra_scale import scaled
from skastro.utils.interpolation import interpolate_cubic, interpolate_linear
from skastro.utils.ragged import keep_rows, segment_ids, segment_reduce

_BINS_PER_WIDTH = 6


class RemoveContinuum(SpectrumTransformer):
    """Fit the continuum of each spectrum and divide by it, or subtract it.

    Parameters
    ----------
    method : {"spline", "polynomial", "gaussian"}, default="spline"
        Cubic spline through the means of the flux in `n_knots` bins of equal width in the
        logarithm of the wavelength, as SNID does with 13 [1]_, constant beyond the outermost
        means; the least-squares polynomial of `degree` in the wavelength; or the running mean of
        the flux with a Gaussian weight in the logarithm of the wavelength, which does not
        oscillate and does not depend on the ends of the spectrum.

    n_knots : int, default=13
        Number of bins of "spline"; those without data are left out.

    degree : int, default=5
        Degree of "polynomial"; a spectrum with fewer rows than coefficients becomes NaN.

    width : float, default=0.12
        Standard deviation of the weight of "gaussian" in the natural logarithm of the
        wavelength, equal to a velocity in units of the speed of light.

    mode : {"divide", "subtract"}, default="divide"
        Flux divided by continuum, NaN where the continuum is not positive, or flux minus continuum.

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
    Apodize : Taper the ends afterwards.

    References
    ----------
    .. [1] Blondin & Tonry 2007, ApJ 666, 1024, section 2.2.

    Examples
    --------
    >>> import numpy as np
    >>> from nested_pandas import NestedFrame
    >>> from skastro.preprocessing import RemoveContinuum
    >>> from skastro.utils.ragged import flatten, nest
    >>> rows = {"wavelength": np.arange(4000.0, 4100.0), "flux": np.arange(4000.0, 4100.0)}
    >>> X = NestedFrame({"z": [0.1]}).assign(spectrum=nest([0, 100], rows))
    >>> flat = RemoveContinuum(method="polynomial", degree=1).fit_transform(X)
    >>> bool(np.allclose(flatten(flat["spectrum"])[1]["flux"], 1))
    True
    """

    _parameter_constraints = {
        "method": [StrOptions({"spline", "polynomial", "gaussian"})],
        "n_knots": [Interval(Integral, 2, None, closed="left")],
        "degree": [Interval(Integral, 0, None, closed="left")],
        "width": [Interval(Real, 0, None, closed="neither")],
        "mode": [StrOptions({"divide", "subtract"})],
        **SpectrumTransformer._parameter_constraints,
    }

    def __init__(
        self,
        *,
        method: str = "spline",
        n_knots: int = 13,
        degree: int = 5,
        width: float = 0.12,
        mode: str = "divide",
        column: str = "spectrum",
    ):
        super().__init__(column=column)
        self.method = method
        self.n_knots = n_knots
        self.degree = degree
        self.width = width
        self.mode = mode

    def _transform_spectra(self, offsets, rows, X):
        flux = rows["flux"].astype(float)
        known_offsets, known = keep_rows(
            offsets, {"x": rows["wavelength"].astype(float), "y": flux}, np.isfinite(flux)
        )
        at = offsets, rows["wavelength"].astype(float)
        function, parameter = {
            "spline": (_spline, self.n_knots),
            "polynomial": (_polynomial, self.degree),
            "gaussian": (_gaussian, self.width),
        }[self.method]
        continuum = function(known_offsets, known["x"], known["y"], parameter, *at)
        if self.mode == "divide":
            positive = np.where(continuum > 0, continuum, np.nan)
            return offsets, scaled(rows, 1 / positive)
        return offsets, scaled(rows, 1.0, continuum)


def _limits(offsets, x):
    return (segment_reduce(offsets, x, ufunc) for ufunc in (np.minimum, np.maximum))


def _spline(offsets, x, y, n_knots, target_offsets, targets):
    """Means in bins of log wavelength, and the spline through them at the targets."""
    n_objects, owner = len(offsets) - 1, segment_ids(offsets)
    low, high = _limits(offsets, x)
    with np.errstate(divide="ignore", invalid="ignore"):
        place = n_knots * np.log(x / low[owner]) / np.log(high / low)[owner]
    place = np.clip(np.nan_to_num(place), 0, n_knots - 1).astype(int) + owner * n_knots
    scale = segment_reduce(offsets, np.abs(y), np.maximum, empty=1.0)
    scale = np.where(scale > 0, scale, 1.0)
    size = n_objects * n_knots
    count = np.bincount(place, minlength=size)
    filled = count > 0
    knot_x, knot_y = (
        np.bincount(place, values, minlength=size)[filled] / count[filled]
        for values in (x, y / scale[owner])
    )
    knot_offsets = np.concatenate([[0], np.cumsum(filled.reshape(n_objects, -1).sum(axis=1))])
    first, last = _limits(knot_offsets, knot_x)
    owner = segment_ids(target_offsets)
    clipped = np.clip(targets, first[owner], last[owner])
    clipped = np.where(np.isnan(clipped), 0.0, clipped)
    values = interpolate_cubic(knot_offsets, knot_x, knot_y, target_offsets, clipped)
    return values * scale[owner]


def _polynomial(offsets, x, y, degree, target_offsets, targets):
    """Least squares in Legendre polynomials of the wavelength, scaled to [-1, 1]."""
    low, high = _limits(offsets, x)
    owner, target_owner = segment_ids(offsets), segment_ids(target_offsets)
    middle, half = (high + low) / 2, np.where(high > low, (high - low) / 2, 1.0)
    scale = segment_reduce(offsets, np.abs(y), np.maximum, empty=1.0)
    scale = np.where(scale > 0, scale, 1.0)

    def basis(values, owner):
        return np.polynomial.legendre.legvander((values - middle[owner]) / half[owner], degree)

    own = basis(x, owner)
    normal = np.empty((len(offsets) - 1, degree + 1, degree + 1))
    right = np.empty((len(offsets) - 1, degree + 1, 1))
    for i in range(degree + 1):
        right[:, i, 0] = segment_reduce(offsets, own[:, i] * y / scale[owner], np.add)
        for j in range(degree + 1):
            normal[:, i, j] = segment_reduce(offsets, own[:, i] * own[:, j], np.add)
    enough = np.diff(offsets) > degree
    normal[~enough], right[~enough] = np.eye(degree + 1), np.nan
    terms = np.linalg.solve(normal, right)[:, :, 0] * scale[:, None]
    return (basis(targets, target_owner) * terms[target_owner]).sum(axis=1)


def _gaussian(offsets, x, y, width, target_offsets, targets):
    """Means in narrow bins of log wavelength, their running mean, interpolated at the targets."""
    step = width / _BINS_PER_WIDTH
    low, high = (np.log(limit) for limit in _limits(offsets, x))
    # Cells at fixed wavelengths: a continuum must not depend on the other spectra of a call.
    cell = np.floor(np.log(x) / step).astype(int)
    first, last = (cell.min() - 1, cell.max() + 1) if len(cell) else (0, 0)
    shape = len(offsets) - 1, last - first + 1
    place = np.ravel_multi_index((segment_ids(offsets), cell - first), shape)
    count = np.bincount(place, minlength=np.prod(shape))
    total = np.bincount(place, y, minlength=np.prod(shape))
    filled = (count > 0).reshape(shape)
    means = (total / np.maximum(count, 1)).reshape(shape)
    distance = np.subtract.outer(np.arange(shape[1]), np.arange(shape[1])) / _BINS_PER_WIDTH
    weight = np.exp(-0.5 * distance**2)
    with np.errstate(invalid="ignore", divide="ignore"):
        smooth = (means @ weight) / (filled @ weight)
    middles = np.tile((np.arange(shape[1]) + first + 0.5) * step, shape[0])
    owner = segment_ids(target_offsets)
    at = np.clip(np.log(targets), low[owner], high[owner])
    own_offsets = np.arange(shape[0] + 1) * shape[1]
    return interpolate_linear(own_offsets, middles, smooth.ravel(), target_offsets, at)
