"""Drop observations that carry no measurement."""

import numpy as np

from skastro.base import LightCurveTransformer
from skastro.utils.ragged import keep_rows


class CleanPhotometry(LightCurveTransformer):
    """Drop the observations without a usable measurement.

    These are the ones whose time, flux or flux error is not finite, whose flux error is not
    positive, or whose PHOTFLAG has one of the rejected bits.

    Parameters
    ----------
    reject : int, default=0
        Bit mask of PHOTFLAG; an observation with any of these bits is dropped.  Presets stand
        in ``get_survey(name).photflag``, as 1024 for saturation in LSST simulations.

    column : str, default="lightcurve"
        Nested column with the light curves.

    See Also
    --------
    QualityFilter : Mark whole objects.

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

    def __init__(self, *, reject=0, column="lightcurve"):
        super().__init__(column=column)
        self.reject = reject

    def _required_fields(self):
        return ("time", "flux", "flux_err", *(("photflag",) if self.reject else ()))

    def _transform_rows(self, offsets, rows, X):
        good = np.isfinite(rows["time"]) & np.isfinite(rows["flux"])
        good &= np.isfinite(rows["flux_err"]) & (rows["flux_err"] > 0)
        if self.reject:
            good &= (rows["photflag"] & self.reject) == 0
        return keep_rows(offsets, rows, good)
