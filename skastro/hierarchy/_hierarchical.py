"""One classifier per parent node of a taxonomy."""

from collections.abc import Mapping
from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import _fit_context
from sklearn.utils._param_validation import HasMethods
from sklearn.utils.validation import _check_sample_weight, _num_samples

from skastro.base import (
    UNCLASSIFIED,
    UNCLASSIFIED_OPTIONS,
    class_prior,
    ignore_unclassified,
    no_prediction,
    warn_of_unclassified,
)
from skastro.exceptions import name_objects
from skastro.hierarchy._base import Part, PartsClassifier
from skastro.hierarchy._labels import TreeLabels, node_objects, read_tree_labels
from skastro.taxonomy import Taxonomy, node_numbers, trained_taxonomy
from skastro.utils.labels import check_labels


class HierarchicalClassifier(PartsClassifier):
    r"""Train one classifier at each parent node of a taxonomy.

    The classifier of a node separates its children, and is trained on the objects whose label
    lies below the node.  The probability of a node is the product along its path,

    .. math:: P(v) = P(\mathrm{parent}(v)) \; P(v \mid \mathrm{parent}(v)),

    so that children sum to their parent (local classifiers per parent node, Silla & Freitas 2011,
    section 4.2.2).

    Parameters
    ----------
    estimator : classifier
        Any classifier with `predict_proba`, of numeric features or a Pipeline that reads light
        curves.  Its classes are the names of the children, so that ``class_weight`` may be a dict
        of them.  An imbalanced-learn Pipeline of a sampler and a classifier balances each node
        separately.

    taxonomy : Taxonomy or nested mapping, default=None
        Taxonomy of the classes.  By default all classes of `y` lie below one root.

    node_estimators : dict, default=None
        Classifiers of single parent nodes by name, instead of `estimator`.

    classes : array-like of str, default=None
        Labels that integers in `y` stand for: ``np.unique(y)`` before another estimator encoded
        them.  Only required with a taxonomy inside ``VotingClassifier``, ``StackingClassifier``,
        ``BaggingClassifier`` or ``cross_val_predict(method="predict_proba")``, which replace
        labels by 0, 1, ...; encoded labels are refused without it.

    unclassified : {"nan", "prior"}, default="nan"
        Probabilities of an unclassified object, one for which a classifier returns NaN: NaN and
        the label ``"unclassified"``, with a warning, or the class priors of the training set at the
        node, which scikit-learn's meta-estimators and scorers accept.

    n_jobs : int, default=None
        Number of nodes trained in parallel with joblib.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels of the columns of `predict_proba`, sorted: the leaves of `taxonomy_`, or all
        encoded `classes` if `y` was encoded.

    class_prior_ : ndarray of shape (n_classes,)
        Probabilities of an object about which nothing is known: the product of the shares of the
        training objects at each node.

    taxonomy_ : Taxonomy
        The part of `taxonomy` that training labels reach.  A node without training objects is
        left out with a warning and never predicted.  A node is a leaf if no training label lies
        below it.

    estimators_ : dict of name -> classifier
        Fitted classifiers of the nodes with at least two children in `taxonomy_`.  An only child
        has the probability of its parent.

    n_features_in_ : int
        Number of columns of `X`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if `X` has any.

    See Also
    --------
    ParallelBinaryClassifier : One binary classifier per label.
    skastro.taxonomy.Taxonomy : A tree of classes.

    Notes
    -----
    Where a classifier returns NaN for an object, the probabilities of all nodes below are NaN,
    and its label is ``"unclassified"``, unless ``unclassified="prior"``.

    A feature step inside `estimator` is computed again at every node.  If it does not learn from
    labels, put it in front: ``make_pipeline(features, HierarchicalClassifier(...))``.

    Scorers that compare labels, such as "accuracy", count the prediction "Ia" as wrong for an
    object known only as "SN", and do not know synonyms.  `score`, the default of
    ``GridSearchCV``, and :mod:`skastro.metrics` take the taxonomy into account.

    References
    ----------
    Silla & Freitas 2011, Data Mining and Knowledge Discovery 22, 31.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skastro.hierarchy import HierarchicalClassifier
    >>> X = [[0.0, 0.0], [0.0, 1.0], [5.0, 0.0], [0.1, 0.2], [0.2, 0.9], [5.1, 0.3]]
    >>> y = ["Ia", "II", "AGN", "Ia", "II", "AGN"]
    >>> tree = {"Alert": {"SN": ["Ia", "II"], "AGN": None}}
    >>> model = HierarchicalClassifier(LogisticRegression(C=10), taxonomy=tree).fit(X, y)
    >>> model.predict([[0.0, 0.0], [5.0, 0.0]]).tolist()
    ['Ia', 'AGN']
    >>> model.predict_path([[0.0, 0.5]], threshold=0.8).tolist()
    ['SN']
    """

    _parameter_constraints = {
        "estimator": [HasMethods(["fit"])],
        "taxonomy": [Taxonomy, Mapping, None],
        "node_estimators": [dict, None],
        "classes": ["array-like", None],
        "unclassified": UNCLASSIFIED_OPTIONS,
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        estimator: Any,
        *,
        taxonomy: Taxonomy | Mapping | None = None,
        node_estimators: Mapping[Any, Any] | None = None,
        classes: ArrayLike | None = None,
        unclassified: str = "nan",
        n_jobs: int | None = None,
    ):
        self.estimator = estimator
        self.taxonomy = taxonomy
        self.node_estimators = node_estimators
        self.classes = classes
        self.unclassified = unclassified
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None, **fit_params: Any
    ) -> Self:
        """Train the classifiers of all parent nodes.

        Parameters
        ----------
        X : NestedFrame, DataFrame, array-like or sparse matrix of shape (n_objects, n_columns)
            Objects.

        y : array-like of shape (n_objects,)
            Names of leaves; of inner nodes for objects whose leaf is unknown, which train only
            the nodes above; or synonyms of the taxonomy.  Objects labelled as the root train
            nothing.

        sample_weight : array-like of shape (n_objects,), default=None
            Weights, passed on to every classifier.  Objects of weight 0 are ignored.

        **fit_params : dict
            Passed on to every classifier; indexed by its objects if it has one value per object,
            such as `groups`.  Routed as requested if metadata routing is enabled.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            Labels that are not in the taxonomy, integers that may be encoded labels, classifiers
            without `predict_proba` or without `sample_weight`, estimators of nodes that do not
            exist.

        ObjectError
            Objects without a label.

        Warns
        -----
        UserWarning
            Nodes without training objects, or synonyms in `y`.
        """
        X, y, weights, used = self._open(X, y, sample_weight)
        name = type(self).__name__
        labels = read_tree_labels(y, self.taxonomy, self.classes, name)
        self._check_node_estimators(labels.tree)
        self._tree, self._encoded = labels.tree, labels.encoded
        warn = self.taxonomy is not None
        self.taxonomy_ = trained_taxonomy(labels.tree, labels.numbers[used], name, warn=warn)
        self.classes_, self._columns = labels.columns(self.taxonomy_)
        parts = self._parts(labels, used)
        self._priors = self._node_priors(parts, weights)
        self.estimators_ = self._fit_parts(X, parts, weights, fit_params)
        self.class_prior_ = self._of_classes(self._product(self._priors, 1))[0]
        return self

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the probability of every leaf.

        Parameters
        ----------
        X : NestedFrame, DataFrame, array-like or sparse matrix of shape (n_objects, n_columns)
            Objects.

        Returns
        -------
        probabilities : ndarray of shape (n_objects, n_classes)
            In the order of `classes_`; NaN for unclassified objects, or class priors with
            ``unclassified="prior"``.

        Warns
        -----
        UnclassifiedWarning
            Objects are unclassified, with ``unclassified="nan"``.
        """
        return self._of_classes(self.predict_node_proba(X))

    def predict_node_proba(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the probability of every node; children sum to their parent.

        Parameters
        ----------
        X : NestedFrame, DataFrame, array-like or sparse matrix of shape (n_objects, n_columns)
            Objects.

        Returns
        -------
        probabilities : ndarray of shape (n_objects, n_nodes)
            In the order of ``taxonomy_.nodes``; 1 for the root.

        Warns
        -----
        UnclassifiedWarning
            Objects are unclassified, with ``unclassified="nan"``.

        Examples
        --------
        >>> from sklearn.naive_bayes import GaussianNB
        >>> from skastro.hierarchy import HierarchicalClassifier
        >>> tree = {"Alert": {"SN": ["Ia", "II"], "AGN": None}}
        >>> X, y = [[0.0], [1.0], [9.0], [0.1], [1.1], [9.1]], ["Ia", "II", "AGN"] * 2
        >>> model = HierarchicalClassifier(GaussianNB(), taxonomy=tree).fit(X, y)
        >>> model.taxonomy_.nodes, model.predict_node_proba([[1.0]]).round(3).tolist()
        (('Alert', 'SN', 'AGN', 'Ia', 'II'), [[1.0, 1.0, 0.0, 0.0, 1.0]])
        """
        X = self._reopen(X)
        with ignore_unclassified():
            shares = {node: self._shares(X, node) for node in self.estimators_}
        proba = self._product(shares, _num_samples(X))
        unknown = no_prediction(proba)
        if unknown.any():
            warn_of_unclassified(unknown, type(self).__name__, X)
        return proba

    def predict_path(self, X: ArrayLike, threshold: float = 0.5) -> NDArray:
        """Return the deepest node that is probable enough.

        Parameters
        ----------
        X : NestedFrame, DataFrame, array-like or sparse matrix of shape (n_objects, n_columns)
            Objects.

        threshold : float, default=0.5
            Smallest probability of a node that is predicted, between 0 and 1.

        Returns
        -------
        names : ndarray of shape (n_objects,)
            Names of the nodes of :meth:`Taxonomy.deepest <skastro.taxonomy.Taxonomy.deepest>`:
            the root if no other node is probable enough, ``"unclassified"`` if no node below the
            root has a probability.  If only the classifier of a deeper node cannot classify an
            object, the object gets a node above.

        Warns
        -----
        UnclassifiedWarning
            Objects are unclassified, with ``unclassified="nan"``.
        """
        if not 0 <= threshold <= 1:
            raise ValueError(
                f"{type(self).__name__}: threshold is {threshold}, not between 0 and 1"
            )
        proba = self.predict_node_proba(X)
        tree = self.taxonomy_
        first = next((group for group in tree.groups.values() if len(group) > 1), [0])
        names = np.array(tree.nodes, object)[tree.deepest(proba, threshold)]
        names[np.isnan(proba[:, first]).all(axis=1)] = UNCLASSIFIED
        return names

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Return the fraction of objects whose predicted leaf lies at or below their label.

        This is the accuracy if all labels are leaves.  Unclassified objects count as wrong, and
        objects labelled as the root are ignored.

        Parameters
        ----------
        X : NestedFrame, DataFrame, array-like or sparse matrix of shape (n_objects, n_columns)
            Objects.

        y : array-like of shape (n_objects,)
            Labels as in `fit`.

        sample_weight : array-like of shape (n_objects,), default=None
            Weights of the objects.

        Returns
        -------
        score : float
        """
        if self.taxonomy is None:
            return super().score(X, y, sample_weight)
        proba = self.predict_proba(X)
        true = self._true_nodes(y, X)
        unknown = no_prediction(proba)
        best = np.where(unknown[:, None], 0, proba).argmax(axis=1)
        classes = self.classes_ if self._encoded is None else self._encoded
        predicted = self._tree.numbers(classes)[best]
        right = self._tree.is_on_path[predicted, true] & ~unknown
        weights = _check_sample_weight(sample_weight, right) * (true > 0)
        return float(np.average(right, weights=weights)) if weights.any() else np.nan

    def _true_nodes(self, y: ArrayLike, X: Any) -> NDArray[np.intp]:
        name = type(self).__name__
        y = check_labels(y, name, X)
        names = y if self._encoded is None else self._encoded[y.astype(int)]
        return node_numbers(names, self._tree, name)

    def _product(self, shares: Mapping[Any, NDArray], n_objects: int) -> NDArray[np.float64]:
        """Return the product of P(child | node) along the path of every node."""
        tree = self.taxonomy_
        proba = np.ones((n_objects, len(tree.nodes)))
        for parent, children in tree.groups.items():
            proba[:, children] = proba[:, [parent]] * shares.get(tree.nodes[parent], 1.0)
        return proba

    def _shares(self, X: Any, node: Any) -> NDArray[np.float64]:
        """Return P(child | node) in the order of the children."""
        classifier = self.estimators_[node]
        names = self.taxonomy_.children(node)
        columns = [names.index(label) for label in np.asarray(classifier.classes_).tolist()]
        shares = np.zeros((_num_samples(X), len(names)))
        shares[:, columns] = classifier.predict_proba(X)
        unknown = no_prediction(shares)
        shares[unknown] = self._priors[node] if self.unclassified == "prior" else np.nan
        return shares

    def _of_classes(self, node_proba: NDArray) -> NDArray[np.float64]:
        proba = node_proba[:, self._columns]
        proba[:, self._columns < 0] = 0.0
        return proba

    def _own_estimators(self) -> Mapping:
        return self.node_estimators or {}

    def _check_node_estimators(self, tree: Taxonomy) -> None:
        inner = [tree.nodes[i] for i in tree.groups]
        unknown = [node for node in self._own_estimators() if node not in inner]
        if unknown:
            raise ValueError(
                f"{type(self).__name__}: node_estimators for {name_objects(unknown)}, which are "
                f"not parent nodes; the parent nodes are {', '.join(map(str, inner))}"
            )

    def _parts(self, labels: TreeLabels, used: NDArray[np.bool_]) -> dict[Any, Part]:
        """Return what the classifier of each node with several children is fitted on."""
        parts = {}
        for node, (rows, names) in node_objects(labels, self.taxonomy_, used).items():
            estimator = self._own_estimators().get(node, self.estimator)
            self._check_has_probabilities(estimator, node)
            parts[node] = Part(estimator, rows, None, names)
        return parts

    def _node_priors(
        self, parts: Mapping[Any, Part], weights: NDArray | None
    ) -> dict[Any, NDArray[np.float64]]:
        """Return the weighted share of the training objects of each child, by parent node."""
        return {
            node: class_prior(
                part.labels,
                np.array(self.taxonomy_.children(node)),
                None if weights is None else weights[part.rows],
            )
            for node, part in parts.items()
        }
