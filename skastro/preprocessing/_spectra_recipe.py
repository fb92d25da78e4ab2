"""The steps of CCSNscore from a spectrum of any instrument to numbers between 0 and 1."""

from sklearn.pipeline import Pipeline

from skastro.preprocessing._spectra_clean import CleanSpectrum
from skastro.preprocessing._spectra_rebin import Rebin
from skastro.preprocessing._spectra_redshift import DeredshiftSpectrum
from skastro.preprocessing._spectra_scale import NormalizeSpectrum, ReplaceOutliers
from skastro.preprocessing._spectra_smooth import SmoothSpectrum
from skastro.utils.grid import Grid

_MEDIAN_PART = (50 / 256, 200 / 256)


def make_spectrum_preprocessing(
    *,
    start: float = 4200.0,
    stop: float = 9200.0,
    n_wavelengths: int = 256,
    deredshift: bool = True,
    window: int = 5,
    redshift_column: str = "redshift",
    column: str = "spectrum",
) -> Pipeline:
    """Return the preprocessing of CCSNscore as a Pipeline from spectra to spectra.

    Drop repeated wavelengths; divide wavelengths by 1 + z where z is known; interpolate by a cubic
    spline on a linear grid, 0 outside the data; divide by the median of the samples 50 to 200 of
    256, or the same part of another number; replace values below -5 or above 100 by 0; take the
    running median; scale to [0, 1] [1]_.

    Parameters
    ----------
    start, stop : float, default=4200, 9200
        Ends of the grid [Angstrom]; an older version had 3790 and 9208.

    n_wavelengths : int, default=256
        Number of samples of the grid.

    deredshift : bool, default=True
        Move to the rest frame.

    window : int, default=5
        Rows of the running median; 3 in some versions.

    redshift_column : str, default="redshift"
        Column with the redshift.

    column : str, default="spectrum"
        Nested column with the spectra.

    Returns
    -------
    steps : Pipeline
        The steps clean, deredshift, rebin, median, outliers, smooth and minmax.

    Notes
    -----
    There are two differences from the original code: rows without flux are dropped instead of
    interpolated as zeros, and a spectrum whose median is not positive becomes NaN instead of being
    inverted.

    References
    ----------
    .. [1] Sharma et al. 2024, arXiv:2412.08601.

    Examples
    --------
    >>> from skastro.preprocessing import make_spectrum_preprocessing
    >>> list(make_spectrum_preprocessing(deredshift=False).named_steps)
    ['clean', 'rebin', 'median', 'outliers', 'smooth', 'minmax']
    """
    grid = Grid(start, stop, n_wavelengths)
    first, last = (round(part * n_wavelengths) for part in _MEDIAN_PART)
    # Half a step of margin, so that rounding does not decide which samples count.
    margin = (grid[1] - grid[0]) / 2
    middle = (float(grid[first] - margin), float(grid[last - 1] + margin))
    steps = {
        "clean": CleanSpectrum(column=column),
        "deredshift": DeredshiftSpectrum(redshift_column=redshift_column, column=column),
        "rebin": Rebin(grid, fill_value=0.0, column=column),
        "median": NormalizeSpectrum(window=middle, column=column),
        "outliers": ReplaceOutliers(column=column),
        "smooth": SmoothSpectrum(window=window, edges="zero", column=column),
        "minmax": NormalizeSpectrum(method="minmax", column=column),
    }
    if not deredshift:
        del steps["deredshift"]
    return Pipeline(list(steps.items()))
