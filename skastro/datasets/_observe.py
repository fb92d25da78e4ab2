"""From a population to what a survey measures: one batch of one class, all objects at once."""

from typing import NamedTuple

import numpy as np

from skastro.datasets._cadence import Cadence
from skastro.datasets._cosmology import draw_redshifts, farthest_redshift
from skastro.datasets._host import HostRedshifts, draw_reddening
from skastro.datasets._noise import detect, find_trigger, flux_error, photflag, sky_variance
from skastro.datasets._source import Rows, Scene, to_flux
from skastro.datasets._spectra import dust_ratio, ripple
from skastro.datasets._variety import Variety
from skastro.datasets._visits import draw_visits, illumination, season_starts
from skastro.surveys import Survey
from skastro.utils.cosmology import distance_modulus
from skastro.utils.ragged import segment_argmax, take_objects

_NEAREST = 0.003
_BEFORE, _AFTER = 25.0, 10.0
_FLARE_LEAD = 0.03
_HOPELESS_SNR = 2.0
_B_BAND = 4400.0


class Setup(NamedTuple):
    """Everything that objects of one survey share.

    Attributes
    ----------
    survey : Survey
        Wavelengths and flags.

    cadence : Cadence
        Visits and depths.

    clear : ndarray of bool
        Weather.

    hosts : HostRedshifts
        Quality of redshifts.

    redshift_range : tuple of float
        Limits that the user set.

    dust : tuple of (str, float)
        Law and R_V of the Milky Way.

    variety : Variety or None
        What varies from object to object.

    Examples
    --------
    >>> from skastro.datasets._observe import Setup
    >>> Setup._fields[:2]
    ('survey', 'cadence')
    """

    survey: Survey
    cadence: Cadence
    clear: np.ndarray
    hosts: HostRedshifts
    redshift_range: tuple
    dust: tuple
    variety: Variety | None = None

    @property
    def scene(self):
        """What populations have to know about the survey."""
        cadence, variety = self.cadence, self.variety
        templates = ()
        if variety:
            templates = variety.template_visits, variety.many_flares, variety.nuclei_scatter
        return Scene(
            cadence.per_band("saturation").max(),
            cadence.per_band("depth").max(),
            365.25 * (cadence.n_seasons - 1) + cadence.season_length + _BEFORE + _AFTER,
            *templates,
        )

    @property
    def wavelengths(self):
        """Effective wavelengths in the order of the cadence's bands."""
        return np.array([self.survey.wavelengths[band] for band in self.cadence.bands])

    @property
    def gains(self):
        """Photo-electrons in a unit of flux, per band."""
        return 10 ** (0.4 * (self.cadence.per_band("zero_point") - self.survey.zero_point))

    @property
    def bits(self):
        """PHOTFLAG bits: those of LSST where the survey defines none."""
        default = {"saturated": 1024, "trigger": 2048, "detection": 4096}
        return default | self.survey.photflag


def redshift_limits(source, setup):
    """Return the smallest and largest redshift at which a class is simulated.

    Raises
    ------
    ValueError
        The requested range lies entirely beyond what the survey can detect.

    Examples
    --------
    >>> from skastro.datasets import HostRedshifts, get_cadence
    >>> from skastro.datasets._catalogue import SOURCES
    >>> from skastro.datasets._observe import Setup, redshift_limits
    >>> from skastro.surveys import get_survey
    >>> shared = get_survey("ZTF"), get_cadence("ZTF"), None, HostRedshifts(), (0.0, 0.05)
    >>> redshift_limits(SOURCES["SNIa"], Setup(*shared, ("CCM89", 3.1)))
    (0.003, 0.05)
    """
    visible = farthest_redshift(source.brightest, setup.scene.faint)
    low = max(setup.redshift_range[0], _NEAREST)
    high = min(setup.redshift_range[1], visible, source.farthest)
    if low >= high:
        raise ValueError(
            f"make_light_curves: class {source.name!r} is seen by this survey up to redshift "
            f"{min(visible, source.farthest):.3g} only, but redshift_range is "
            f"{setup.redshift_range}; widen it or leave the class out of classes"
        )
    return low, high


