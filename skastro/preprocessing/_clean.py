"""Drop observations without a measurement."""

from collections.abc import Sequence
from numbers import Integral

import numpy as np
from sklearn.utils._param_validation import Interval

from skastro.base import LightCurveTransformer
from skastro.preprocessing._flags import flag_bits, has_bits
from skastro.surveys import Survey, get_survey
from skastro.utils.ragged import keep_rows, sort_rows

_BAD = ("saturated", "reject")


class CleanPhotometry(LightCurveTransformer):
    """Drop the observations without a usable measurement, and sort the others by time.

    An observation is dropped if its time, flux or flux error is not finite, its flux error is not
    positive, or its PHOTFLAG has one of the rejected bits.

    Parameters
    ----------
    reject : int, str or sequence of str, default=None
        PHOTFLAG bits, as a mask or by the names that the survey gives them, such as
        ``"saturated"``.  An observation with any of these bits is dropped.  ``"auto"`` takes the
        bits ``"saturated"`` and ``"reject"`` where the survey defines them, and drops nothing
        where the light curves have no field ``photflag``.  By default PHOTFLAG is not read.

    survey : str or Survey, default="LSST"
        Survey that defines the bands and the PHOTFLAG bits.  It is read if `reject` is not a
        number.

    column : str, default="lightcurve"
        Nested column with the light curves.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns seen during `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns seen during `fit`.

    See Also
    --------
    MarkQuality : Mark whole objects.

    Examples
    --------
    >>> import numpy as np
    >>> from nested_pandas import NestedFrame
    >>> from skastro.preprocessing import CleanPhotometry
    >>> from skastro.utils.ragged import flatten, nest
    >>> rows = {"time": [1.0, 9.0, 2.0], "flux": [np.nan, 4.0, 3.0], "flux_err": [1.0, 1.0, 1.0]}
    >>> X = NestedFrame({"mwebv": [0.1]}).assign(lightcurve=nest([0, 3], rows))
    >>> flatten(CleanPhotometry().fit_transform(X)["lightcurve"])[1]["flux"].tolist()
    [3.0, 4.0]
    """

    _parameter_constraints = {
        "reject": [None, Interval(Integral, 0, None, closed="left"), str, list, tuple],
        "survey": [str, Survey],
        **LightCurveTransformer._parameter_constraints,
    }

    def __init__(
        self,
        *,
        reject: int | str | Sequence[str] | None = None,
        survey: str | Survey = "LSST",
        column: str = "lightcurve",
    ):
        super().__init__(column=column)
        self.reject = reject
        self.survey = survey

    def _required_fields(self):
        flags = ("photflag",) if self.reject and self.reject != "auto" else ()
        return ("time", "flux", "flux_err", *flags)

    def _check_parameters(self):
        self._rejected_bits()

    def _rejected_bits(self):
        reject = self.reject
        if reject == "auto":
            reject = [name for name in _BAD if name in get_survey(self.survey).photflag]
        return flag_bits(reject or 0, self.survey, f"CleanPhotometry: reject={reject!r}")

    def _remedy(self, name):
        remedy = "; reject='auto' or None does not require it"
        return remedy if name == "photflag" else ""

    def _transform_rows(self, offsets, rows, X):
        good = np.isfinite(rows["time"]) & np.isfinite(rows["flux"])
        good &= np.isfinite(rows["flux_err"]) & (rows["flux_err"] > 0)
        bits = self._rejected_bits()
        if bits and "photflag" in rows:
            good &= ~has_bits(rows["photflag"], bits)
        offsets, rows = keep_rows(offsets, rows, good)
        return offsets, sort_rows(offsets, rows)
