"""Simulated spectra of supernovae as a low-resolution spectrograph sees them."""

import numbers
from collections.abc import Sequence

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame
from numpy.typing import NDArray

from skastro.datasets._line_templates import LIGHT_SPEED, TEMPLATES
from skastro.datasets._spectra import dust_ratio
from skastro.utils.ragged import nest, segment_ids, segment_median
from skastro.utils.random import RandomState, as_generator

_SCATTER = {"temperature": 0.08, "velocity": 0.1}
_LINE_SCATTER = 0.25
_HOST_LINES = {3727.4: 0.8, 4861.3: 0.4, 4958.9: 0.3, 5006.8: 0.9, 6562.8: 1.5, 6583.5: 0.4}
_FWHM = 2.354820045


def make_spectra(
    n_objects: int = 1000,
    *,
    classes: Sequence[str] | dict[str, float] | None = None,
    n_spectra: int = 1,
    redshift_range: tuple[float, float] = (0.005, 0.1),
    unknown_redshifts: float = 0.0,
    wavelength_range: tuple[float, float] = (3700.0, 9300.0),
    step: float = 20.0,
    resolving_power: float = 100.0,
    snr_range: tuple[float, float] = (5.0, 40.0),
    host_fraction: float = 0.15,
    return_truth: bool = False,
    random_state: RandomState = None,
) -> tuple[NestedFrame, NDArray]:
    r"""Simulate spectra of supernovae of eight types.

    A spectrum is a blackbody with P-Cygni lines whose strengths, velocity and temperature depend
    on the phase (``_line_templates``), with the dust, starlight and narrow lines of the host, the
    resolution of the instrument and noise:

    .. math:: f(\lambda) = A \left[F_{SN}\left(\tfrac{\lambda}{1+z}\right)
        10^{-0.4 k_\lambda E} + h F_{host}\left(\tfrac{\lambda}{1+z}\right)\right] + \sigma
        \epsilon,\quad \sigma = \frac{\mathrm{med} f}{S} \left(1 + 2 x^4\right)

    with `x` from -1 to 1 over the range of wavelengths, S log-uniform in `snr_range`, E
    exponential with mean 0.1 mag, h exponential with mean `host_fraction`, ``log10 A`` normal
    with mean -16 and standard deviation 0.5.  Velocities vary by 10 % from object to object,
    temperatures by 8 %, line strengths by 25 % (log-normal); phases are uniform.  The host is
    ``(0.45 + 0.55 / (1 + exp(-(lambda - 4000) / 50))) (lambda / 5500) ** 0.3`` with emission
    lines.

    Parameters
    ----------
    n_objects : int, default=1000
        Number of supernovae.

    classes : list of str or dict of str -> float, default=None
        Types in equal parts, or with their relative frequencies.  All eight by default:
        Ia, II, IIn, IIb, Ib, Ic, Ic-BL, SLSN-I.

    n_spectra : int, default=1
        Number of spectra of each supernova, at different phases.

    redshift_range : (float, float), default=(0.005, 0.1)
        Range of the uniform distribution of redshifts.

    unknown_redshifts : float, default=0
        Fraction of supernovae whose redshift is NaN.

    wavelength_range : (float, float), default=(3700, 9300)
        Range of the instrument [Angstrom]; each end of a spectrum is truncated by up to 3 %.

    step : float, default=20
        Width of a pixel [Angstrom].

    resolving_power : float, default=100
        ``lambda / FWHM``; 100 is that of the SED Machine.

    snr_range : (float, float), default=(5, 40)
        Range of the median S/N per pixel.

    host_fraction : float, default=0.15
        Mean flux of the host relative to the supernova at 5500 Angstrom.

    return_truth : bool, default=False
        Add the columns true_redshift and true_host, and the field true_flux.

    random_state : int, RandomState, Generator or None, default=None
        Seed or generator.  NumPy's global random state is neither read nor changed.

    Returns
    -------
    X : NestedFrame with ``n_objects * n_spectra`` rows
        Index ``object_id``; ``name`` of the supernova, the group of every split; ``redshift``;
        ``phase`` in days after maximum; nested ``spectrum``: wavelength [Angstrom, observer's
        frame], flux, flux_err [per Angstrom].

    y : ndarray of str
        Types.

    Raises
    ------
    ValueError
        A parameter is out of range or a type is unknown.

    Examples
    --------
    >>> from skastro.datasets import make_spectra
    >>> X, y = make_spectra(6, classes=["Ia", "II"], n_spectra=2, random_state=0)
    >>> X.index[:3].tolist(), X["name"].nunique(), len(y)
    (['SIM0000001-1', 'SIM0000001-2', 'SIM0000002-1'], 6, 12)
    """
    shares = _shares(TEMPLATES if classes is None else classes)
    _check(n_objects, n_spectra, redshift_range, wavelength_range, snr_range)
    if not (
        step > 0 and resolving_power > 0 and host_fraction >= 0 and 0 <= unknown_redshifts <= 1
    ):
        raise ValueError(
            "make_spectra: step and resolving_power must be positive, host_fraction at least 0, "
            "unknown_redshifts in [0, 1]"
        )
    rng = as_generator(random_state)
    names = np.array(list(shares), object)
    counts = _round_shares(np.array(list(shares.values())), n_objects)
    types = np.repeat(rng.permutation(np.repeat(names, counts)), n_spectra)
    static = _draw_objects(rng, types, n_spectra, redshift_range, snr_range, host_fraction)
    offsets, wavelength = _draw_grids(rng, len(types), wavelength_range, step)
    truth = _emit(types, static, offsets, wavelength, LIGHT_SPEED / resolving_power / _FWHM)
    rows = _observe(rng, static, offsets, wavelength, truth, wavelength_range)
    known = np.repeat(rng.random(n_objects) >= unknown_redshifts, n_spectra)
    return _frame(static, known, offsets, rows, n_spectra, return_truth), types


