"""A trained network whose training continues on a few labelled objects of the target."""

import copy
from collections.abc import Sequence
from fnmatch import fnmatch
from numbers import Integral, Real
from typing import Any

from sklearn.pipeline import Pipeline
from sklearn.utils._param_validation import HasMethods, Interval

from skastro.adaptation._base import AdaptedClassifier
from skastro.base import class_prior


class FineTunedClassifier(AdaptedClassifier):
    """Continue the training of a fitted network on labelled objects of another survey.

    The network keeps its scale, its classes and its first layers, if they are frozen; the original
    is not changed.  With ``band_encoding="wavelength"`` the bands may differ.

    Parameters
    ----------
    estimator : fitted network, ensemble of networks, or Pipeline that ends in one
        Such as a recipe trained on a simulation.

    frozen : sequence of str, default=()
        Patterns of the names of parameters that are not trained, such as ``"recurrent*"``; see
        ``net_.module_.named_parameters()``.

    max_epochs : int, default=40
        Passes over the labelled objects.

    lr : float, default=1e-3
        Largest learning rate; lower than in the first training, so that less is forgotten.

    Attributes
    ----------
    estimator_ : classifier
        The network, or Pipeline, after the training.

    classes_ : ndarray of shape (n_classes,)
        Class labels, those of the first training.

    class_prior_ : ndarray of shape (n_classes,)
        Class frequencies of the labelled objects.

    n_features_in_ : int
        Number of columns of `X`.

    feature_names_in_ : ndarray of str
        Names of the columns of `X`, if it has some.

    Raises
    ------
    ValueError
        In `fit`: no network to train, no parameter that matches a pattern, or an unknown class.

    See Also
    --------
    TargetTrainedClassifier : Train on both data sets at once; forgets nothing, but takes longer.

    References
    ----------
    .. [1] R. Gupta et al., "Transfer learning for transient classification", arXiv:2502.18558
       (2025).

    Examples
    --------
    >>> from skastro.adaptation import FineTunedClassifier
    >>> from skastro.datasets import make_light_curves
    >>> from skastro.neural_network import RecurrentClassifier
    >>> X, y = make_light_curves(60, classes=["SNIa", "RRL"], random_state=0)
    >>> network = RecurrentClassifier(
    ...     band_encoding="wavelength", max_epochs=10, batch_size=16, random_state=0
    ... )
    >>> network = network.fit(X, y)
    >>> X_few, y_few = make_light_curves(20, classes=["SNIa", "RRL"], random_state=1)
    >>> model = FineTunedClassifier(network, max_epochs=5).fit(X_few, y_few)
    >>> model.score(X_few, y_few) > 0.8
    True
    """

    _parameter_constraints = {
        "estimator": [HasMethods(["fit", "predict_proba"])],
        "frozen": ["array-like"],
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "lr": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(
        self,
        estimator: Any,
        *,
        frozen: Sequence[str] = (),
        max_epochs: int = 40,
        lr: float = 1e-3,
    ):
        super().__init__(estimator)
        self.frozen = frozen
        self.max_epochs = max_epochs
        self.lr = lr

    def _fit_adapted(self, X, y, X_target):
        model = copy.deepcopy(self.estimator)
        network = model.steps[-1][1] if isinstance(model, Pipeline) else model
        inputs = model[:-1].transform(X) if isinstance(model, Pipeline) else X
        for member in getattr(network, "estimators_", [network]):
            self._train(member, inputs, y)
        self.estimator_, self.classes_ = model, network.classes_
        self.class_prior_ = class_prior(y, self.classes_)

    def _train(self, network, X, y):
        name = type(self).__name__
        if not hasattr(network, "net_"):
            raise ValueError(f"{name}: {type(network).__name__} is not a fitted network")
        before = network.get_params(deep=False)
        parameters = dict(network.net_.module_.named_parameters())
        frozen = self._matching(parameters)
        options = {"warm_start": True, "max_epochs": self.max_epochs, "lr": self.lr}
        restored = (*options, "validation", "checkpoint")
        network.set_params(**options, validation=None, checkpoint=None)
        trained = {key: parameters[key].requires_grad for key in frozen}
        for key in frozen:
            parameters[key].requires_grad_(False)
        try:
            network.fit(X, y)
        finally:
            network.set_params(**{key: before[key] for key in restored})
            for key, flag in trained.items():
                parameters[key].requires_grad_(flag)

    def _matching(self, parameters):
        found = [[key for key in parameters if fnmatch(key, p)] for p in self.frozen]
        for pattern, keys in zip(self.frozen, found):
            if not keys:
                raise ValueError(
                    f"{type(self).__name__}: no parameter of the network matches {pattern!r}; it "
                    f"has {', '.join(parameters)}"
                )
        return {key for keys in found for key in keys}
