"""One classifier a parent node of a tree of classes."""

import warnings
from collections.abc import Mapping
from numbers import Integral

import numpy as np
from sklearn.base import _fit_context
from sklearn.utils._param_validation import HasMethods
from sklearn.utils.validation import _check_sample_weight, _num_samples

from skastro.base import UNCLASSIFIED
from skastro.exceptions import name_objects
from skastro.hierarchy._base import PartsClassifier
from skastro.hierarchy._read_labels import read_labels
from skastro.hierarchy._targets import node_numbers, prune, read_targets
from skastro.taxonomy import Taxonomy


class HierarchicalClassifier(PartsClassifier):
    r"""Train one classifier at each parent node of a tree of classes.

    The classifier of a node tells its children apart, and learns from the objects whose label
    lies below it.  The probability of a node is the product down its path,

    .. math:: P(v) = P(\mathrm{parent}(v)) \; P(v \mid \mathrm{parent}(v)),

    so that children sum to their parent (local classifiers per parent node, Silla & Freitas 2011,
    section 4.2.2).

    Parameters
    ----------
    estimator : classifier
        Any with `predict_proba`: of rows of numbers, or a Pipeline that reads light curves.  Its
        labels are the names of the children, so that a ``class_weight`` may be a dict of them.
        Balance each node for itself with an imbalanced-learn Pipeline of a sampler and a
        classifier.

    taxonomy : Taxonomy or nested mapping, default=None
        Tree of the classes.  By default all classes of `y` hang below one root.

    node_estimators : dict, default=None
        Classifiers of single parent nodes by name, in the place of `estimator`.

    classes : array-like of str, default=None
        What integers in `y` stand for: ``np.unique(y)`` of the labels before another estimator
        coded them.  Only needed with a taxonomy inside ``VotingClassifier``,
        ``StackingClassifier``, ``BaggingClassifier`` or
        ``cross_val_predict(method="predict_proba")``, which replace labels by 0, 1, ...; without
        it such codes are refused.

    n_jobs : int, default=None
        Nodes trained at a time, with joblib.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels of `predict_proba`, sorted: the leaves of `taxonomy_`.  The codes of all `classes`
        where `y` was coded.

    taxonomy_ : Taxonomy
        The part of `taxonomy` that training labels reach.  A node without training objects is
        left out with a warning, and never answered.  A node whose objects are known no deeper
        ends the tree there, as a leaf.

    estimators_ : dict of name -> classifier
        Fitted classifiers of the nodes that have two children or more in `taxonomy_`.  A single
        child has the probability of its parent.

    n_features_in_ : int
        Number of columns of `X`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns, if `X` has any.

    See Also
    --------
    ParallelBinaryClassifier : One binary classifier a label.
    skastro.taxonomy.Taxonomy : Trees of classes.

    Notes
    -----
    Where a classifier answers NaN for an object, the probabilities of all nodes below are NaN,
    and so is the label of the object ``"unclassified"``.

    A feature step inside of `estimator` is computed again at every node; put it in front,
    ``make_pipeline(features, HierarchicalClassifier(...))``, where it does not learn from labels.

    Scorers that compare labels, such as "accuracy", count an object known as "SN" as wrong when
    it is predicted to be an "Ia", and do not know synonyms.  `score`, the default of
    ``GridSearchCV``, and :mod:`skastro.metrics` know the tree.

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
        "n_jobs": [Integral, None],
    }

    def __init__(
        self, estimator, *, taxonomy=None, node_estimators=None, classes=None, n_jobs=None
    ):
        self.estimator = estimator
        self.taxonomy = taxonomy
        self.node_estimators = node_estimators
        self.classes = classes
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y, sample_weight=None, **fit_params):
        """Train the classifiers of all parent nodes.

        Parameters
        ----------
        X : NestedFrame, DataFrame, array-like or sparse matrix of shape (n_objects, n_columns)
            Objects.

        y : array-like of shape (n_objects,)
            Labels: names of leaves; of inner nodes for objects known no deeper, which train the
            nodes above; or synonyms of the taxonomy.  Objects labelled as the root train nothing.

        sample_weight : array-like of shape (n_objects,), default=None
            Weights, passed on to every classifier.  An object of weight 0 takes no part, as if it
            were not there.

        **fit_params : dict
            Passed on to every classifier; cut to its objects where it has one value an object,
            such as `groups`.  Routed as requested where metadata routing is enabled.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            Labels that are not in the tree, integers that may be codes, classifiers without
            probabilities or without `sample_weight`, estimators of nodes that do not exist.

        Warns
        -----
        UserWarning
            Nodes without training objects, or synonyms in `y`.
        """
        X, y, weights, used = self._open(X, y, sample_weight)
        name = type(self).__name__
        targets = read_targets(y, self.taxonomy, self.classes, name)
        self._check_node_estimators(targets.tree)
        self._tree = targets.tree
        self.taxonomy_ = self._pruned(targets, used)
        self.classes_, self._columns = targets.answers(self.taxonomy_)
        self._names = getattr(targets, "names", self.classes_)
        parts = self._parts(targets, used)
        self.estimators_ = self._fit_parts(X, parts, weights, fit_params)
        return self

    def predict_proba(self, X):
        """Return the probability of every leaf.

        Parameters
        ----------
        X : NestedFrame, DataFrame, array-like or sparse matrix of shape (n_objects, n_columns)
            Objects.

        Returns
        -------
        probabilities : ndarray of shape (n_objects, n_classes)
            In the order of `classes_`; NaN for objects that cannot be classified.
        """
        proba = self.predict_node_proba(X)[:, self._columns]
        proba[:, self._columns < 0] = 0.0
        return proba

    def predict_node_proba(self, X):
        """Return the probability of every node; children sum to their parent.

        Parameters
        ----------
        X : NestedFrame, DataFrame, array-like or sparse matrix of shape (n_objects, n_columns)
            Objects.

        Returns
        -------
        probabilities : ndarray of shape (n_objects, n_nodes)
            In the order of ``taxonomy_.nodes``; 1 for the root.

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
        tree = self.taxonomy_
        proba = np.ones((_num_samples(X), len(tree.nodes)))
        for parent, children in tree.groups.items():
            if tree.nodes[parent] in self.estimators_:
                shares = self._shares(X, tree.nodes[parent], children)
                proba[:, children] = proba[:, [parent]] * shares
            else:
                proba[:, children] = proba[:, [parent]]
        return proba

    def predict_path(self, X, threshold=0.5):
        """Return the deepest node that is probable enough.

        Parameters
        ----------
        X : NestedFrame, DataFrame, array-like or sparse matrix of shape (n_objects, n_columns)
            Objects.

        threshold : float, default=0.5
            Probability that a node needs at least, between 0 and 1.

        Returns
        -------
        names : ndarray of shape (n_objects,)
            Names of nodes, where the walk of :meth:`Taxonomy.deepest
            <skastro.taxonomy.Taxonomy.deepest>` ends: the root for objects of which nothing is
            sure, ``"unclassified"`` for those that cannot be classified at all.  An object that
            only the classifier of a deeper node cannot classify gets a node above.
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

    def score(self, X, y, sample_weight=None):
        """Return the share of objects whose predicted leaf lies at or below their label.

        This is the accuracy where all labels are leaves.  Objects labelled as the root, of which
        nothing is known, take no part.

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
        labels = read_labels(y, type(self).__name__)
        names = self._names[labels.astype(int)] if self._names is not self.classes_ else labels
        true = node_numbers(names, self._tree, type(self).__name__)
        unknown = np.isnan(proba).any(axis=1)
        best = np.where(unknown[:, None], 0, proba).argmax(axis=1)
        predicted = self._tree.numbers(self._names)[best]
        right = self._tree.is_on_path[predicted, true] & ~unknown
        weights = _check_sample_weight(sample_weight, right) * (true > 0)
        return float(np.average(right, weights=weights)) if weights.any() else np.nan

    def _shares(self, X, node, children):
        """Return P(child | node); NaN in all columns of an object that has any."""
        classifier = self.estimators_[node]
        names = [self.taxonomy_.nodes[child] for child in children]
        columns = [names.index(label) for label in np.asarray(classifier.classes_).tolist()]
        shares = np.zeros((_num_samples(X), len(children)))
        shares[:, columns] = classifier.predict_proba(X)
        shares[np.isnan(shares).any(axis=1)] = np.nan
        return shares

    def _own_estimators(self):
        return self.node_estimators or {}

    def _check_node_estimators(self, tree):
        inner = [tree.nodes[i] for i in tree.groups]
        strange = [node for node in self._own_estimators() if node not in inner]
        if strange:
            raise ValueError(
                f"{type(self).__name__}: node_estimators for {name_objects(strange)}, which are no "
                f"parent nodes; those are {', '.join(map(str, inner))}"
            )

    def _pruned(self, targets, used):
        tree, name = targets.tree, type(self).__name__
        numbers = targets.numbers[used]
        if not numbers.any():
            raise ValueError(f"{name}: y holds no label below the root {tree.root!r}")
        pruned = prune(tree, numbers)
        lost = [node for node in tree.nodes if node not in set(pruned.nodes)]
        if lost and self.taxonomy is not None:
            warnings.warn(
                f"{name}: no training object belongs to the nodes {name_objects(lost)}; they are "
                f"left out of taxonomy_ and never answered",
                UserWarning,
                stacklevel=4,
            )
        return pruned

    def _parts(self, targets, used):
        """Return what the classifier of each node with a choice is fitted on."""
        tree, full = self.taxonomy_, targets.tree
        parts = {}
        for parent, children in tree.groups.items():
            node = tree.nodes[parent]
            if len(children) == 1:
                continue
            names = np.array([tree.nodes[child] for child in children])
            below = full.is_on_path[targets.numbers][:, full.numbers(names)]
            rows = np.flatnonzero(below.any(axis=1) & used)
            estimator = self._own_estimators().get(node, self.estimator)
            self._check_gives_probabilities(estimator, node)
            parts[node] = estimator, rows, None, names[below[rows].argmax(axis=1)]
        return parts
