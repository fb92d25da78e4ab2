"""Recurrent network for light curves, with an answer at any date."""

from numbers import Integral, Real

from sklearn.utils._param_validation import Interval, StrOptions

from skastro.neural_network._base import BaseNetClassifier
from skastro.neural_network._event_input import EventInputMixin
from skastro.nn import RecurrentNet


class RecurrentClassifier(EventInputMixin, BaseNetClassifier):
    """Classify light curves, complete or cut at any date, with a recurrent network.

    The network reads the observations in order of time, so that its answer at a date knows
    nothing of later ones.  In every epoch it answers at random dates of each object's own, so
    that one training serves every date.

    Parameters
    ----------
    static : sequence of str, default=()
        Numeric columns of `X` beside the light curve.  They are standardised; NaN is allowed and
        gets an indicator.

    module : class, default=skastro.nn.RecurrentNet
        Called with n_inputs, n_bands, n_static and n_outputs; gives a torch module with
        ``forward(observations, positions, static=None, bands=None)`` that returns logits.  Use
        `functools.partial` to give it other parameters.

    n_prefixes : int, default=7
        Random dates an object and epoch at which the loss is taken, besides the last
        observation; half of them are even in the number of observations, half in its logarithm.
        0 trains on complete light curves only.

    observation_dropout : float, default=0.4
        Largest part of the observations that is left out of a light curve in training, drawn for
        each object and epoch; never the first one.  It multiplies the training light curves.

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

    max_epochs : int, default=30
        Number of epochs.

    lr : float, default=6e-3
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

    history_ : DataFrame
        One row an epoch.

    best_epoch_, n_iter_ : int
        Epoch whose weights are kept; number of epochs run.

    bands_ : list of str
        Bands of the training, where the encoding needs them.

    static_scaling_ : object
        Learned scale of the static columns.

    flux_scale_ : float
        Median flux error of the training observations, which scales flux and error.

    n_features_in_, feature_names_in_ : int, ndarray of str
        Columns seen during `fit`.

    See Also
    --------
    skastro.recipes.make_oracle : The whole way from light curves to probabilities.
    skastro.nn.HierarchicalCrossEntropy : Loss for a tree of classes.

    Notes
    -----
    Unsorted light curves are sorted; X itself stays as it is.  An object without observations
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
        "band_encoding": [StrOptions({"wavelength", "one-hot", "embedding"})],
        "reference_column": [str, None],
        "quality": [str],
        "column": [str],
    }

    def __init__(
        self,
        *,
        static=(),
        module=RecurrentNet,
        n_prefixes=7,
        observation_dropout=0.4,
        band_encoding="one-hot",
        survey="LSST",
        reference_column=None,
        quality_column="quality",
        column="lightcurve",
        max_epochs=30,
        lr=6e-3,
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
        self.n_prefixes = n_prefixes
        self.observation_dropout = observation_dropout
        self.band_encoding = band_encoding
        self.survey = survey
        self.reference_column = reference_column
        self.quality_column = quality_column
        self.column = column

    def _module(self, source, n_outputs):
        return self.module, {
            "n_inputs": source.n_inputs,
            "n_bands": len(self.bands_) if self.band_encoding == "embedding" else 0,
            "n_static": 2 * source.static.shape[1],
            "n_outputs": n_outputs,
        }
