"""Labels out of probabilities, with an answer for objects that cannot be classified."""

import numpy as np

from skastro.exceptions import ObjectError

UNCLASSIFIED = "unclassified"


def most_probable(classes, proba, name):
    """Return the most probable class of every object, or "unclassified".

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        Labels of the columns.

    proba : ndarray of shape (n_objects, n_classes)
        Probabilities; a row with NaN belongs to an object that cannot be classified.

    name : str
        Estimator that the errors name.

    Returns
    -------
    labels : ndarray of shape (n_objects,)

    Raises
    ------
    ObjectError
        An object cannot be classified, and the classes are not text.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.base import most_probable
    >>> proba = np.array([[0.2, 0.8], [np.nan, np.nan]])
    >>> most_probable(np.array(["II", "Ia"]), proba, "MyClassifier").tolist()
    ['Ia', 'unclassified']
    """
    unknown = np.isnan(proba).any(axis=1)
    labels = classes[np.where(unknown[:, None], 0, proba).argmax(axis=1)]
    return answer_instead(labels, unknown, UNCLASSIFIED, classes, name)


def answer_instead(labels, where, answer, classes, name):
    """Replace labels by a text such as "unclassified".

    Parameters
    ----------
    labels : ndarray of shape (n_objects,)
        Answers so far.

    where : ndarray of bool of shape (n_objects,)
        Objects that get the text instead.

    answer : str
        The text.

    classes : ndarray of shape (n_classes,)
        Labels that occur.

    name : str
        Estimator that the errors name.

    Returns
    -------
    labels : ndarray of shape (n_objects,)

    Raises
    ------
    ObjectError
        An object is concerned, and the classes are not text.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.base import answer_instead
    >>> labels = np.array(["Ia", "II"])
    >>> answer_instead(labels, labels == "II", "ambiguous", labels, "MyClassifier").tolist()
    ['Ia', 'ambiguous']
    """
    if not where.any():
        return labels
    if not all(isinstance(label, str) for label in classes):
        raise ObjectError(
            f"{name}: some rows are {answer}, and classes that are no text leave no place for that "
            f"answer; use predict_proba",
            np.flatnonzero(where),
        )
    return np.where(where, np.array(answer, labels.dtype.kind), labels)
