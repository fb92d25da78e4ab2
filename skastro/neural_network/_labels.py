"""From probabilities to labels."""

import numpy as np

from skastro.exceptions import ObjectError


def most_probable(probabilities, classes, owner):
    """Return the label of the largest probability, and "unclassified" where it is NaN.

    Parameters
    ----------
    probabilities : ndarray of shape (n_objects, n_classes)
        NaN for objects that cannot be classified.

    classes : ndarray of shape (n_classes,)
        Labels.

    owner : str
        Begin of the error message.

    Raises
    ------
    ObjectError
        An object cannot be classified, and the classes are not text.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.neural_network._labels import most_probable
    >>> most_probable(np.array([[0.2, 0.8], [np.nan, np.nan]]), np.array(["II", "Ia"]), "").tolist()
    ['Ia', 'unclassified']
    """
    unknown = np.isnan(probabilities[:, 0])
    labels = classes[np.where(unknown[:, None], 0, probabilities).argmax(axis=1)]
    if not unknown.any():
        return labels
    if not all(isinstance(label, str) for label in classes):
        raise ObjectError(
            f"{owner}: rows with NaN cannot be classified, and classes that are no text leave no "
            f"place for that answer; use predict_proba",
            np.flatnonzero(unknown),
        )
    return np.where(unknown, np.array("unclassified", labels.dtype.kind), labels)