def draw_batch(rng, source, n, setup):
    """Draw `n` objects of one class and return those that the survey finds.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of random numbers.

    source : Source
        The class.

    n : int
        Candidates to try.

    setup : Setup
        The survey.

    Returns
    -------
    static : dict of str -> ndarray of shape (n_found,)
        Columns, the truth among them.

    offsets : ndarray of shape (n_found + 1,)
        Rows of each object.

    rows : dict of str -> ndarray of shape (n_rows,)
        Fields; `band` is the number of the band.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.datasets import HostRedshifts, get_cadence
    >>> from skastro.datasets._catalogue import SOURCES
    >>> from skastro.datasets._observe import Setup, draw_batch
    >>> from skastro.surveys import get_survey
    >>> clear, dust = np.ones(2000, bool), ("CCM89", 3.1)
    >>> shared = get_survey("DES"), get_cadence("DES"), clear, HostRedshifts(), (0.0, 9.0)
    >>> rng = np.random.default_rng(0)
    >>> static, offsets, rows = draw_batch(rng, SOURCES["SNIa"], 50, Setup(*shared, dust))
    >>> 0 < len(offsets) - 1 == len(static["redshift"]) < 50
    True
    """
    parameters = _draw_objects(rng, source, n, setup)
    if source.peaked:
        kept = _hopeful(source, parameters, setup)
        parameters = {name: values[kept] for name, values in parameters.items()}
    owner, time, band = draw_visits(rng, setup.cadence, parameters["ra"], setup.clear)
    offsets = np.searchsorted(owner, np.arange(len(parameters["ra"]) + 1))
    if source.placement == "visit":
        picked = offsets[:-1] + (rng.random(len(offsets) - 1) * np.diff(offsets)).astype(int)
        visit = np.append(time, np.nan)[picked]
        parameters["peak"] = visit - _FLARE_LEAD * rng.random(len(visit))
    rows = _measure(rng, source, parameters, setup, owner, time, band)
    return _found(rng, source, parameters, setup, offsets, rows)


def _draw_objects(rng, source, n, setup):
    """Draw population, distance, position, dust and time of phase 0."""
    cadence = setup.cadence
    ra = rng.uniform(0, 360, n)
    sine = np.sin(np.radians(cadence.declinations))
    catalogued, true = draw_reddening(rng, n)
    starts = season_starts(cadence, ra)
    season = rng.integers(cadence.n_seasons, size=n)
    peak = starts[np.arange(n), season] + rng.uniform(-_BEFORE, cadence.season_length + _AFTER, n)
    redshift = np.zeros(n)
    if not source.galactic:
        limits = redshift_limits(source, setup)
        redshift = draw_redshifts(rng, n, *limits, source.evolution)
        if setup.variety:
            is_uniform = rng.random(n) < setup.variety.uniform_redshifts
            redshift = np.where(is_uniform, rng.uniform(*limits, n), redshift)
    population = source.draw(rng, n, setup.scene)
    if setup.variety and not source.galactic:
        population |= setup.variety.draw(rng, n)
    return population | {
        "redshift": redshift,
        "distance": np.zeros(n) if source.galactic else distance_modulus(redshift),
        "ra": ra,
        "dec": np.degrees(np.arcsin(rng.uniform(*sine, n))),
        "mwebv": catalogued,
        "true_mwebv": true,
        "peak": peak,
    }


