"""Transformer for light curves that predicts at any date and may start from an auto-encoder."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame
from numpy.typing import ArrayLike
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from skastro.neural_network._classifier import BaseNetClassifier
from skastro.neural_network._importance import gradient_times_input
from skastro.neural_network._light_curves import LightCurveNetClassifier, observation_cells
from skastro.nn import TransformerNet
from skastro.surveys import Survey
from skastro.utils.ragged import nest

_OBJECTS_AT_ONCE = 256


class TransformerClassifier(LightCurveNetClassifier):
    """Classify light curves, complete or cut at any date, with a transformer.

    Each observation is one token, at any time: nothing is binned, and padding is masked.  A
    prediction at a date does not depend on later observations.

    Parameters
    ----------
    static : sequence of str, default=()
        Numeric columns of `X` in addition to the light curve.  They are standardised; each gets
        an indicator of missing values (NaN).

    module : class, default=skastro.nn.TransformerNet
        Called with n_inputs, n_bands, n_static and n_outputs; returns a torch module with
        ``forward(observations, positions, lengths, static=None, bands=None)`` that returns
        logits.  Use `functools.partial` for other parameters.

    pretrained : TransformerAutoencoder, default=None
        The encoder starts from that of this auto-encoder, which is first trained on the objects
        of `fit`.  Inside a `sklearn.frozen.FrozenEstimator` it is used without further
        training; it was trained on other objects, with or without labels.  `column`, `survey`,
        `reference_column`, `band_encoding` and the sizes of the encoder must be the same in both.

    freeze_encoder : bool, default=False
        Whether to keep the weights of a pretrained encoder and train the rest.

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

    max_epochs : int, default=40
        Passes over the training objects.

    lr : float, default=5e-3
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
        Scale of the static columns, and that of flux and error: the median flux error of the
        training, or that of the auto-encoder.

    pretrained_ : TransformerAutoencoder
        The fitted auto-encoder, if there is one.

    n_features_in_, feature_names_in_ : int, ndarray of str
        Columns seen during `fit`.

    See Also
    --------
    RecurrentClassifier : The same with a recurrent network.
    TransformerAutoencoder : Learns from light curves without labels.

    Notes
    -----
    An object without observations is unclassified.

    References
    ----------
    .. [1] T. Allam Jr., J. D. McEwen, "Paying attention to astronomical transients",
       arXiv:2105.06178.

    Examples
    --------
    >>> from skastro.datasets import make_bazin
    >>> from skastro.neural_network import TransformerClassifier
    >>> X, y = make_bazin(120, random_state=0)
    >>> model = TransformerClassifier(max_epochs=10, batch_size=16, random_state=0).fit(X, y)
    >>> model.score(X, y) > 0.8
    True
    >>> model.predict_proba_at(X, days=[30, 60]).shape
    (120, 2, 4)
    """

    _parameter_constraints = {
        **BaseNetClassifier._parameter_constraints,
        "static": ["array-like"],
        "module": [callable],
        "pretrained": [HasMethods(["fit", "transform"]), None],
        "freeze_encoder": ["boolean"],
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
        module: Callable = TransformerNet,
        pretrained: Any = None,
        freeze_encoder: bool = False,
        n_prefixes: int = 7,
        observation_dropout: float = 0.4,
        augment: Callable | None = None,
        band_encoding: str = "one-hot",
        survey: str | Survey = "LSST",
        reference_column: str | None = None,
        quality_column: str = "quality",
        column: str = "lightcurve",
        max_epochs: int = 40,
        lr: float = 5e-3,
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
        self.pretrained = pretrained
        self.freeze_encoder = freeze_encoder
        self.n_prefixes = n_prefixes
        self.observation_dropout = observation_dropout
        self.augment = augment
        self.band_encoding = band_encoding
        self.survey = survey
        self.reference_column = reference_column
        self.quality_column = quality_column
        self.column = column

    def _read(self, X, *, reset):
        if reset and self.pretrained is not None:
            self._check_frame(X, reset)
            self._pretrain(X)
        return super()._read(X, reset=reset, lengths_too=True)

    def _pretrain(self, X):
        if isinstance(self.pretrained, FrozenEstimator):
            self.pretrained_ = self.pretrained.estimator
        else:
            self.pretrained_ = clone(self.pretrained).fit(X)
        for name in ("column", "survey", "reference_column", "band_encoding"):
            own, other = getattr(self, name), getattr(self.pretrained_, name)
            if own != other:
                raise ValueError(
                    f"{type(self).__name__}: {name}={own!r}, but the auto-encoder was trained "
                    f"with {name}={other!r}"
                )

    def _band_names(self, band, reset):
        if reset and self.pretrained is not None and self.band_encoding == "one-hot":
            self.bands_, reset = self.pretrained_.bands_, False
        return super()._band_names(band, reset)

    def _after_building(self):
        if self.pretrained is None:
            return
        # The encoder knows fluxes in the unit of its own training.
        self.scale_ = replace(self.scale_, flux=self.pretrained_.scale_.flux)
        encoder = self.net_.module_.encoder
        try:
            encoder.load_state_dict(self.pretrained_.net_.module_.encoder.state_dict())
        except RuntimeError as error:
            raise ValueError(
                f"{type(self).__name__}: the encoder of the auto-encoder has another shape: {error}"
            ) from None
        encoder.requires_grad_(not self.freeze_encoder)

    def observation_importance(self, X: Any) -> NestedFrame:
        """Return how much each observation contributes to the class of the light curve.

        The gradient of the logit of the most probable class with respect to the embedded
        observation, times that, summed and divided by the sum of the absolute values over the
        object: positive values support the class, negative ones contradict it.

        Parameters
        ----------
        X : NestedFrame of shape (n_objects, n_columns)
            Objects with their light curves.

        Returns
        -------
        frame : NestedFrame of shape (n_objects, 1)
            Nested column ``importance`` with the fields ``time``, ``band`` and ``importance``,
            sorted by time.

        References
        ----------
        .. [1] M. Denil, A. Demiraj, N. de Freitas, "Extraction of Salient Sentences from Labelled
           Documents", arXiv:1412.6815, for gradient times input.
        """
        source = self._open_in_memory(X)
        found = np.zeros(source.offsets[-1])
        for objects, share in self._outputs(source, self._importance):
            cells, real = observation_cells(source, objects, share.shape[1])
            found[cells] = share[real]
        names = pd.Categorical.from_codes(source.rows["band"], source.band_names)
        fields = {"time": source.rows["time"], "band": names, "importance": found}
        return NestedFrame(index=X.index).assign(importance=nest(source.offsets, fields, X.index))

    def _importance(self, inputs, objects):
        module = self.net_.module_.eval()
        # Gradients take a hundred times the memory of a prediction.
        parts = [
            {name: tensor[start : start + _OBJECTS_AT_ONCE] for name, tensor in inputs.items()}
            for start in range(0, len(objects), _OBJECTS_AT_ONCE)
        ]
        return np.concatenate(
            [gradient_times_input(module, part, self.net_.device) for part in parts]
        )
