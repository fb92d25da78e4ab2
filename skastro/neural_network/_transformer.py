"""Transformer for light curves, with an answer at any date and a start from an auto-encoder."""

from numbers import Integral, Real

import numpy as np
import pandas as pd
import torch
from nested_pandas import NestedFrame
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skastro.neural_network._base import BaseNetClassifier
from skastro.neural_network._event_input import EventInputMixin
from skastro.nn import TransformerNet
from skastro.utils.ragged import flatten, nest

_OBJECTS_AT_ONCE = 256


class TransformerClassifier(EventInputMixin, BaseNetClassifier):
    """Classify light curves, complete or cut at any date, with a transformer.

    One token an observation, at whatever times these are: nothing is binned and nothing padded
    is seen.  An answer at a date knows nothing of later observations.

    Parameters
    ----------
    static : sequence of str, default=()
        Numeric columns of `X` beside the light curve.  They are standardised; NaN is allowed and
        gets an indicator.

    module : class, default=skastro.nn.TransformerNet
        Called with n_inputs, n_bands, n_static and n_outputs; gives a torch module with
        ``forward(observations, positions, lengths, static=None, bands=None)`` that returns
        logits.  Use `functools.partial` to give it other parameters.

    pretrained : TransformerAutoencoder, default=None
        The encoder starts from the one of this auto-encoder.  It is trained on the light curves
        of `fit` first; inside a `sklearn.frozen.FrozenEstimator` it is taken as it is, trained on
        other objects, which may have no labels.  `column`, `survey`, `reference_column`,
        `band_encoding` and the sizes of the encoder must be its own.

    freeze_encoder : bool, default=False
        Leave a pre-trained encoder as it is and train the rest.

    n_prefixes : int, default=7
        Random dates an object and epoch at which the loss is taken, besides the last
        observation; 0 trains on complete light curves only.

    observation_dropout : float, default=0.4
        Largest part of the observations that is left out of a light curve in training, drawn for
        each object and epoch; never the first one.

    band_encoding : {"wavelength", "one-hot", "embedding"}, default="one-hot"
        How the network is told the band: as effective wavelength, which needs `survey` and works
        for bands that did not occur in the training, as indicator, or as learned vector.

    survey : str or Survey, default="LSST"
        Gives the effective wavelengths of the bands.

    reference_column : str, default=None
        Column with the zero date of each object, from which its days count; NaN there and the
        default stand for the first observation.

    quality_column : str, default="quality"
        Column with the reasons of a MarkQuality; read if `X` has it.

    column : str, default="lightcurve"
        Nested column with the light curves: fields time [days], band, flux, flux_err, and
        ``detected``, without which S/N above 5 stands for it.

    max_epochs : int, default=40
        Number of epochs.

    lr : float, default=5e-3
        Largest learning rate.

    batch_size : int or "all", default=64
        Objects a batch.  Batches hold light curves of like lengths.

    optimizer : str or torch optimizer class, default="Adam"
        Name in `torch.optim`, or the class.

    schedule : {"one_cycle", "cosine", "constant"} or callable, default="one_cycle"
        Factor of the learning rate over the training.

    validation : float, splitter or None, default=0.1
        Part of the training objects that is held back, stratified by class, to choose the best
        epoch.

    patience : int, default=None
        Epochs without a better validation loss before the training stops.

    class_weight : "balanced", dict or None, default=None
        Weights of the classes in the loss.

    criterion : torch loss, class or instance, default=None
        Takes logits (n, n_classes) and class codes and returns one loss an object; cross entropy
        by default.  With a :class:`skastro.nn.HierarchicalCrossEntropy` the labels are nodes of
        its taxonomy, leaves or not, and the classes are its leaves.

    static_scaler : scikit-learn transformer, default=None
        Scales the static columns one by one; standardisation by default.

    callbacks : list of skorch callbacks, default=None
        Copies of them are called during `fit`.

    net_params : dict, default=None
        Further parameters of the skorch net.

    device : str, default="auto"
        ``"cpu"``, ``"cuda"``, ``"mps"``, or whichever there is.

    warm_start : bool, default=False
        Go on from the last `fit`.

    verbose : int, default=0
        Above 0, show a progress bar.

    random_state : int, RandomState instance or None, default=None
        Seed of weights, batches, prefixes, dropout and the validation split.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels, or the sorted leaves of the taxonomy of `criterion`.

    net_ : skorch net
        The trained net.

    pretrained_ : TransformerAutoencoder
        The fitted auto-encoder, if there is one.

    history_ : DataFrame
        One row an epoch.

    best_epoch_, n_iter_ : int
        Epoch whose weights are kept; number of epochs run.

    bands_ : list of str
        Bands of the training, where the encoding needs them.

    flux_scale_ : float
        Scale of flux and error, the median error of the training or that of the auto-encoder.

    n_features_in_, feature_names_in_ : int, ndarray of str
        Columns seen during `fit`.

    See Also
    --------
    RecurrentClassifier : The same with a recurrent network.
    TransformerAutoencoder : Learns from light curves without labels.

    Notes
    -----
    An object without observations gets NaN probabilities.

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
        "band_encoding": [StrOptions({"wavelength", "one-hot", "embedding"})],
        "reference_column": [str, None],
        "quality": [str],
        "column": [str],
    }

    def __init__(
        self,
        *,
        static=(),
        module=TransformerNet,
        pretrained=None,
        freeze_encoder=False,
        n_prefixes=7,
        observation_dropout=0.4,
        band_encoding="one-hot",
        survey="LSST",
        reference_column=None,
        quality_column="quality",
        column="lightcurve",
        max_epochs=40,
        lr=5e-3,
        batch_size=64,
        optimizer="Adam",
        schedule="one_cycle",
        validation=0.1,
        patience=None,
        class_weight=None,
        criterion=None,
        static_scaler=None,
        callbacks=None,
        net_params=None,
        device="auto",
        warm_start=False,
        verbose=0,
        random_state=None,
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
            static_scaler=static_scaler,
            callbacks=callbacks,
            net_params=net_params,
            device=device,
            warm_start=warm_start,
            verbose=verbose,
            random_state=random_state,
        )
        self.static = static
        self.module = module
        self.pretrained = pretrained
        self.freeze_encoder = freeze_encoder
        self.n_prefixes = n_prefixes
        self.observation_dropout = observation_dropout
        self.band_encoding = band_encoding
        self.survey = survey
        self.reference_column = reference_column
        self.quality_column = quality_column
        self.column = column

    def _validate(self, X, y=None, *, reset):
        if reset and self.pretrained is not None:
            self._check_frame(X, reset)
            self._pretrain(X)
        source, y = super()._validate(X, y, reset=reset)
        source.tell_lengths = True
        return source, y

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

    def _encode(self, band, reset):
        if reset and self.pretrained is not None and self.band_encoding == "one-hot":
            self.bands_, reset = self.pretrained_.bands_, False
        return super()._encode(band, reset)

    def _make_net(self, source, rows, codes, weights):
        super()._make_net(source, rows, codes, weights)
        if self.pretrained is None:
            return
        self.flux_scale_ = self.pretrained_.flux_scale_
        encoder = self.net_.module_.encoder
        try:
            encoder.load_state_dict(self.pretrained_.net_.module_.encoder.state_dict())
        except RuntimeError as error:
            raise ValueError(
                f"{type(self).__name__}: the encoder of the auto-encoder has another shape: {error}"
            ) from None
        encoder.requires_grad_(not self.freeze_encoder)

    def _module(self, source, n_outputs):
        return self.module, {
            "n_inputs": source.n_inputs,
            "n_bands": len(self.bands_) if self.band_encoding == "embedding" else 0,
            "n_static": 2 * source.static.shape[1],
            "n_outputs": n_outputs,
        }

    def observation_importance(self, X):
        """Return how much each observation speaks for the answer to the complete light curve.

        The gradient of the logit of the most probable class with respect to the embedded
        observation, times that, summed and divided by the sum of the absolute values over the
        object: positive observations speak for the answer, negative ones against it.

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
        check_is_fitted(self)
        source, _ = self._validate(X, reset=False)
        source = self._scaled(source)
        module, found = self.net_.module_.eval(), np.zeros(source.offsets[-1])
        rows = np.flatnonzero(~source.unusable)
        rows = rows[np.argsort(source.lengths[rows], kind="stable")]
        for start in range(0, len(rows), _OBJECTS_AT_ONCE):
            objects = rows[start : start + _OBJECTS_AT_ONCE]
            share = _gradient_times_input(module, source.take(objects, "predict"), self.net_.device)
            number = np.arange(share.shape[1])
            real = number < source.lengths[objects][:, None]
            found[(source.offsets[objects][:, None] + number)[real]] = share[real]
        names = pd.Categorical.from_codes(source.rows["band"], self._importance_bands(X))
        fields = {"time": source.rows["time"], "band": names, "importance": found}
        return NestedFrame(index=X.index).assign(importance=nest(source.offsets, fields, X.index))

    def _importance_bands(self, X):
        if self.band_encoding == "wavelength":
            return flatten(X[self.column], ["band"])[1]["band"].categories
        return self.bands_


def _gradient_times_input(module, batch, device):
    """Shares of the observations in the largest logit, of shape (n_objects, n_observations)."""
    kept = []

    def keep(layer, inputs, output):
        kept.append(output)
        output.retain_grad()

    handle = module.encoder.embedding.register_forward_hook(keep)
    try:
        logits = module(**{name: tensor.to(device) for name, tensor in batch.items()})[:, -1]
    finally:
        handle.remove()
    best = logits if logits.shape[1] == 1 else logits.amax(dim=1)
    sign = torch.where(best < 0, -1.0, 1.0) if logits.shape[1] == 1 else 1.0
    module.zero_grad()
    (best * sign).sum().backward()
    share = (kept[0] * kept[0].grad).sum(dim=2).detach()
    real = torch.arange(share.shape[1]) < batch["lengths"][:, None]
    share = share.cpu() * real
    return (share / share.abs().sum(dim=1, keepdim=True).clamp_min(1e-30)).numpy()
