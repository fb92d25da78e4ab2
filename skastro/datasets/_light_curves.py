"""The simulated survey."""

import numbers
from collections.abc import Sequence

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame
from numpy.typing import NDArray

from skastro.datasets._cadence import Cadence, get_cadence
from skastro.datasets._catalogue import SOURCES
from skastro.datasets._host import HostRedshifts
from skastro.datasets._observe import Setup, draw_batch, redshift_limits
from skastro.datasets._spectra import dust_ratio
from skastro.datasets._variety import Variety
from skastro.datasets._visits import draw_weather
from skastro.surveys import Survey, get_survey
from skastro.utils.ragged import nest, take_objects
from skastro.utils.random import RandomState, as_generator

_FIELDS = ("time", "band", "flux", "flux_err", "photflag", "detected")
_LARGEST_BATCH = 4096
_MOST_TRIES = 3000


def make_light_curves(
    n_objects: int = 1000,
    *,
    survey: str | Survey = "LSST",
    classes: Sequence[str] | dict[str, float] | None = None,
    cadence: Cadence | None = None,
    redshift_range: tuple[float, float] = (0.0, 4.0),
    hosts: HostRedshifts | None = None,
    dust_law: str = "CCM89",
    variety: Variety | None = None,
    return_truth: bool = False,
    random_state: RandomState = None,
) -> tuple[NestedFrame, NDArray]:
    """Simulate the light curves of a transient survey.

    Each class has a population (luminosities, widths, temperatures, dust of the host) and a
    spectrum that evolves with time, both from published formulas; see the modules
    ``_supernovae``, ``_transients`` and ``_stars``.  Spectra are evaluated at the effective
    wavelength of each band.  Only objects that trigger are returned: candidates are sampled
    until there are enough of each class, so that the sample is flux-limited, as a survey is.

    Parameters
    ----------
    n_objects : int, default=1000
        Number of objects.

    survey : str or Survey, default="LSST"
        Bands, wavelengths and PHOTFLAG bits; if the survey defines none of the bits, 4096 is
        a detection, 2048 the trigger and 1024 saturation.

    classes : list of str or dict of str -> float, default=None
        Classes in equal parts, or with their relative frequencies.  All 13 by default: SNIa,
        SNIa-91bg, SNIax, SNII, SNIbc, SLSN-I, KN, TDE, AGN, RRL, EB, Mdwarf-flare, uLens.

    cadence : Cadence, default=None
        Visits, depths and zero points; those of :func:`get_cadence` by default.

    redshift_range : tuple of (float, float), default=(0.0, 4.0)
        Smallest and largest true redshift of objects outside the Milky Way; each class is
        also limited to redshifts at which the survey can detect it.

    hosts : HostRedshifts, default=None
        Errors, outliers and gaps of the redshifts; ``HostRedshifts()`` by default.

    dust_law : str, default="CCM89"
        Extinction law of the Milky Way by its name in `dust_extinction`, with R_V = 3.1.

    variety : Variety, default=None
        Vary spectra, luminosities, cadence, templates and redshifts from object to object, for
        a classifier that is to be used on another survey or simulation; None: this simulator as
        it is.

    return_truth : bool, default=False
        Add the columns ``true_redshift``, ``true_peak_time`` and ``true_mwebv`` and the field
        ``true_flux``, which no classifier may use; with `variety` also ``true_slope_error`` and
        ``true_dimmed`` [mag].

    random_state : int, RandomState, Generator or None, default=None
        Seed or generator.  NumPy's global random state is neither read nor changed.

    Returns
    -------
    X : NestedFrame with `n_objects` rows
        Index ``object_id`` ("SIM0000001").  Nested column ``lightcurve``: time [MJD], band, flux
        (difference to a template, zero point 27.5 AB), flux_err, photflag, detected
        (``|flux| > 5 flux_err``; saturated flux is that of the full well).  Columns:

        - redshift, redshift_err: of the host, NaN without a host; with photometric errors and
          unmarked outliers, and of a background galaxy for some objects of the Milky Way;
        - mwebv: E(B-V) of the map, 16 % uncertain;
        - peak_time: the time of the detection with the highest S/N in any band, which differs
          from the true peak by the gaps of the cadence;
        - trigger_time: first detection at least ``cadence.trigger_gap`` days after the first;
        - ra, dec [degrees].

    y : ndarray of str, shape (n_objects,)
        Classes, dtype object.

    Raises
    ------
    ValueError
        A parameter is out of range, a class is unknown, or too few objects of a class trigger.

    KeyError
        The survey is unknown.

    See Also
    --------
    Cadence : Visits, depths and zero points of a survey.
    HostRedshifts : Completeness and errors of redshifts.

    Examples
    --------
    >>> from skastro.datasets import make_light_curves
    >>> X, y = make_light_curves(20, classes=["SNIa", "SNII"], random_state=0)
    >>> X.index[0], sorted(set(y))
    ('SIM0000001', ['SNII', 'SNIa'])
    >>> list(X["lightcurve"].dtype.column_dtypes)
    ['time', 'band', 'flux', 'flux_err', 'photflag', 'detected']
    """
    counts = _plan(n_objects, classes)
    rng = as_generator(random_state)
    setup = _setup(rng, survey, cadence, redshift_range, hosts, dust_law, variety)
    for name in counts:
        if not SOURCES[name].galactic:
            redshift_limits(SOURCES[name], setup)
    streams = rng.spawn(len(counts))
    parts = [
        _simulate(stream, SOURCES[name], count, setup)
        for stream, (name, count) in zip(streams, counts.items())
    ]
    y = np.repeat(np.array(list(counts), object), list(counts.values()))
    order = rng.permutation(n_objects)
    static, offsets, rows = _join(parts)
    return _frame(static, offsets, rows, order, setup.cadence.bands, return_truth), y[order]