def _shares(classes):
    if isinstance(classes, str) or not hasattr(classes, "__iter__"):
        raise ValueError(f"make_spectra: classes={classes!r} is neither a list nor a dict")
    names = list(classes)
    unknown = [name for name in names if name not in TEMPLATES]
    if unknown or not names or len(set(names)) < len(names):
        text = f"unknown class {unknown[0]!r}" if unknown else f"classes={names} must differ"
        raise ValueError(f"make_spectra: {text}; known: {', '.join(TEMPLATES)}")
    is_table = isinstance(classes, dict) and classes is not TEMPLATES
    shares = dict(classes) if is_table else dict.fromkeys(names, 1.0)
    values = np.array(list(shares.values()), float)
    if not (np.isfinite(values).all() and (values >= 0).all() and values.sum() > 0):
        raise ValueError("make_spectra: shares must be finite, at least 0, and not all 0")
    return shares


def _check(n_objects, n_spectra, *ranges):
    for name, number in {"n_objects": n_objects, "n_spectra": n_spectra}.items():
        if not isinstance(number, numbers.Integral) or number < 1:
            raise ValueError(f"make_spectra: {name}={number!r} is not a positive integer")
    for name, limits in zip(("redshift_range", "wavelength_range", "snr_range"), ranges):
        if len(limits) != 2 or not 0 <= limits[0] <= limits[1] < np.inf or limits[1] == 0:
            raise ValueError(f"make_spectra: {name}={limits!r} is not two increasing numbers")


def _round_shares(shares, n_objects):
    """Return integer counts of each class, by largest remainders."""
    exact = shares / shares.sum() * n_objects
    counts = np.floor(exact).astype(int)
    most = np.argsort(counts - exact, kind="stable")[: n_objects - counts.sum()]
    counts[most] += 1
    return counts


