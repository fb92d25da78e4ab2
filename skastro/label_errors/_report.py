"""Tables of suspects."""

import numpy as np
import pandas as pd


def count_suspects(keys, names, scored, errors, scores, index_name):
    """Count objects and suspects under each key.

    Parameters
    ----------
    keys : ndarray of int of shape (n_objects,)
        Row of the table for each object.

    names : array-like of shape (n_keys,)
        Index of the table.

    scored : Scored
        Labels and probabilities.

    errors : ndarray of bool of shape (n_objects,)
        The suspects.

    scores : ndarray of shape (n_objects,)
        Quality of the labels, NaN for objects that are not judged.

    index_name : str
        Name of the index.

    Returns
    -------
    table : DataFrame of shape (n_keys, 5)
        Columns n_objects (labelled ones), n_judged, n_suspects, suspect_share (of the judged)
        and mean_quality.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.label_errors._read import read_scored
    >>> from skastro.label_errors._report import count_suspects
    >>> scored = read_scored(["II", "Ia"], [[0.9, 0.1], [0.8, 0.2]], None, "f")
    >>> errors, scores = np.array([False, True]), np.array([0.9, 0.2])
    >>> table = count_suspects(scored.codes, scored.classes, scored, errors, scores, "class")
    >>> table["n_suspects"].to_dict()
    {'II': 0, 'Ia': 1}
    """

    def count(mask, weights=None):
        weights = None if weights is None else weights[mask]
        return np.bincount(keys[mask], weights=weights, minlength=len(names))

    judged = scored.judged
    n_judged, n_suspects = count(judged), count(errors)
    there = np.where(n_judged > 0, n_judged, np.nan)
    table = {
        "n_objects": count(scored.codes >= 0),
        "n_judged": n_judged,
        "n_suspects": n_suspects,
        "suspect_share": n_suspects / there,
        "mean_quality": count(judged, scores) / there,
    }
    return pd.DataFrame(table, index=pd.Index(names, name=index_name))


def count_pairs(codes, suggested, errors, classes):
    """Count the suspects by given and suggested class.

    Parameters
    ----------
    codes, suggested : ndarray of int of shape (n_objects,)
        Numbers of the given and of the suggested class.

    errors : ndarray of bool of shape (n_objects,)
        The suspects.

    classes : ndarray of shape (n_classes,)
        Labels.

    Returns
    -------
    table : DataFrame of shape (n_classes, n_classes)
        Rows are given, columns suggested classes.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.label_errors._report import count_pairs
    >>> pairs = np.array([0, 1]), np.array([1, 0]), np.array([True, False])
    >>> count_pairs(*pairs, np.array(["II", "Ia"])).to_numpy().tolist()
    [[0, 1], [0, 0]]
    """
    n_classes = len(classes)
    flat = codes[errors] * n_classes + suggested[errors]
    counts = np.bincount(flat, minlength=n_classes**2).reshape(n_classes, n_classes)
    index = pd.Index(classes, name="given")
    return pd.DataFrame(counts, index=index, columns=pd.Index(classes, name="suggested"))
