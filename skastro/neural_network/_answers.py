"""What a trained network is asked."""

import numpy as np
import torch
from sklearn.utils import check_random_state
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skastro.base import most_probable
from skastro.neural_network._data import BatchDataset
from skastro.neural_network._net import move, resolve_device, seeded
from skastro.nn import as_criterion


def _knows_a_taxonomy(estimator):
    return as_criterion(estimator.criterion).taxonomy is not None


class AnswersMixin:
    """Probabilities and labels from the logits of a trained net, batch by batch.

    Examples
    --------
    >>> from skastro.neural_network import BaseNetClassifier
    >>> from skastro.neural_network._answers import AnswersMixin
    >>> issubclass(BaseNetClassifier, AnswersMixin)
    True
    """

    def predict_proba(self, X):
        """Return the probability of every class.

        Parameters
        ----------
        X : array-like of shape (n_objects, n_features)
            One row an object.

        Returns
        -------
        probabilities : ndarray of shape (n_objects, n_classes)
            In the order of `classes_`; NaN for objects that cannot be classified.
        """
        return self._answers(X, "probabilities")

    def predict_proba_samples(self, X, n_samples=20):
        """Return the probabilities of random passes with dropout left on.

        Their mean is another estimate of the probability and their scatter of its uncertainty:
        Monte-Carlo dropout, Gal & Ghahramani 2016 (arXiv:1506.02142).

        Parameters
        ----------
        X : array-like or frame of n_objects rows
            One row an object.

        n_samples : int, default=20
            Number of passes.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_objects, n_classes)
            In the order of `classes_`; NaN for objects that cannot be classified.  The same in
            every call if `random_state` is a number.
        """
        check_is_fitted(self)
        rng = check_random_state(self.random_state)
        self.net_.keep_dropout = True
        try:
            with seeded(rng):
                return np.stack([self._answers(X, "probabilities") for _ in range(n_samples)])
        finally:
            self.net_.keep_dropout = False

    @available_if(_knows_a_taxonomy)
    def predict_node_proba(self, X):
        """Return the probability of every node of the taxonomy of `criterion`.

        Parameters
        ----------
        X : array-like or frame of n_objects rows
            One row an object.

        Returns
        -------
        probabilities : ndarray of shape (n_objects, n_nodes)
            In the order of ``criterion.taxonomy.nodes``; children sum to their parent.
        """
        return self._answers(X, "node_probabilities")

    @available_if(_knows_a_taxonomy)
    def predict_path(self, X, threshold=0.5):
        """Return the deepest node that is probable enough.

        Parameters
        ----------
        X : array-like or frame of n_objects rows
            One row an object.

        threshold : float, default=0.5
            See :meth:`skastro.taxonomy.Taxonomy.deepest`.

        Returns
        -------
        labels : ndarray of shape (n_objects,)
            Names of nodes; the root where no child of it is probable enough or nothing is known.
        """
        node_proba = self.predict_node_proba(X)
        taxonomy = self._targets.taxonomy
        return taxonomy.names(taxonomy.deepest(node_proba, threshold))

    def predict(self, X):
        """Return the most probable class.

        Parameters
        ----------
        X : array-like of shape (n_objects, n_features)
            One row an object.

        Returns
        -------
        labels : ndarray of shape (n_objects,)
            Objects that cannot be classified get the label ``"unclassified"``.

        Raises
        ------
        ObjectError
            An object cannot be classified, and the classes are not text.
        """
        check_is_fitted(self)
        return most_probable(self.classes_, self.predict_proba(X), type(self).__name__)

    def _answers(self, X, answer):
        """Answers of shape (n_objects, n_columns) from the logits; NaN for unusable objects."""
        check_is_fitted(self)
        source, _ = self._validate(X, reset=False)
        batches = self._answer_batches(self._scaled(source), answer)
        _, empty = next(batches)
        answers = np.full((len(source), empty.shape[-1]), np.nan)
        # Answers of batches kept alive would leave holes too small for the next batch.
        for objects, found in batches:
            answers[objects] = found.reshape(-1, answers.shape[1])
        return answers

    def _answer_batches(self, source, answer):
        """Yield object numbers and answers; an empty batch first, which gives the shape."""
        answer = getattr(self._targets, answer)
        yield np.arange(0), answer(torch.zeros(0, 1, self.n_outputs_)).numpy()
        rows = np.flatnonzero(~source.unusable)
        rows = rows[np.argsort(source.lengths[rows], kind="stable")]
        self._move_for_prediction()
        start = 0
        for logits in self.net_.forward_iter(BatchDataset(source, rows)):
            stop = start + len(logits)
            yield rows[start:stop], answer(logits.double()).numpy()
            start = stop

    def _move_for_prediction(self):
        """Move to the wanted device, or to the CPU where that device does not exist."""
        try:
            move(self.net_, resolve_device(self.device))
        except ValueError:
            move(self.net_, "cpu")
