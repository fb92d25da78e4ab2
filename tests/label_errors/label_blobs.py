"""Separate classes with some wrong labels, and a classifier that records its input."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.naive_bayes import GaussianNB


def make_blobs(n_objects=120, classes=("Ia", "II", "Ib"), n_wrong=9, seed=0):
    """Return three separate classes and the rows whose labels are those of the next class."""
    rng = np.random.default_rng(seed)
    codes = np.arange(n_objects) % len(classes)
    X = rng.normal(size=(n_objects, 2)) + 8 * np.eye(3)[codes][:, :2]
    wrong = np.sort(rng.choice(n_objects, n_wrong, replace=False))
    given = codes.copy()
    given[wrong] = (codes[wrong] + 1) % len(classes)
    names = np.array(classes)
    return X, names[given], names[codes], wrong


class Recorder(ClassifierMixin, BaseEstimator):
    """Gaussian naive Bayes that records the rows of training and prediction."""

    seen = []

    def fit(self, X, y, groups=None):
        self.model_ = GaussianNB().fit(np.asarray(X)[:, :2], y)
        self.classes_ = self.model_.classes_
        self.trained_ = np.asarray(X)[:, 2].astype(int)
        self.groups_, self.y_ = groups, y
        return self

    def predict_proba(self, X):
        tested = np.asarray(X)[:, 2].astype(int)
        Recorder.seen.append((self.trained_, tested, self.y_, self.groups_))
        return self.model_.predict_proba(np.asarray(X)[:, :2])


def numbered(X):
    return np.column_stack([X, np.arange(len(X))])
