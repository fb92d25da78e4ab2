"""Extinction by the dust of the Milky Way."""

from numbers import Real

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from skastro.base import (
    LightCurveTransformer,
    check_bands,
    is_marked,
    read_numbers,
    take_known_bands,
)
from skastro.exceptions import ObjectError
from skastro.surveys import Survey, get_survey
from skastro.utils.dust import extinction_magnitudes
from skastro.utils.ragged import flatten

_REMEDY = "; make_scone(dust=None), or skastro fit scone --dust null, does not require it"


class Deredden(LightCurveTransformer):
    """Correct flux and flux error for the extinction by the dust of the Milky Way.

    Both are multiplied by ``10 ** (0.4 A(lambda))`` with A(lambda) at the effective wavelength
    of the band, so that the signal-to-noise ratio stays the same.

    Parameters
    ----------
    survey : str or Survey, default="LSST"
        Survey that defines the bands and the PHOTFLAG bits.  Observations in other bands are
        dropped with a warning.

    mwebv_column : str, default="mwebv"
        Column with E(B-V) of the Milky Way [mag].

    law : str, default="CCM89"
        Extinction law, see :func:`skastro.utils.dust.extinction_magnitudes`.

    r_v : float, default=3.1
        Ratio of total to selective extinction.

    missing : {"raise", "keep", "mark"}, default="raise"
        An object without E(B-V) raises ObjectError, keeps its fluxes, or keeps them and is
        marked in `quality_column`.

    quality_column : str, default="quality"
        Column with the reason why an object is unusable, or "" for a usable one.

    column : str, default="lightcurve"
        Nested column with the light curves.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns seen during `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen during `fit`.

    Raises
    ------
    ObjectError
        In `transform`: E(B-V) is missing (NaN, or a missing-value sentinel such as -9) or
        negative.

    See Also
    --------
    skastro.utils.dust.extinction_magnitudes : The law itself.

    Examples
    --------
    >>> from nested_pandas import NestedFrame
    >>> from skastro.preprocessing import Deredden
    >>> from skastro.utils.ragged import flatten, nest
    >>> rows = {"band": ["g"], "flux": [10.0], "flux_err": [1.0]}
    >>> X = NestedFrame({"mwebv": [0.1]}).assign(lightcurve=nest([0, 1], rows))
    >>> flatten(Deredden().fit_transform(X)["lightcurve"])[1]["flux"].round(2).tolist()
    [13.99]
    """

    _parameter_constraints = {
        "survey": [str, Survey],
        "mwebv_column": [str],
        "law": [str],
        "r_v": [Interval(Real, 0, None, closed="neither")],
        "missing": [StrOptions({"raise", "keep", "mark"})],
        "quality_column": [str],
        **LightCurveTransformer._parameter_constraints,
    }

    def __init__(
        self,
        *,
        survey: str | Survey = "LSST",
        mwebv_column: str = "mwebv",
        law: str = "CCM89",
        r_v: float = 3.1,
        missing: str = "raise",
        quality_column: str = "quality",
        column: str = "lightcurve",
    ):
        super().__init__(column=column)
        self.survey = survey
        self.mwebv_column = mwebv_column
        self.law = law
        self.r_v = r_v
        self.missing = missing
        self.quality_column = quality_column

    def _required_columns(self):
        return (self.mwebv_column,)

    def _remedy(self, name):
        return _REMEDY if name == self.mwebv_column else ""

    def _required_fields(self):
        return ("band", "flux", "flux_err")

    def _check_parameters(self):
        # An unknown law is an error in `fit` already.
        extinction_magnitudes([5000.0], law=self.law, r_v=self.r_v)

    def _learn(self, X):
        band = flatten(X[self.column], ["band"])[1]["band"]
        check_bands(band, self.survey, "Deredden")

    def _faults(self, offsets, rows, X):
        unknown = np.isnan(read_numbers(X, self.mwebv_column, "Deredden"))
        if self.missing != "mark":
            return {}
        # Only make_scone marks by default: its users know the option `dust` and not this step.
        return {f"no {self.mwebv_column}{_REMEDY}": unknown}

    def _transform_rows(self, offsets, rows, X):
        mwebv = self._reddening(X)
        survey = get_survey(self.survey)
        offsets, rows, bands = take_known_bands(
            offsets, rows, survey.wavelengths, survey, X.index, "Deredden"
        )
        wavelengths = np.array(list(survey.wavelengths.values()))
        ratio = extinction_magnitudes(wavelengths, law=self.law, r_v=self.r_v)[bands]
        factor = 10 ** (0.4 * ratio * np.repeat(mwebv, np.diff(offsets)))
        names = ("flux", "flux_err")
        return offsets, {**rows, **{n: (rows[n] * factor).astype(rows[n].dtype) for n in names}}

    def _reddening(self, X):
        mwebv = read_numbers(X, self.mwebv_column, "Deredden")
        usable = ~is_marked(X, self.quality_column)
        unknown = ~np.isfinite(mwebv)
        if self.missing == "raise" and (unknown & usable).any():
            raise ObjectError(
                f"Deredden: no {self.mwebv_column!r} is known; missing='mark' leaves such objects "
                f"unclassified",
                X.index[unknown & usable],
            )
        negative = mwebv < 0
        if negative.any():
            raise ObjectError(f"Deredden: {self.mwebv_column!r} is negative", X.index[negative])
        return np.where(unknown, 0.0, mwebv)
