"""One colour and one marker per band, the same in every figure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skastro.surveys import UNKNOWN_BAND, Survey, get_survey
from skastro.utils.photometry import is_detected

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MJD_RANGE = (15_000.0, 100_000.0)


class BandStyle(NamedTuple):
    """Style of a band in plots.

    Attributes
    ----------
    color : str
        Colour as hexadecimal RGB.

    marker : str
        Marker of matplotlib.

    wavelength : float
        Effective wavelength [Angstrom].

    Examples
    --------
    >>> from skastro.inspection import band_styles
    >>> band_styles("LSST")["g"]
    BandStyle(color='#17a357', marker='^', wavelength=4826.85)
    """

    color: str
    marker: str
    wavelength: float


# Hues and markers of ugrizy are those of RTN-045; its g and i have contrasts of 2.4 and 1.6.
_STYLES = {
    "u": BandStyle("#0c71ff", "o", 3671.0),
    "B": BandStyle("#6b4fc4", "D", 4400.0),
    "g": BandStyle("#17a357", "^", 4827.0),
    "c": BandStyle("#008a94", "<", 5330.0),
    "V": BandStyle("#6f7d00", "X", 5450.0),
    "r": BandStyle("#c61c00", "v", 6223.0),
    "o": BandStyle("#b8641c", ">", 6790.0),
    "i": BandStyle("#dc7c00", "s", 7546.0),
    "z": BandStyle("#f341a2", "*", 8591.0),
    "y": BandStyle("#5d0000", "p", 9710.0),
    "J": BandStyle("#6e6e6e", "h", 12_500.0),
    "H": BandStyle("#2f5f7a", "d", 16_000.0),
    "F": BandStyle("#8c6d46", "P", 18_500.0),
    "K": BandStyle("#000000", "8", 21_500.0),
}
_UNKNOWN = BandStyle("#8a8a8a", "x", np.nan)
_SAME = {"U": "u", "G": "g", "R": "r", "I": "i", "Z": "z", "Y": "y", "j": "J", "h": "H", "k": "K"}
_FREE_MARKERS = "o^vs*pDX<>hdP8"


def band_styles(survey: str | Survey, bands: Iterable[str] | None = None) -> dict[str, BandStyle]:
    """Return the style of each band, ordered by wavelength.

    A band has the style of its letter [1]_ whatever the survey; any other band has the colour of
    the band nearest in wavelength.  Every colour has a contrast of 3 on white, and any two of
    ugrizy differ by 20 in CIELAB for readers with any colour vision [2]_.

    Parameters
    ----------
    survey : str or Survey
        Survey of the bands.

    bands : iterable of str, default=None
        Canonical names of bands; all of the survey by default.

    Returns
    -------
    styles : dict of str -> BandStyle

    References
    ----------
    .. [1] Rubin Observatory, RTN-045 (https://rtn-045.lsst.io), with two colours darkened.
    .. [2] G. M. Machado, M. M. Oliveira, L. A. F. Fernandes, IEEE TVCG 15, 1291 (2009), the model
       of colour vision of the tests.

    Examples
    --------
    >>> from skastro.inspection import band_styles
    >>> band_styles("ZTF")["r"].color == band_styles("LSST")["r"].color
    True
    """
    survey = get_survey(survey)
    wavelengths = dict(sorted(survey.wavelengths.items(), key=lambda pair: pair[1]))
    styles, taken = {}, set()
    for band, wavelength in wavelengths.items():
        style = _style(band, wavelength)._replace(wavelength=wavelength)
        free = (style.marker, *_FREE_MARKERS)
        marker = next((m for m in free if (style.color, m) not in taken), style.marker)
        taken.add((style.color, marker))
        styles[band] = style._replace(marker=marker)
    wanted = set(styles if bands is None else bands)
    return {band: style for band, style in styles.items() if band in wanted}


def _style(band: str, wavelength: float) -> BandStyle:
    letter = band.rpartition("-")[2]
    known = _STYLES.get(_SAME.get(letter, letter))
    # CSP calls variants of its V filter o, m and n.
    if known is not None and abs(np.log(known.wavelength / wavelength)) < np.log(1.2):
        return known
    return min(_STYLES.values(), key=lambda style: abs(style.wavelength - wavelength))


def draw_bands(
    ax: Axes,
    rows: Mapping[str, Any],
    survey: str | Survey,
    *,
    size: float = 5.0,
) -> bool:
    """Draw the observations of one light curve; non-detections are open and set no limits.

    Parameters
    ----------
    ax : matplotlib Axes
        Axes to draw into.

    rows : dict of str -> array-like of shape (n_observations,)
        time, band, flux, flux_err and, if known, detected.

    survey : str or Survey
        Survey of the bands.

    size : float, default=5
        Size of the markers [points].

    Returns
    -------
    has_open : bool
        Whether there are non-detections.
    """
    names = np.asarray(get_survey(survey).canonical_bands(rows["band"]), object)
    time, flux, flux_err = (np.asarray(rows[n], float) for n in ("time", "flux", "flux_err"))
    detected = is_detected({"flux": flux, "flux_err": flux_err, **_known(rows)})
    styles = band_styles(survey, names)
    if UNKNOWN_BAND in names:
        styles[UNKNOWN_BAND] = _UNKNOWN
    for band, style in styles.items():
        for is_open, chosen in ((False, detected), (True, ~detected)):
            own = (names == band) & chosen
            # A band without detections keeps its entry in the legend.
            if own.any() or not is_open:
                face = "none" if is_open else style.color
                ax.errorbar(
                    time[own],
                    flux[own],
                    flux_err[own],
                    fmt=style.marker,
                    ms=size * (1.4 if style.marker == "*" else 1.0),
                    lw=0.8,
                    color=style.color,
                    mfc=face,
                    alpha=0.45 if is_open else 1.0,
                    label=None if is_open else band,
                    zorder=1 if is_open else 2,
                )
    _limit(ax, flux, flux_err, detected)
    return not detected.all()


def _known(rows: Mapping[str, Any]) -> dict[str, Any]:
    return {"detected": rows["detected"]} if rows.get("detected") is not None else {}


def _limit(ax: Axes, flux: NDArray, flux_err: NDArray, detected: NDArray) -> None:
    """Set the limits of the flux by the detections and zero; by all points without detections."""
    chosen = detected if detected.any() else np.isfinite(flux)
    low, high = flux[chosen] - flux_err[chosen], flux[chosen] + flux_err[chosen]
    ends = np.concatenate([low, high, [0.0]])
    ends = ends[np.isfinite(ends)]
    margin = 0.08 * (np.ptp(ends) or 1.0)
    ax.set_ylim(ends.min() - margin, ends.max() + margin)


def time_label(time: ArrayLike) -> str:
    """Return the label of an axis of time: MJD, or days if the numbers are no MJD.

    Examples
    --------
    >>> from skastro.inspection._bands import time_label
    >>> time_label([60000.0]), time_label([-20.0, 30.0])
    ('MJD', 'days since the reference date')
    """
    time = np.asarray(time, float)
    known = time[np.isfinite(time)]
    low, high = _MJD_RANGE
    is_mjd = len(known) > 0 and low <= known.min() and known.max() <= high
    return "MJD" if is_mjd else "days since the reference date"


def flux_label(unit: str | None) -> str:
    """Return the label of an axis of flux.

    Examples
    --------
    >>> from skastro.inspection._bands import flux_label
    >>> flux_label("FLUXCAL"), flux_label("uJy"), flux_label(None)
    ('flux [FLUXCAL]', 'flux [µJy]', 'flux')
    """
    return "flux" if unit is None else f"flux [{'µJy' if unit.lower() == 'ujy' else unit}]"
