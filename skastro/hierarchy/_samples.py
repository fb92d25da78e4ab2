"""Mean and scatter of the probabilities that a classifier samples, such as by dropout."""

import inspect

import numpy as np


def class_scores(classifier, X, n_samples):
    """Return the probability of every class and its error.

    Parameters
    ----------
    classifier : classifier
        Fitted.

    X : array-like or frame of n_objects rows
        Objects.

    n_samples : int or None
        Number of samples of ``predict_proba_samples(X, n_samples)``, where the classifier, or the
        last step of a Pipeline, has that method; None takes `predict_proba`.

    Returns
    -------
    scores : ndarray of shape (n_objects, n_classes)
        Mean of the samples, or the one probability, in the order of ``classifier.classes_``.

    errors : ndarray of shape (n_objects, n_classes)
        Standard deviation of the samples; NaN where there are none.

    Examples
    --------
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skastro.hierarchy._samples import class_scores
    >>> nb = GaussianNB().fit([[0.0], [1.0], [8.0], [9.0]], [0, 0, 1, 1])
    >>> scores, errors = class_scores(nb, [[9.0]], n_samples=20)
    >>> scores.round(2).tolist(), errors.tolist()
    ([[0.0, 1.0]], [[nan, nan]])
    """
    last, X_last = _last_step(classifier, X)
    if n_samples is None or not hasattr(last, "predict_proba_samples"):
        scores = np.asarray(classifier.predict_proba(X), float)
        return scores, np.full(scores.shape, np.nan)
    known = inspect.signature(last.predict_proba_samples).parameters
    options = {"n_samples": n_samples} if "n_samples" in known else {}
    samples = np.asarray(last.predict_proba_samples(X_last, **options), float)
    return samples.mean(axis=0), samples.std(axis=0)


def positive_score(classifier, X, n_samples):
    """Return the probability of class 1 and its error, each of shape (n_objects,).

    Parameters
    ----------
    classifier, X, n_samples
        As of :func:`class_scores`; fitted on the classes 0 and 1.

    Examples
    --------
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skastro.hierarchy._samples import positive_score
    >>> nb = GaussianNB().fit([[0.0], [1.0], [8.0], [9.0]], [0, 0, 1, 1])
    >>> score, error = positive_score(nb, [[9.0]], n_samples=20)
    >>> score.round(2).tolist(), error.tolist()
    ([1.0], [nan])
    """
    scores, errors = class_scores(classifier, X, n_samples)
    positive = np.asarray(classifier.classes_) == 1
    if not positive.any():
        return np.zeros(len(scores)), np.full(len(scores), np.nan)
    return scores[:, positive][:, 0], errors[:, positive][:, 0]


def _last_step(classifier, X):
    """Return the classifier at the end of a Pipeline that samples, and X as it reaches it."""
    steps = [step for _, step in getattr(classifier, "steps", [("", classifier)])]
    if len(steps) == 1 or not hasattr(steps[-1], "predict_proba_samples"):
        return steps[-1], X
    for step in steps[:-1]:
        if hasattr(step, "transform"):
            X = step.transform(X)
    return steps[-1], X