def true_fluxes(source, p, setup, phase, band):
    """Return the flux of all light and of the template as they arrive above the atmosphere.

    ``F(t, lambda) = (1 + z) 10^(-0.4 mu(z)) L(t / (1 + z), lambda / (1 + z))``, dimmed by dust of
    the host at ``lambda / (1 + z)`` and of the Milky Way at lambda.

    Parameters
    ----------
    source : Source
        The class.

    p : Rows
        Parameters of the objects.

    setup : Setup
        The survey.

    phase : ndarray of shape (n_rows,)
        Rest-frame days.

    band : ndarray of shape (n_rows,)
        Number of the band.

    Returns
    -------
    total, template : ndarray of shape (n_rows,)
        Zero point 27.5.

    Examples
    --------
    >>> from skastro.datasets._observe import true_fluxes
    >>> callable(true_fluxes)
    True
    """
    stretch = 1 + p["redshift"]
    wavelength = setup.wavelengths[band] / stretch
    total, template = source.model(phase, wavelength, p)
    law, r_v = setup.dust
    milky_way = dust_ratio(setup.wavelengths, law=law, r_v=r_v)[band]
    dimming = p["distance"] + milky_way * p["true_mwebv"]
    dimming = dimming + dust_ratio(wavelength) * p["host_ebv"]
    dimming = dimming + ripple(wavelength, p["ripple"], p["ripple_lags"])
    if "dimmed" in p.parameters:
        dimming = dimming + p["dimmed"] - 2.5 * p["slope_error"] * np.log10(wavelength / _B_BAND)
    factor = stretch * 10 ** (-0.4 * dimming)
    return total * factor, template * factor


def _hopeful(source, parameters, setup):
    """Return which objects reach a S/N of 2 anywhere; the others cannot trigger."""
    n, bands = len(parameters["ra"]), len(setup.cadence.bands)
    ids, band = np.repeat(np.arange(n), bands), np.tile(np.arange(bands), n)
    total, template = true_fluxes(source, Rows(parameters, ids), setup, np.zeros(len(ids)), band)
    error = to_flux(setup.cadence.per_band("depth"))[band] / 5
    return ((total - template) > _HOPELESS_SNR * error).reshape(n, bands).any(axis=1)


def _measure(rng, source, parameters, setup, owner, time, band):
    """Return the light curves: true and measured flux, error, saturation."""
    p, cadence = Rows(parameters, owner), setup.cadence
    phase = (time - p["peak"]) / (1 + p["redshift"])
    total, template = true_fluxes(source, p, setup, phase, band)
    depth = cadence.per_band("depth")[band] - cadence.per_band("moonlight")[band] * illumination(
        time
    )
    depth += cadence.depth_scatter * rng.standard_normal(len(time))
    gain, difference = setup.gains[band], total - template
    sky = sky_variance(depth, gain, cadence.calibration)
    error = flux_error(total, difference, sky, gain, cadence.calibration)
    full = to_flux(cadence.per_band("saturation"))[band]
    measured = difference + error * rng.standard_normal(len(time))
    saturated = total > full
    return {
        "time": time,
        "band": band,
        "flux": np.where(saturated, full - template, measured).astype(np.float32),
        "flux_err": error.astype(np.float32),
        "true_flux": difference.astype(np.float32),
        "saturated": saturated,
    }


def _found(rng, source, parameters, setup, offsets, rows):
    """Flag detections and triggers, keep the objects that trigger, write their catalogue."""
    rows["detected"] = detect(rows["flux"], rows["flux_err"])
    trigger = find_trigger(offsets, rows["time"], rows["detected"], setup.cadence.trigger_gap)
    found = np.flatnonzero(trigger >= 0)
    saturated = rows.pop("saturated")
    rows["photflag"] = photflag(rows["detected"], saturated, trigger[found], setup.bits)
    snr = np.abs(rows["flux"] / rows["flux_err"]) * rows["detected"]
    brightest = segment_argmax(offsets, snr)[found]
    objects = {name: parameters[name][found] for name in ("redshift", "ra", "dec", "mwebv")}
    redshift, error = setup.hosts.draw(rng, objects.pop("redshift"), source.galactic)
    static = {
        "redshift": redshift,
        "redshift_err": error,
        "mwebv": objects["mwebv"],
        "peak_time": rows["time"][brightest],
        "trigger_time": rows["time"][trigger[found]],
        "ra": objects["ra"],
        "dec": objects["dec"],
        "true_redshift": parameters["redshift"][found],
        "true_peak_time": parameters["peak"][found],
        "true_mwebv": parameters["true_mwebv"][found],
    }
    if setup.variety:
        for name in ("slope_error", "dimmed"):
            values = parameters.get(name, np.zeros(len(trigger)))
            static[f"true_{name}"] = values[found]
    return static, *take_objects(offsets, rows, found)
