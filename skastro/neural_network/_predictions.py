"""Predictions of a trained classifier."""

import copy
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skastro.base import UNCLASSIFIED, UNCLASSIFIED_NOTE, fill_unclassified, most_probable
from skastro.exceptions import ObjectWarning, UnclassifiedWarning, list_objects
from skastro.neural_network._random import ObjectDraws
from skastro.neural_network.inputs._keys import mix
from skastro.nn import as_criterion


def _has_taxonomy(estimator):
    return as_criterion(estimator.criterion).taxonomy is not None


class PredictionMixin(ClassNamePrefixFeaturesOutMixin, TransformerMixin, ClassifierMixin):
    """Probabilities, labels and embeddings from a trained net, batch by batch.

    Examples
    --------
    >>> from skastro.neural_network import BaseNetClassifier
    >>> from skastro.neural_network._predictions import PredictionMixin
    >>> issubclass(BaseNetClassifier, PredictionMixin)
    True
    """

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probability of every class.

        Parameters
        ----------
        X : array-like or frame of n_objects rows
            Objects.

        Returns
        -------
        probabilities : ndarray of shape (n_objects, n_classes)
            In the order of `classes_`; see `unclassified` for objects that cannot be classified.

        Warns
        -----
        ObjectWarning
            Objects that cannot be classified.
        """
        source = self._open(X)
        proba = self._table(source, self._probabilities)
        return self._complete(X, source, proba, self.class_prior_)

    def predict_proba_samples(self, X: Any, n_samples: int = 20) -> NDArray[np.float64]:
        """Return the probabilities of random passes through the network with active dropout.

        Their mean is another estimate of the probability and their scatter one of its
        uncertainty: Monte-Carlo dropout [1]_.

        Parameters
        ----------
        X : array-like or frame of n_objects rows
            Objects.

        n_samples : int, default=20
            Number of passes.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_objects, n_classes)
            In the order of `classes_`.  The passes of an object depend on the object and on a
            seed drawn in `fit`, not on the other objects: each call returns the same.

        References
        ----------
        .. [1] Y. Gal, Z. Ghahramani, "Dropout as a Bayesian Approximation", arXiv:1506.02142.
        """
        source = self._open(X)
        seeds = mix(np.arange(n_samples, dtype=np.uint64) + np.uint64(self._dropout_seed))

        def sample(inputs, objects):
            keys = source.keys(objects)
            return np.stack([self._sampled(inputs, keys + seed) for seed in seeds], axis=1)

        width = n_samples * len(self.classes_)
        samples = self._table(source, sample, width).reshape(len(source), n_samples, -1)
        return self._complete(X, source, samples, self.class_prior_).swapaxes(0, 1)

    def predict(self, X: Any) -> NDArray:
        """Return the most probable class.

        Parameters
        ----------
        X : array-like or frame of n_objects rows
            Objects.

        Returns
        -------
        labels : ndarray of shape (n_objects,)
            Objects that cannot be classified get the label ``"unclassified"``, or the most
            frequent class with ``unclassified="prior"``.

        Raises
        ------
        ObjectError
            An object cannot be classified, and the classes are not strings.
        """
        check_is_fitted(self)
        return most_probable(self.classes_, self.predict_proba(X), type(self).__name__)

    def transform(self, X: Any) -> NDArray[np.float32]:
        """Return the embedding of each object: the input of the last layer of the network.

        Parameters
        ----------
        X : array-like or frame of n_objects rows
            Objects.

        Returns
        -------
        embedding : ndarray of shape (n_objects, n_embedding), dtype float32
            For anomaly detectors, searches of neighbours and plots; NaN for objects that cannot
            be used.
        """
        source = self._open(X)
        layer = self._last_layer()

        def embed(inputs, objects):
            with inputs_of(layer) as found:
                self._forward(inputs)
            return found[-1].reshape(len(objects), -1, layer.in_features)[:, -1]

        return self._table(source, embed, layer.in_features).astype(np.float32)

    def predict_logits(self, X: Any) -> NDArray[np.float64]:
        """Return the output of the last layer of the network, before it becomes probabilities.

        Logits have an absolute level that probabilities lack; scores of unknown objects such as
        :func:`skastro.calibration.energy_score` use it.

        Parameters
        ----------
        X : array-like or frame of n_objects rows
            Objects.

        Returns
        -------
        logits : ndarray of shape (n_objects, n_outputs)
            Of the classes, in the order of `classes_`, or with a taxonomy of its nodes; NaN for
            objects that cannot be used.  The one logit z of two classes becomes (-z / 2, z / 2),
            whose softmax are the probabilities.
        """
        source = self._open(X)

        def read(inputs, objects):
            return self._forward(inputs).double().numpy()

        logits = self._table(source, read, self.n_outputs_)
        # The softmax of these two is the sigmoid of the single logit.
        return np.hstack([-logits / 2, logits / 2]) if self.n_outputs_ == 1 else logits

    @available_if(_has_taxonomy)
    def predict_node_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the probability of every node of the taxonomy.

        Parameters
        ----------
        X : array-like or frame of n_objects rows
            Objects.

        Returns
        -------
        probabilities : ndarray of shape (n_objects, n_nodes)
            In the order of ``taxonomy_.nodes``; children sum to their parent.
        """
        source = self._open(X)

        def read(inputs, objects):
            return self._targets.node_probabilities(self._forward(inputs).double()).numpy()

        proba = self._table(source, read, len(self.taxonomy_.nodes))
        return self._complete(X, source, proba, self._targets.node_prior(self.class_prior_))

    @available_if(_has_taxonomy)
    def predict_path(self, X: Any, threshold: float = 0.5) -> NDArray:
        """Return the deepest node that is probable enough.

        Parameters
        ----------
        X : array-like or frame of n_objects rows
            Objects.

        threshold : float, default=0.5
            See :meth:`skastro.taxonomy.Taxonomy.deepest`.

        Returns
        -------
        labels : ndarray of shape (n_objects,)
            Names of nodes; the root where no child of it is probable enough, "unclassified" for
            objects that cannot be classified.
        """
        proba = self.predict_node_proba(X)
        names = np.array(self.taxonomy_.nodes, object)
        labels = names[self.taxonomy_.deepest(proba, threshold)]
        labels[np.isnan(proba).all(axis=1)] = UNCLASSIFIED
        return labels

    def network_inputs(self, X: Any) -> dict[str, torch.Tensor]:
        """Return what the network reads: tensors by name, scaled as in training.

        Parameters
        ----------
        X : array-like or frame of n_objects rows
            Objects that can be classified.

        Returns
        -------
        inputs : dict of str -> torch.Tensor, first axis n_objects
            Arguments of ``net_.module_``, and of the module of :meth:`as_torch`.
        """
        source = self._open(X)
        return source.take(np.flatnonzero(~source.unusable))

    def as_torch(self) -> torch.nn.Module:
        """Return a torch module that maps :meth:`network_inputs` to class probabilities.

        Returns
        -------
        module : torch.nn.Module
            On the CPU, in evaluation mode; called with the dict of tensors, it returns a
            tensor of shape (n_objects, n_classes) in the order of `classes_`.
        """
        check_is_fitted(self)
        return _ProbabilityNet(self.net_.module_, self._targets).cpu().eval()

    def _open(self, X):
        check_is_fitted(self)
        return self._read(X, reset=False).scaled(self.scale_)

    def _probabilities(self, inputs, objects):
        # float32 would round probabilities near one to one.
        return self._targets.probabilities(self._forward(inputs).double()).numpy()

    def _sampled(self, inputs, keys):
        with ObjectDraws(keys):
            return self._probabilities(inputs, None).reshape(len(keys), -1)

    def _table(self, source, compute, width=None):
        """Return ``compute(inputs, objects)`` for all objects; NaN for unusable ones."""
        width = len(self.classes_) if width is None else width
        table = np.full((len(source), width), np.nan)
        # Keeping the outputs of batches would fragment the memory for the next batch.
        for objects, found in self._outputs(source, compute):
            table[objects] = np.asarray(found).reshape(-1, width)
        return table

    def _complete(self, X, source, proba, prior):
        """Fill unusable objects with the prior, or warn of them."""
        if self.unclassified == "prior":
            return fill_unclassified(proba, prior, "prior", type(self).__name__)
        if source.unusable.any():
            note = f"; {UNCLASSIFIED_NOTE}"
            self._warn_of_unusable(X, source, "unclassified", UnclassifiedWarning, note)
        return proba

    def _warn_of_unusable(self, X, source, fate, kind=ObjectWarning, remedy=""):
        """Warn once of all unusable objects, with their reasons."""
        ids = np.asarray(X.index if hasattr(X, "columns") else np.arange(len(source)))
        unusable = source.unusable
        parts = [
            f"{reason} ({list_objects(ids[source.reasons == reason])})"
            for reason in np.unique(source.reasons[unusable])
        ]
        text = (
            f"{type(self).__name__}: {unusable.sum()} of {len(source)} objects are {fate}: "
            f"{'; '.join(parts)}{remedy}"
        )
        warnings.warn(text, kind, stacklevel=4)


