"""Keep, drop or rename bands."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from skastro.base import LightCurveTransformer, number_bands, take_known_bands
from skastro.exceptions import name_objects
from skastro.surveys import Survey, get_survey
from skastro.utils.ragged import keep_rows, segment_count


class SelectBands(LightCurveTransformer):
    """Keep the observations in some bands, under the names that a model uses.

    First `rename` applies; then the survey's own names replace other spellings, such as "g" for
    "ztfg", "ZTF_g" or "LSST-g/g"; then `drop` and `keep` apply.  Observations in bands that are
    neither known nor dropped on purpose are dropped too, with one warning that counts them. Objects
    without observations in the bands kept are marked in `quality_column`; the reason names their
    bands.

    Parameters
    ----------
    keep : sequence of str, default=None
        Bands to keep; by default all that the survey has, or all without a survey.

    drop : sequence of str, default=()
        Bands to drop without a warning.

    rename : dict of str -> str, default=None
        New names of bands, by their names in the data.

    survey : str or Survey, default=None
        Survey that defines the bands and the PHOTFLAG bits; by default names are compared as they
        are.

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
    KeyError
        In `fit`: the survey does not have a band of `keep` or `drop`.

    See Also
    --------
    skastro.surveys.Survey : Bands and their other spellings.
    MarkQuality : Mark objects that have few observations left.

    Examples
    --------
    >>> from nested_pandas import NestedFrame
    >>> from skastro.preprocessing import SelectBands
    >>> from skastro.utils.ragged import flatten, nest
    >>> rows = {"band": ["ztfg", "ZTF_r", "i"], "flux": [1.0, 2.0, 3.0]}
    >>> X = NestedFrame({"z": [0.1]}).assign(lightcurve=nest([0, 3], rows))
    >>> selected = SelectBands(drop=["i"], survey="ZTF").fit_transform(X)
    >>> flatten(selected["lightcurve"])[1]["band"].tolist()
    ['g', 'r']
    """

    _parameter_constraints = {
        "keep": ["array-like", None],
        "drop": ["array-like"],
        "rename": [Mapping, None],
        "survey": [str, Survey, None],
        "quality_column": [str],
        **LightCurveTransformer._parameter_constraints,
    }

    def __init__(
        self,
        keep: Sequence[str] | None = None,
        *,
        drop: Sequence[str] = (),
        rename: Mapping[str, str] | None = None,
        survey: str | Survey | None = None,
        quality_column: str = "quality",
        column: str = "lightcurve",
    ):
        super().__init__(column=column)
        self.keep = keep
        self.drop = drop
        self.rename = rename
        self.survey = survey
        self.quality_column = quality_column

    def _required_fields(self):
        return ("band",)

    def _check_parameters(self):
        both = set(self._names(self.keep or ())) & set(self._names(self.drop))
        if both:
            raise ValueError(f"SelectBands: {sorted(both)} are in both keep and drop")

    def _names(self, bands):
        """Return the names of the parameters as the survey spells them."""
        return [b if self.survey is None else get_survey(self.survey).band(b) for b in bands]

    def _transform_rows(self, offsets, rows, X):
        band = self._renamed(rows["band"])
        rows = rows if band is rows["band"] else {**rows, "band": band}
        offsets, rows = keep_rows(offsets, rows, ~self._dropped(band))
        known = self._known(rows["band"])
        offsets, rows, _ = take_known_bands(offsets, rows, known, None, X.index, "SelectBands")
        return offsets, rows

    def _faults(self, offsets, rows, X):
        band = self._renamed(rows["band"])
        kept = (number_bands(band, self._known(band)) >= 0) & ~self._dropped(band)
        faults: dict = {}
        for number in np.flatnonzero(segment_count(offsets, kept) == 0):
            own = rows["band"][offsets[number] : offsets[number + 1]].dropna().unique()
            where = f" in a known band, only in {name_objects(sorted(own))}" if len(own) else ""
            faults.setdefault(f"no observations{where}", []).append(number)
        return {why: np.isin(np.arange(len(X)), numbers) for why, numbers in faults.items()}

    def _dropped(self, band):
        return np.isin(band.categories, self._names(self.drop))[band.codes] & (band.codes >= 0)

    def _known(self, band):
        if self.keep is not None:
            return self._names(self.keep)
        return band.categories if self.survey is None else get_survey(self.survey).wavelengths

    def _renamed(self, band):
        """Return the bands under their new names; bands unknown to the survey keep their names."""
        new = [(self.rename or {}).get(name, name) for name in band.categories]
        if self.survey is not None:
            survey = get_survey(self.survey)
            known = survey.canonical_names(new)
            new = [k if k in survey.wavelengths else name for k, name in zip(known, new)]
        if new == list(band.categories):
            return band
        position = {name: code for code, name in enumerate(dict.fromkeys(new))}
        # Code -1, a missing band, finds the entry at the end.
        codes = np.array([*(position[name] for name in new), -1], np.intp)[band.codes]
        dtype = pd.CategoricalDtype(pd.Index(list(position), dtype=object))
        return pd.Categorical.from_codes(codes, dtype=dtype, validate=False)
