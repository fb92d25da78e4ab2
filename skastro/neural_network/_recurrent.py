"""Recurrent network for light curves that predicts at any date."""

from collections.abc import Callable, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils._param_validation import Interval, StrOptions

from skastro.neural_network._classifier import BaseNetClassifier
from skastro.neural_network._light_curves import LightCurveNetClassifier
from skastro.nn import RecurrentNet
from skastro.surveys import Survey


class RecurrentClassifier(LightCurveNetClassifier):
    """Classify light curves, complete or cut at any date, with a recurrent network.

    The network reads the observations in order of time, so that its prediction at a date does
    not depend on later ones.  In every epoch it predicts at random dates of each object, so that
    one training serves every date.

    Parameters
    ----------
    static : sequence of str, default=()
        Numeric columns of `X` in addition to the light curve.  They are standardised; each gets
        an indicator of missing values (NaN).

    module : class, default=skastro.nn.RecurrentNet
        Called with n_inputs, n_bands, n_static and n_outputs; returns a torch module with
        ``forward(observations, positions, static=None, bands=None)`` that returns logits.  Use
        `functools.partial` for other parameters.

    n_prefixes : int, default=7
        Random dates per object and epoch at which the loss is computed, in addition to the last
        observation; half of them are uniform in the number of observations, half in its
        logarithm.  0 trains on complete light curves only.

    observation_dropout : float, default=0.4
        Largest share of the observations that is left out of a light curve in training, drawn for
        each object and epoch; never the first one.

    augment : callable, default=None
        Changes the light curves of each training batch, such as
        :class:`skastro.augmentation.SurveyVariation`: maps :class:`skastro.augmentation.Curves`
        and a NumPy Generator to Curves of the same objects.  Bands must be known to `survey`.

    band_encoding : {"wavelength", "one-hot", "embedding"}, default="one-hot"
        How the band enters the network: as effective wavelength, which also works for bands that
        did not occur in the training set; as indicator; or as learned vector.

    survey : str or Survey, default="LSST"
        Resolves the names of bands (``ZTF_g``, ``ztfg`` and ``g`` are one band) and defines their
        effective wavelengths.  Observations in other bands are left out with a warning.

    reference_column : str, default=None
        Column with the reference date of each object, from which its days count; NaN and the
        default stand for the first observation.

    quality_column : str, default="quality"
        Column with the reason why an object is unusable, or "" for a usable one.

    column : str, default="lightcurve"
        Nested column with the light curves: fields time [days], band, flux, flux_err, and perhaps
        ``detected``; see :func:`skastro.utils.photometry.is_detected`.

    max_epochs : int, default=30
        Passes over the training objects.

    lr : float, default=6e-3
        Largest learning rate.

    batch_size : int or "all", default=64
        Objects per batch.

    optimizer : str or class, default="Adam"
        Name of a class in `torch.optim`, or the class.

    schedule : {"one_cycle", "cosine", "constant"} or callable, default="one_cycle"
        Course of the learning rate; a callable maps the finished part of the training, 0 to 1,
        to a factor of `lr`.

    validation : float, splitter or None, default=0.1
        Share of every class that is held out to choose the best epoch, or a scikit-learn
        splitter whose first split is taken (`PredefinedSplit` for a split of your own), or None.
        With `groups` in `fit`, whole groups are held out.

    patience : int, default=None
        Stop after this many epochs without a lower validation loss; None runs all epochs.  The
        weights of the best epoch are kept either way, if there is a validation.

    class_weight : "balanced", dict or None, default=None
        Weights of the classes in the loss.

    criterion : torch loss, class or instance, default=None
        A :class:`skastro.nn.Criterion`, or a torch loss that returns one loss per object;
        cross-entropy by default.  With a :class:`skastro.nn.HierarchicalCrossEntropy` the labels
        are nodes of its taxonomy, leaves or not, and the classes are its leaves.

    classes : array-like of str, default=None
        Labels that integers in `y` stand for, if the criterion has a taxonomy: ``np.unique(y)`` of
        the labels before another estimator encoded them, as ``VotingClassifier``,
        ``StackingClassifier``, ``CalibratedClassifierCV`` and
        ``cross_val_predict(method="predict_proba")`` do.

    static_scaler : scikit-learn transformer, default=None
        Scales the static columns one by one and ignores NaN; standardisation by default.

    unclassified : {"nan", "prior"}, default="nan"
        Prediction for objects that cannot be classified: NaN probabilities, the label
        "unclassified" and a warning; or the class priors of the training objects.

    callbacks : list of skorch callbacks, default=None
        Copies of them are called during `fit`.

    net_params : dict, default=None
        Further parameters of the skorch net, such as ``{"optimizer__weight_decay": 1e-3}``.

    device : str, default="auto"
        Torch device; "auto" takes CUDA, else MPS, else the CPU.

    warm_start : bool, default=False
        Continue from the last `fit` instead of starting over.

    on_interrupt : {"raise", "keep"}, default="raise"
        What Ctrl-C does: end `fit` with KeyboardInterrupt, or keep the finished epochs and warn.

    checkpoint : str or path, default=None
        File, or existing folder for one file per training, to which the state is written after
        each epoch.  The next `fit` with the same data and parameters resumes from it.

    verbose : int, default=0
        Show a progress bar if not 0.

    random_state : int, RandomState instance or None, default=None
        Source of randomness of the training and of Monte-Carlo dropout.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels, sorted; the leaves of `taxonomy_` if the criterion has a taxonomy.

    class_prior_ : ndarray of shape (n_classes,)
        Share of each class in the training part.

    taxonomy_ : Taxonomy
        The part of the taxonomy of `criterion` that training labels reach, if it has one.

    net_ : skorch net
        The trained net; ``net_.module_`` is the torch module.

    history_ : DataFrame
        One row per epoch: epoch, train_loss, valid_loss, valid_accuracy, lr, seconds.

    n_iter_, best_epoch_ : int
        Number of finished epochs; the epoch whose weights are kept, counted from 1.

    n_unusable_ : int
        Number of training objects that were left out.

    bands_ : list of str
        Bands of the training set, where the encoding depends on them.

    scale_ : LightCurveScale
        Scale of the static columns, and the median flux error of the training observations, which
        scales flux and error.

    n_features_in_, feature_names_in_ : int, ndarray of str
        Columns seen during `fit`.

    See Also
    --------
    skastro.recipes.make_oracle : The whole way from light curves to probabilities.
    skastro.nn.HierarchicalCrossEntropy : Loss for a tree of classes.

    Notes
    -----
    Unsorted light curves are sorted; X itself is not changed.  An object without observations
    gets NaN probabilities.

    References
    ----------
    .. [1] V. Shah et al., "ORACLE", arXiv:2501.01496.
    .. [2] A. Moller, T. de Boissiere, "SuperNNova", MNRAS 491, 4277 (2020), arXiv:1901.06384.

    Examples
    --------
    >>> from skastro.datasets import make_light_curves
    >>> from skastro.neural_network import RecurrentClassifier
    >>> X, y = make_light_curves(60, classes=["SNIa", "RRL"], random_state=0)
    >>> model = RecurrentClassifier(max_epochs=20, batch_size=16, random_state=0).fit(X, y)
    >>> model.score(X, y) > 0.8
    True
    >>> model.predict_proba_at(X, days=[2, 30]).shape
    (60, 2, 2)
    """

    _parameter_constraints = {
        **BaseNetClassifier._parameter_constraints,
        "static": ["array-like"],
        "module": [callable],
        "n_prefixes": [Interval(Integral, 0, None, closed="left")],
        "observation_dropout": [Interval(Real, 0, 1, closed="left")],
        "augment": [callable, None],
        "band_encoding": [StrOptions({"wavelength", "one-hot", "embedding"})],
        "reference_column": [str, None],
        "quality_column": [str],
        "column": [str],
    }

    def __init__(
        self,
        *,
        static: Sequence[str] = (),
        module: Callable = RecurrentNet,
        n_prefixes: int = 7,
        observation_dropout: float = 0.4,
        augment: Callable | None = None,
        band_encoding: str = "one-hot",
        survey: str | Survey = "LSST",
        reference_column: str | None = None,
        quality_column: str = "quality",
        column: str = "lightcurve",
        max_epochs: int = 30,
        lr: float = 6e-3,
        batch_size: int | str = 64,
        optimizer: str | type = "Adam",
        schedule: Any = "one_cycle",
        validation: Any = 0.1,
        patience: int | None = None,
        class_weight: str | dict | None = None,
        criterion: Any = None,
        classes: ArrayLike | None = None,
        static_scaler: Any = None,
        unclassified: str = "nan",
        callbacks: list | None = None,
        net_params: dict | None = None,
        device: str = "auto",
        warm_start: bool = False,
        on_interrupt: str = "raise",
        checkpoint: Any = None,
        verbose: int = 0,
        random_state: int | np.random.RandomState | None = None,
    ):
        super().__init__(
            max_epochs=max_epochs,
            lr=lr,
            batch_size=batch_size,
            optimizer=optimizer,
            schedule=schedule,
            validation=validation,
            patience=patience,
            class_weight=class_weight,
            criterion=criterion,
            classes=classes,
            static_scaler=static_scaler,
            unclassified=unclassified,
            callbacks=callbacks,
            net_params=net_params,
            device=device,
            warm_start=warm_start,
            on_interrupt=on_interrupt,
            checkpoint=checkpoint,
            verbose=verbose,
            random_state=random_state,
        )
        self.static = static
        self.module = module
        self.n_prefixes = n_prefixes
        self.observation_dropout = observation_dropout
        self.augment = augment
        self.band_encoding = band_encoding
        self.survey = survey
        self.reference_column = reference_column
        self.quality_column = quality_column
        self.column = column