def _plan(n_objects: int, classes: Sequence[str] | dict | None) -> dict[str, int]:
    """Return the number of objects of each class, by largest remainders."""
    if not isinstance(n_objects, numbers.Integral) or n_objects < 1:
        raise ValueError(f"make_light_curves: n_objects={n_objects!r} is not a positive integer")
    shares = _shares(list(SOURCES) if classes is None else classes)
    exact = np.array(list(shares.values())) * (n_objects / sum(shares.values()))
    counts = np.floor(exact).astype(int)
    most = np.argsort(counts - exact, kind="stable")[: n_objects - counts.sum()]
    counts[most] += 1
    return {name: int(count) for name, count in zip(shares, counts) if count}


def _shares(classes):
    if isinstance(classes, str) or not hasattr(classes, "__iter__"):
        raise ValueError(f"make_light_curves: classes={classes!r} is neither a list nor a dict")
    names = list(classes)
    unknown = [name for name in names if name not in SOURCES]
    if unknown:
        raise ValueError(
            f"make_light_curves: unknown class {unknown[0]!r}; known: {', '.join(SOURCES)}"
        )
    shares = dict(classes) if isinstance(classes, dict) else dict.fromkeys(names, 1.0)
    values = np.array(list(shares.values()), float)
    if len(shares) != len(names) or not np.isfinite(values).all() or (values < 0).any():
        raise ValueError("make_light_curves: classes must differ, with finite shares of at least 0")
    if not values.sum() > 0:
        raise ValueError("make_light_curves: classes names no class with a positive share")
    return shares


def _setup(rng, survey, cadence, redshift_range, hosts, dust_law, variety):
    """Check all parameters except the classes, and collect what all objects share."""
    survey = get_survey(survey)
    cadence = get_cadence(survey.name) if cadence is None else cadence
    cadence = variety.change(cadence) if variety else cadence
    cadence.check(survey)
    if hosts is None:
        hosts = variety.hosts if variety else HostRedshifts()
    hosts.check()
    limits = np.asarray(redshift_range, float)
    if limits.shape != (2,) or not (0 <= limits[0] < limits[1] <= 10):
        raise ValueError(
            f"make_light_curves: redshift_range={redshift_range!r} must be two increasing "
            "numbers between 0 and 10"
        )
    dust_ratio(5000.0, law=dust_law, r_v=3.1)
    clear = draw_weather(rng, cadence)
    limits = tuple(limits.tolist())
    return Setup(survey, cadence, clear, hosts, limits, (dust_law, 3.1), variety)


def _simulate(rng, source, count, setup):
    """Simulate batches of one class until `count` objects trigger."""
    parts, found, tried = [], 0, 0
    while found < count:
        rate = (found + 1) / (tried + 4)
        size = int(np.clip(1.1 * (count - found) / rate, 64, _LARGEST_BATCH))
        parts.append(draw_batch(rng, source, size, setup))
        found, tried = found + len(parts[-1][1]) - 1, tried + size
        if tried > _MOST_TRIES * (found + 3):
            raise ValueError(
                f"make_light_curves: of {tried} candidates of class {source.name!r} only {found} "
                "trigger; widen redshift_range, deepen the cadence or leave the class out"
            )
    static, offsets, rows = _join(parts)
    kept = np.arange(count)
    return {name: v[kept] for name, v in static.items()}, *take_objects(offsets, rows, kept)


def _join(parts):
    """Concatenate batches."""
    statics, offsets, rows = zip(*parts)
    lengths = np.concatenate([np.diff(o) for o in offsets])
    return (
        {name: np.concatenate([s[name] for s in statics]) for name in statics[0]},
        np.append(0, np.cumsum(lengths)),
        {name: np.concatenate([r[name] for r in rows]) for name in rows[0]},
    )


def _frame(static, offsets, rows, order, bands, return_truth):
    offsets, rows = take_objects(offsets, rows, order)
    rows["band"] = pd.Categorical.from_codes(rows["band"], bands)
    names = [*_FIELDS, "true_flux"] if return_truth else _FIELDS
    index = pd.Index([f"SIM{i:07d}" for i in range(1, len(order) + 1)], name="object_id")
    static = {
        name: values[order]
        for name, values in static.items()
        if return_truth or not name.startswith("true_")
    }
    X = NestedFrame(static, index=index)
    return X.assign(lightcurve=nest(offsets, {name: rows[name] for name in names}, index))
