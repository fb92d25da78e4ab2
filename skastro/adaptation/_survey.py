"""A trained classifier with the bands of another survey."""

import copy
from typing import Any

from skastro.surveys import Survey, get_survey


def for_survey(model: Any, survey: str | Survey) -> Any:
    """Return a copy of a trained classifier that reads the light curves of another survey.

    Every parameter `survey` is set: names and wavelengths of bands, PHOTFLAG bits.  Nothing is
    trained: a network must encode bands by wavelength, as with
    ``make_oracle(band_encoding="wavelength")`` or in heat maps.

    Parameters
    ----------
    model : fitted classifier or Pipeline
        Such as a recipe.

    survey : str or Survey
        Survey of the light curves to classify.

    Returns
    -------
    model : of the type of `model`
        The original does not change.

    Raises
    ------
    ValueError
        The model has no parameter `survey`.

    KeyError
        The survey is unknown.

    See Also
    --------
    skastro.preprocessing.MatchDepth : Shows light curves at the depth of the training set.

    Examples
    --------
    >>> from skastro.adaptation import for_survey
    >>> from skastro.datasets import make_light_curves
    >>> from skastro.recipes import make_oracle
    >>> X, y = make_light_curves(40, classes=["SNIa", "RRL"], random_state=0)
    >>> oracle = make_oracle(band_encoding="wavelength", max_epochs=2, random_state=0).fit(X, y)
    >>> X_ztf, _ = make_light_curves(5, survey="ZTF", random_state=0)
    >>> for_survey(oracle, "ZTF").predict_proba(X_ztf).shape
    (5, 2)
    """
    get_survey(survey)
    copied = copy.deepcopy(model)
    names = [name for name in copied.get_params() if name.rsplit("__", 1)[-1] == "survey"]
    if not names:
        raise ValueError(f"for_survey: {type(model).__name__} has no parameter 'survey'")
    return copied.set_params(**dict.fromkeys(names, survey))
