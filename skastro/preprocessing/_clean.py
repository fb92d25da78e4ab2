"""Drop observations that carry no measurement."""

import numpy as np

from skastro.base import LightCurveTransformer
from skastro.preprocessing._flags import flag_bits, has_bits
from skastro.utils.ragged import keep_rows


class CleanPhotometry(LightCurveTransformer):
    """Drop the observations without a usable measurement.

    These are the ones whose time, flux or flux error is not finite, whose flux error is not
    positive, or whose PHOTFLAG has one of the rejected bits.

    Parameters
    ----------
    reject : int, str or sequence of str, default=0
        PHOTFLAG bits, as a mask or by the names that the survey gives them: ``"saturated"``,
        ``"reject"``.  An observation with any of these bits is dropped.

    survey : str or Survey, default="LSST"
        Defines the names of PHOTFLAG bits; not read if `reject` is a number.

    column : str, default="lightcurve"
        Nested column with the light curves.

    See Also
    --------
    MarkQuality : Mark whole objects.

    Examples
    --------
    >>> import numpy as np
    >>> from nested_pandas import NestedFrame
    >>> from skastro.preprocessing import CleanPhotometry
    >>> from skastro.utils.ragged import flatten, nest
    >>> rows = {"time": [1.0, 2.0], "flux": [np.nan, 3.0], "flux_err": [1.0, 1.0]}
    >>> X = NestedFrame({"mwebv": [0.1]}).assign(lightcurve=nest([0, 2], rows))
    >>> flatten(CleanPhotometry().fit_transform(X)["lightcurve"])[1]["flux"].tolist()
    [3.0]
    """

    def __init__(self, *, reject=0, survey="LSST", column="lightcurve"):
        super().__init__(column=column)
        self.reject = reject
        self.survey = survey

    def _required_fields(self):
        return ("time", "flux", "flux_err", *(("photflag",) if self.reject else ()))

    def _check_parameters(self):
        flag_bits(self.reject, self.survey, "CleanPhotometry")

    def _transform_rows(self, offsets, rows, X):
        good = np.isfinite(rows["time"]) & np.isfinite(rows["flux"])
        good &= np.isfinite(rows["flux_err"]) & (rows["flux_err"] > 0)
        if self.reject:
            bits = flag_bits(self.reject, self.survey, "CleanPhotometry")
            good &= ~has_bits(rows["photflag"], bits)
        return keep_rows(offsets, rows, good)