def _draw_objects(rng, types, n_spectra, redshift_range, snr_range, host_fraction):
    """Sample the parameters of supernovae and of their spectra, one element per spectrum."""
    n_objects, n_rows = len(types) // n_spectra, len(types)
    lines = sorted({name for t in set(types) for name in TEMPLATES[t].lines})
    scatter = _SCATTER | dict.fromkeys(lines, _LINE_SCATTER)
    once = {name: np.exp(sigma * rng.normal(size=n_objects)) for name, sigma in scatter.items()}
    once |= {
        "redshift": rng.uniform(*redshift_range, n_objects),
        "dust": rng.exponential(0.1, n_objects),
        "host": rng.exponential(host_fraction, n_objects) if host_fraction else np.zeros(n_objects),
        "amplitude": 10 ** rng.normal(-16, 0.5, n_objects),
    }
    static = {name: np.repeat(values, n_spectra) for name, values in once.items()}
    first, last = np.array([TEMPLATES[t].phases for t in types]).T
    static["phase"] = rng.uniform(first, last)
    static["snr"] = np.exp(rng.uniform(*np.log(np.maximum(snr_range, 1e-9)), n_rows))
    return static


def _draw_grids(rng, n_rows, wavelength_range, step):
    low, high = wavelength_range
    cut = 0.03 * (high - low)
    starts = low + rng.uniform(0, cut, n_rows)
    lengths = np.maximum(((high - rng.uniform(0, cut, n_rows) - starts) / step).astype(int), 2)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    ids = segment_ids(offsets)
    return offsets, starts[ids] + step * (np.arange(offsets[-1]) - offsets[ids])


def _emit(types, static, offsets, wavelength, resolution):
    """Return the flux without noise."""
    ids = segment_ids(offsets)
    flux = np.empty(len(wavelength))
    rest = wavelength / (1 + static["redshift"])[ids]
    for name in sorted(set(types)):
        rows = np.flatnonzero((types == name)[ids])
        own, template = ids[rows], TEMPLATES[name]
        factors = {k: static[k][own] for k in (*_SCATTER, *template.lines)}
        flux[rows] = template.flux(rest[rows], static["phase"][own], factors, resolution)
    dimming = 10 ** (-0.4 * dust_ratio(rest) * static["dust"][ids])
    starlight = static["host"][ids] * _host(rest, resolution)
    return static["amplitude"][ids] * (flux * dimming + starlight)


def _host(rest, resolution):
    light = 0.45 + 0.55 / (1 + np.exp(-(rest - 4000) / 50))
    light *= (rest / 5500) ** 0.3
    width = 100.0
    for line, strength in _HOST_LINES.items():
        u = LIGHT_SPEED * np.log(rest / line)
        seen = np.hypot(width, resolution)
        light += strength * 5 * width / seen * np.exp(-0.5 * (u / seen) ** 2)
    return light


def _observe(rng, static, offsets, wavelength, truth, wavelength_range):
    ids = segment_ids(offsets)
    low, high = wavelength_range
    x = 2 * (wavelength - low) / (high - low) - 1
    error = (segment_median(offsets, truth) / static["snr"])[ids] * (1 + 2 * x**4)
    return {
        "wavelength": wavelength,
        "flux": truth + error * rng.normal(size=len(truth)),
        "flux_err": error,
        "true_flux": truth,
    }


def _frame(static, known, offsets, rows, n_spectra, return_truth):
    number = np.arange(len(known))
    names = [f"SIM{i // n_spectra + 1:07d}" for i in number]
    ids = [f"{n}-{i % n_spectra + 1}" if n_spectra > 1 else n for n, i in zip(names, number)]
    index = pd.Index(ids, name="object_id")
    redshift = static["redshift"]
    columns = {"name": names, "redshift": np.where(known, redshift, np.nan)}
    columns["phase"] = static["phase"]
    if return_truth:
        columns |= {"true_redshift": redshift, "true_host": static["host"]}
    else:
        del rows["true_flux"]
    return NestedFrame(columns, index=index).assign(spectrum=nest(offsets, rows, index))
