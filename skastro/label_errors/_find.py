"""Which labels are probably wrong."""

import numpy as np

from skastro.label_errors._quality import best_other
from skastro.label_errors._read import read_scored
from skastro.label_errors._tell import warn_unjudged

_TIE = 1e-6
CONSENSUS = "consensus"


def find_label_errors(
    y,
    proba,
    *,
    classes=None,
    method="noise_rate",
    threshold=0.7,
    vote="disagreement",
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
        One of the five above.

    threshold : float, default=0.7
        Of the method ``"threshold"``.

    vote : str, default="disagreement"
        How each cross-validation votes in a ``"consensus"``: one of the other four methods.

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
    ``filter_by="confident_learning"`` and ``"prune_by_noise_rate"``.  Those of
    ``"disagreement"`` find the most errors and doubt the most right labels;
    ``"confident_learning"`` is the most careful.

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
    check_method(name, method, threshold, vote, agreement)
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
    return errors_of(repeats, method, threshold, vote, agreement)


def check_method(name, method, threshold, vote, agreement):
    """Raise ValueError for an unknown method or a share outside of its range.

    Examples
    --------
    >>> from skastro.label_errors._find import check_method
    >>> check_method("f", "guess", 0.7, "disagreement", 1.0)
    Traceback (most recent call last):
    ...
    ValueError: f: method is 'guess', not one of ['confident_learning', 'consensus', ...]
    """
    known = sorted([*METHODS, CONSENSUS])
    if method not in known:
        raise ValueError(f"{name}: method is {method!r}, not one of {known}")
    if vote not in METHODS:
        raise ValueError(f"{name}: vote is {vote!r}, not one of {sorted(METHODS)}")
    if not 0 < agreement <= 1:
        raise ValueError(f"{name}: agreement is {agreement}, not in (0, 1]")
    if not 0 <= threshold < 1:
        raise ValueError(f"{name}: threshold is {threshold}, not in [0, 1)")


def errors_of(repeats, method, threshold, vote, agreement):
    """Return the mask of suspects of one or several checked sets of probabilities.

    Examples
    --------
    >>> from skastro.label_errors._find import errors_of
    >>> from skastro.label_errors._read import read_scored
    >>> repeats = [read_scored([0, 1], [[p, 1 - p], [p, 1 - p]], None, "f") for p in (0.9, 0.4)]
    >>> errors_of(repeats, "consensus", 0.7, "disagreement", 0.5).tolist()
    [True, True]
    """
    if method != CONSENSUS:
        return _errors_once(repeats[0], method, threshold)
    votes = sum(_errors_once(scored, vote, threshold).astype(int) for scored in repeats)
    n_votes = sum(scored.judged.astype(int) for scored in repeats)
    return (votes > 0) & (votes >= agreement * n_votes - 1e-9)


def _errors_once(scored, method, threshold):
    judged = scored.judged
    codes, proba = scored.codes[judged], scored.proba[judged]
    errors = np.zeros(len(judged), bool)
    if len(codes):
        errors[judged] = METHODS[method](codes, proba, threshold) & _disagreement(codes, proba)
    return errors


def _disagreement(codes, proba, threshold=None):
    given = proba[np.arange(len(codes)), codes]
    return best_other(codes, proba)[1] > given + _TIE


def _threshold(codes, proba, threshold):
    return best_other(codes, proba)[1] > threshold


def _confident_learning(codes, proba, threshold=None):
    confident = _confident_classes(codes, proba)
    return (confident >= 0) & (confident != codes)


def _noise_rate(codes, proba, threshold=None):
    doubted = _counts_to_doubt(codes, proba)
    errors = np.zeros(len(codes), bool)
    for given in range(proba.shape[1]):
        rows = np.flatnonzero(codes == given)
        if len(rows) <= 1:
            continue
        margins = proba[rows] - proba[rows, given][:, None]
        order = np.argsort(-margins, axis=0, kind="stable")
        taken = np.arange(len(rows))[:, None] < doubted[given]
        taken[:, given] = False
        errors[rows[order[taken]]] = True
    return errors


def _counts_to_doubt(codes, proba):
    """Return the confident joint raised to all objects, rounded, with one on the diagonal."""
    joint = confident_joint(codes, proba)
    np.fill_diagonal(joint, np.maximum(joint.diagonal(), 1))
    counts = np.bincount(codes, minlength=len(joint))
    raised = joint / joint.sum(axis=1, keepdims=True) * counts[:, None]
    rounded = np.array([_round_keeping_sum(row) for row in raised / raised.sum() * counts.sum()])
    lacking = np.maximum(1 - rounded.diagonal(), 0)
    n_others = np.maximum(np.count_nonzero(rounded, axis=1) - 1, 1)
    return np.maximum(rounded - (lacking / n_others)[:, None], 0).astype(int)


def _round_keeping_sum(row):
    """Round to whole numbers; those nearest to a half move where the sum would change."""
    rounded = np.round(row)
    excess = int(np.round(rounded.sum() - np.round(row.sum())))
    order = np.argsort(row - rounded, kind="stable")
    if excess > 0:
        rounded[order[:excess]] -= 1
    elif excess < 0:
        rounded[order[excess:]] += 1
    return rounded


def confident_joint(codes, proba):
    """Return how many objects of each given class are confidently of each class.

    Parameters
    ----------
    codes : ndarray of int of shape (n_objects,)
        Column number of the given class.

    proba : ndarray of shape (n_objects, n_classes)
        Probabilities out of fold.

    Returns
    -------
    joint : ndarray of int of shape (n_classes, n_classes)
        Rows are given classes; objects that no class claims confidently do not count.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.label_errors._find import confident_joint
    >>> proba = np.array([[0.9, 0.1], [0.2, 0.8], [0.1, 0.9], [0.3, 0.7]])
    >>> confident_joint(np.array([0, 0, 1, 1]), proba).tolist()
    [[1, 1], [0, 1]]
    """
    n_classes = proba.shape[1]
    confident = _confident_classes(codes, proba)
    pairs = (codes * n_classes + confident)[confident >= 0]
    return np.bincount(pairs, minlength=n_classes**2).reshape(n_classes, n_classes)


def _confident_classes(codes, proba):
    """Return the class that claims each object confidently, or -1."""
    counts = np.bincount(codes, minlength=proba.shape[1])
    own = proba[np.arange(len(codes)), codes]
    sums = np.bincount(codes, weights=own, minlength=proba.shape[1])
    # 2 is out of reach: a class without objects claims none.
    limits = np.divide(sums, counts, out=np.full(len(counts), 2.0), where=counts > 0)
    claims = proba >= np.maximum(limits, 2 * _TIE) - _TIE
    n_claims = claims.sum(axis=1)
    only = np.where(n_claims == 1, claims.argmax(axis=1), proba.argmax(axis=1))
    return np.where(n_claims > 0, only, -1)


METHODS = {
    "disagreement": _disagreement,
    "threshold": _threshold,
    "noise_rate": _noise_rate,
    "confident_learning": _confident_learning,
}