@contextmanager
def inputs_of(layer: torch.nn.Module) -> Iterator[list[NDArray]]:
    """Collect the inputs of a layer in this thread.

    Examples
    --------
    >>> import torch
    >>> from skastro.neural_network._predictions import inputs_of
    >>> net = torch.nn.Sequential(torch.nn.ReLU(), torch.nn.Linear(2, 1))
    >>> with inputs_of(net[1]) as found:
    ...     _ = net(torch.tensor([[-1.0, 2.0]]))
    >>> found[0].tolist()
    [[0.0, 2.0]]
    """
    found, thread = [], threading.get_ident()

    def collect(module, inputs):
        if threading.get_ident() == thread:
            found.append(inputs[0].detach().cpu().numpy())

    handle = layer.register_forward_pre_hook(collect)
    try:
        yield found
    finally:
        handle.remove()


class _ProbabilityNet(torch.nn.Module):
    """A network and the meaning of its logits."""

    def __init__(self, network, targets):
        super().__init__()
        # A copy: `cpu` and `eval` would change the network of the estimator.
        self.network, self.targets = copy.deepcopy(network), targets

    def forward(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        """Return the probabilities of the classes after the last observation."""
        found = self.targets.probabilities(self.network(**inputs))
        return found[:, -1] if found.ndim == 3 else found
