"""Which labels are probably wrong."""

import numpy as np

from skastro.label_errors._methods import CONSENSUS, Rule, errors_of
from skastro.label_errors._read import read_scored
from skastro.label_errors._tell import warn_unjudged


def find_label_errors(
    y,
    proba,
    *,
    classes=None,
    method="noise_rate",
    threshold=0.7,
    share=None,
    vote="noise_rate",
    agreement=1.0,
):
    r"""Say which labels are probably wrong.

    * ``"disagreement"``: another class is the most probable; a tie is none.
    * ``"threshold"``: the same, and its probability exceeds `threshold`.
    * ``"confident_learning"``: the object counts outside of the diagonal of the confident joint
      [1]_, that is, another class :math:`k` is the most probable among those with
      :math:`p_k \ge t_k`, where :math:`t_k` is the mean of :math:`p_k` over the objects labelled
      :math:`k`.
    * ``"noise_rate"``: for each pair of given class :math:`i` and other class :math:`k`, as many
      objects labelled :math:`i` as the confident joint, raised to the number of all objects
      labelled :math:`i`, counts there: those of largest margin :math:`p_k - p_i`; among equals
      the first rows.
    * ``"self_confidence"``: of the objects that another class claims as the most probable, those
      of lowest :math:`p_i`, as many as the confident joint counts outside of the diagonal, or as
      `share` says; among equals the first rows.
    * ``"consensus"``: by the method `vote`, in at least the share `agreement` of several
      cross-validations.

    Whatever the method, an object whose given class is the most probable is not called an error.

    Parameters
    ----------
    y : array-like of shape (n_objects,)
        Given labels of any type; -1 is unlabelled unless it is one of `classes`.

    proba : array-like of shape (n_objects, n_classes) or (n_repeats, n_objects, n_classes)
        Probabilities of the classes, out of fold: from classifiers that have not seen the
        object.  Three dimensions for ``"consensus"`` alone.

    classes : array-like of shape (n_classes,), default=None
        Labels of the columns in their order, as the attribute `classes_` of a classifier; the
        sorted labels of `y` by default.

    method : str, default="noise_rate"
        One of the six above.

    threshold : float, default=0.7
        Of the method ``"threshold"``.

    share : float, default=None
        Share of the labels, in [0, 1], that the method ``"self_confidence"`` doubts, if it is
        known.

    vote : str, default="noise_rate"
        How each cross-validation votes in a ``"consensus"``: one of the other methods.

    agreement : float, default=1.0
        Share of the votes, in (0, 1], that makes a ``"consensus"``, of the repeats that have
        probabilities of the object.

    Returns
    -------
    errors : ndarray of bool of shape (n_objects,)
        False for unlabelled objects and for those without probabilities (NaN).

    Raises
    ------
    ObjectError
        Rows of `proba` that are no probabilities, or objects whose label is missing.

    ValueError
        An unknown method, or labels and columns that do not fit.

    Warns
    -----
    ObjectWarning
        Labelled objects have no probabilities.

    See Also
    --------
    LabelErrorFinder : Makes the probabilities too.
    label_quality_scores : Ranks the labels.

    Notes
    -----
    ``"confident_learning"`` and ``"noise_rate"`` give the answers of cleanlab's
    ``filter_by="confident_learning"`` and ``"prune_by_noise_rate"``, whose order of equals depends
    on the machine.  Which method is the best depends on how good the classifier is; the user guide
    has figures.

    References
    ----------
    .. [1] Northcutt, Jiang & Chuang 2021, J. Artif. Intell. Res. 70, 1373, section 3.

    Examples
    --------
    >>> from skastro.label_errors import find_label_errors
    >>> y = ["Ia", "Ia", "Ia", "II", "II", "II"]
    >>> p_ia = [0.9, 0.8, 0.1, 0.1, 0.2, 0.6]
    >>> proba = [[1 - p, p] for p in p_ia]
    >>> find_label_errors(y, proba, classes=["II", "Ia"]).tolist()
    [False, False, True, False, False, True]
    >>> find_label_errors(y, proba, classes=["II", "Ia"], method="threshold").tolist()
    [False, False, True, False, False, False]
    """
    name = "find_label_errors"
    rule = Rule(method, threshold, share, vote, agreement).check(name)
    if (np.ndim(proba) == 3) != (method == CONSENSUS):
        raise ValueError(
            f"{name}: method {method!r} takes proba of {3 if method == CONSENSUS else 2} "
            f"dimensions, not {np.ndim(proba)}"
        )
    repeats = [
        read_scored(y, p, classes, name) for p in (proba if method == CONSENSUS else [proba])
    ]
    judged = np.any([scored.judged for scored in repeats], axis=0)
    warn_unjudged((repeats[0].codes >= 0) & ~judged, name)
    return errors_of(repeats, rule)
