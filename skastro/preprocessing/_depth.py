"""Light curves of another survey at the depth of the survey of the training set."""

from numbers import Real

import numpy as np
from sklearn.utils._param_validation import Interval

from skastro.base import LightCurveTransformer, read_numbers
from skastro.utils.cosmology import distance_modulus, redshift_of_modulus
from skastro.utils.frames import get_numbers


class MatchDepth(LightCurveTransformer):
    r"""Show objects of a shallower or deeper survey as the survey of a classifier would see them.

    Every survey finds objects near its own limit: a network that was trained on a deep survey sees
    fluxes and errors in a shallow one that it has never met.  Flux and flux error are
    multiplied by a factor :math:`f`, so that the median flux error becomes `flux_err`, and the
    object is moved to where it is that faint,

    .. math:: \mu(z') = \mu(z) - 2.5 \log_{10} f ,

    with :math:`\mu` the distance modulus, so that its luminosity stays.  The S/N and the dates
    do not change.  `fit` reads the survey whose objects are to be classified and needs no labels;
    the training set enters through `flux_err` alone.

    Parameters
    ----------
    flux_err : float, default=None
        Median flux error of the training set.  None leaves the objects as they are.

    redshift_column : str or None, default="redshift"
        Column with the redshift, if X has it; None moves no redshift.  Objects without a positive
        redshift keep it as it is.

    column : str, default="lightcurve"
        Nested column with the light curves.

    Attributes
    ----------
    factor_ : float
        Factor of flux and flux error.

    n_features_in_ : int
        Number of columns seen during `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen during `fit`.

    Raises
    ------
    ValueError
        In `fit`: no flux error is positive.

    See Also
    --------
    skastro.adaptation.for_survey : The classifier with the bands of another survey.
    skastro.augmentation.move_redshift : A single object farther away, with its time dilation.

    Notes
    -----
    New redshifts lie between 0.0001 and 10.  Time dilation and the shift of the wavelengths
    remain those of the old redshift.  Scores from LSST to ZTF and DES are in
    benchmarks/science/transfer.md.

    Examples
    --------
    >>> from nested_pandas import NestedFrame
    >>> from skastro.preprocessing import MatchDepth
    >>> from skastro.utils.ragged import flatten, nest
    >>> rows = {"flux": [5000.0, 3000.0], "flux_err": [100.0, 100.0]}
    >>> X = NestedFrame({"redshift": [0.05]}).assign(lightcurve=nest([0, 2], rows))
    >>> X_new = MatchDepth(flux_err=10.0).fit_transform(X)
    >>> flatten(X_new["lightcurve"])[1]["flux"].tolist()
    [500.0, 300.0]
    >>> X_new["redshift"].round(3).tolist()
    [0.148]
    """

    _parameter_constraints = {
        "flux_err": [Interval(Real, 0, None, closed="neither"), None],
        "redshift_column": [str, None],
        **LightCurveTransformer._parameter_constraints,
    }

    def __init__(
        self,
        flux_err: float | None = None,
        *,
        redshift_column: str | None = "redshift",
        column: str = "lightcurve",
    ):
        super().__init__(column=column)
        self.flux_err = flux_err
        self.redshift_column = redshift_column

    def _required_fields(self):
        return ("flux", "flux_err")

    def _learn(self, X):
        self.factor_ = 1.0
        if self.flux_err is None:
            return
        error = self._open_rows(X)[1]["flux_err"]
        error = error[np.isfinite(error) & (error > 0)]
        if not len(error):
            raise ValueError(f"MatchDepth: no flux_err of column {self.column!r} is positive")
        self.factor_ = float(self.flux_err / np.median(error))

    def _transform_rows(self, offsets, rows, X):
        if self.factor_ == 1:
            return offsets, rows
        scaled = {name: rows[name] * self.factor_ for name in ("flux", "flux_err")}
        return offsets, {**rows, **scaled}

    def _describe_objects(self, offsets, rows, X):
        name = self.redshift_column
        if name not in X.columns or self.factor_ == 1:
            return {}
        redshift = read_numbers(X, name, "MatchDepth")
        moved = redshift_of_modulus(distance_modulus(redshift) - 2.5 * np.log10(self.factor_))
        # Missing values stay what they are in this file, NaN or a sentinel.
        return {name: np.where(redshift > 0, moved, get_numbers(X, name))}
