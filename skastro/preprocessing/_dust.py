"""Extinction by the dust of the Milky Way."""

import numpy as np

from skastro.base import LightCurveTransformer
from skastro.exceptions import ObjectError
from skastro.surveys import get_survey
from skastro.utils.dust import extinction_magnitudes


class Deredden(LightCurveTransformer):
    """Correct flux and flux error for the extinction by the dust of the Milky Way.

    Both are multiplied by ``10 ** (0.4 A(lambda))`` with A(lambda) at the effective wavelength
    of the band, so that the signal-to-noise ratio stays.

    Parameters
    ----------
    survey : str or Survey, default="LSST"
        Gives the effective wavelengths of the bands.

    mwebv_column : str, default="mwebv"
        Column of `X` with E(B-V) of the Milky Way in magnitudes.

    law : str, default="CCM89"
        Extinction law, see :func:`skastro.utils.dust.extinction_magnitudes`.

    r_v : float, default=3.1
        Ratio of total to selective extinction.

    column : str, default="lightcurve"
        Nested column with the light curves.

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

    def __init__(
        self, *, survey="LSST", mwebv_column="mwebv", law="CCM89", r_v=3.1, column="lightcurve"
    ):
        super().__init__(column=column)
        self.survey = survey
        self.mwebv_column = mwebv_column
        self.law = law
        self.r_v = r_v

    def _required_columns(self):
        return (self.mwebv_column,)

    def _required_fields(self):
        return ("band", "flux", "flux_err")

    def _check_parameters(self):
        extinction_magnitudes([5000.0], law=self.law, r_v=self.r_v)

    def _transform_rows(self, offsets, rows, X):
        mwebv = X[self.mwebv_column].to_numpy(float)
        if not np.isfinite(mwebv).all():
            raise ObjectError(f"Deredden: no {self.mwebv_column!r}", X.index[~np.isfinite(mwebv)])
        wavelengths = get_survey(self.survey).band_wavelengths(rows["band"])
        known, position = np.unique(wavelengths, return_inverse=True)
        ratio = extinction_magnitudes(known, law=self.law, r_v=self.r_v)[position]
        factor = 10 ** (0.4 * ratio * np.repeat(mwebv, np.diff(offsets)))
        return offsets, {
            **rows,
            **{
                name: (rows[name] * factor).astype(rows[name].dtype)
                for name in ("flux", "flux_err")
            },
        }
