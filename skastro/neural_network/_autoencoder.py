"""Auto-encoder of light curves."""

from numbers import Integral, Real

import numpy as np
import torch
from nested_pandas import NestedFrame
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted
from skorch.callbacks import EarlyStopping

from skastro.exceptions import ObjectError
from skastro.neural_network._callbacks import SCHEDULES, FiniteLoss, LearningRate, Progress
from skastro.neural_network._data import BatchDataset, BatchIterator
from skastro.neural_network._event_input import EventReaderMixin
from skastro.neural_network._net import history_table, resolve_device, seeded, train
from skastro.neural_network._reconstruction import Reconstruction, ReconstructionNet
from skastro.nn import LightCurveAutoencoderNet, SequenceLoss
from skastro.surveys import get_survey
from skastro.utils.ragged import flatten, nest, segment_ids

_LARGEST_HEIGHT = 80.0


class TransformerAutoencoder(
    EventReaderMixin, ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator
):
    """Learn short codes of light curves from light curves alone, without labels.

    A transformer reads the observations, some of which training leaves out, and makes a code; a
    decoder gives the flux at any date and band from it, in one pass.  `transform` gives the codes
    to any classifier; `reconstruct` and `decode` give fluxes back in their unit.

    Parameters
    ----------
    module : class, default=skastro.nn.LightCurveAutoencoderNet
        Called with n_inputs, n_band_numbers and code_size.  Use `functools.partial` to give it
        other parameters, such as ``decoder="sequence"``, the teacher-forced decoder of the seed.

    code_size : int, default=16
        Length of the code.

    loss : {"mse", "msle", "huber", "mae", "log_cosh", "rmse"}, default="huber"
        Error of the asinh of flux over its scale.

    use_errors : bool, default=True
        Weight every value by its error.

    alpha : float, default=0.0
        Factor of the penalty of sparsity of encoder and decoder; PELICAN: 0.3.

    rho : float, default=1e-5
        Mean absolute weight that the penalty wants.

    observation_dropout : float, default=0.4
        Largest part of the observations that the encoder does not see in training but the decoder
        must give; 0 for plain reconstruction.

    band_encoding : {"wavelength", "one-hot"}, default="one-hot"
        How the network is told the band: as effective wavelength, which needs `survey` and works
        for bands that did not occur in the training, or as indicator.

    survey : str or Survey, default="LSST"
        Gives the effective wavelengths of the bands.

    reference_column : str, default=None
        Column with the zero date of each object, from which its days count; NaN there and the
        default stand for the first observation.

    column : str, default="lightcurve"
        Nested column with the light curves: fields time [days], band, flux, flux_err, and
        ``detected``, without which S/N above 5 stands for it.

    max_epochs : int, default=30
        Number of epochs.

    lr : float, default=2e-3
        Largest learning rate.

    batch_size : int, default=64
        Objects a batch.  Batches hold light curves of like lengths.

    schedule : {"one_cycle", "cosine", "constant"} or callable, default="one_cycle"
        Factor of the learning rate over the training.

    validation : float, default=0.1
        Part of the objects that is held back to choose the best epoch.

    device : str, default="auto"
        ``"cpu"``, ``"cuda"``, ``"mps"``, or whichever there is.

    verbose : int, default=0
        Above 0, show a progress bar.

    random_state : int, RandomState instance or None, default=None
        Seed of weights, batches, left-out observations and the validation split.

    Attributes
    ----------
    net_ : skorch net
        The trained net.

    history_ : DataFrame
        One row an epoch.

    bands_ : list of str
        Bands of the training, with ``band_encoding="one-hot"``.

    flux_scale_ : float
        Median flux error of the training observations.

    n_features_in_, feature_names_in_ : int, ndarray of str
        Columns seen during `fit`.

    See Also
    --------
    TransformerClassifier : Starts from the encoder with ``pretrained=``.

    Notes
    -----
    An object without observations gets a code of NaN.

    References
    ----------
    .. [1] J. Pasquet et al., "PELICAN: deeP architecturE for the LIght Curve ANalysis",
       A&A 627, A21 (2019), arXiv:1901.01298.

    Examples
    --------
    >>> from skastro.datasets import make_bazin
    >>> from skastro.neural_network import TransformerAutoencoder
    >>> X, y = make_bazin(60, random_state=0)
    >>> model = TransformerAutoencoder(max_epochs=2, random_state=0).fit(X)
    >>> model.transform(X).shape
    (60, 16)
    >>> model.decode(model.transform(X), days=[0, 30, 60], bands=["g", "r"]).shape
    (60, 3, 2)
    """

    static = ()
    n_prefixes = 0
    quality_column = "quality"

    _parameter_constraints = {
        "module": [callable],
        "code_size": [Interval(Integral, 1, None, closed="left")],
        "use_errors": ["boolean"],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "rho": [Interval(Real, 0, 1, closed="neither")],
        "observation_dropout": [Interval(Real, 0, 1, closed="left")],
        "band_encoding": [StrOptions({"wavelength", "one-hot"})],
        "reference_column": [str, None],
        "column": [str],
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "schedule": [StrOptions(set(SCHEDULES)), callable],
        "validation": [Interval(Real, 0, 1, closed="left")],
        "device": [str],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        module=LightCurveAutoencoderNet,
        code_size=16,
        loss="huber",
        use_errors=True,
        alpha=0.0,
        rho=1e-5,
        observation_dropout=0.4,
        band_encoding="one-hot",
        survey="LSST",
        reference_column=None,
        column="lightcurve",
        max_epochs=30,
        lr=2e-3,
        batch_size=64,
        schedule="one_cycle",
        validation=0.1,
        device="auto",
        verbose=0,
        random_state=None,
    ):
        self.module = module
        self.code_size = code_size
        self.loss = loss
        self.use_errors = use_errors
        self.alpha = alpha
        self.rho = rho
        self.observation_dropout = observation_dropout
        self.band_encoding = band_encoding
        self.survey = survey
        self.reference_column = reference_column
        self.column = column
        self.max_epochs = max_epochs
        self.lr = lr
        self.batch_size = batch_size
        self.schedule = schedule
        self.validation = validation
        self.device = device
        self.verbose = verbose
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None):
        """Train the network on light curves.

        Parameters
        ----------
        X : NestedFrame of shape (n_objects, n_columns)
            Objects with their light curves; those without observations take no part.

        y : ignored
            Present for the interface.

        Returns
        -------
        self : object

        Raises
        ------
        ObjectError
            No object can be used, or observations are not finite.
        """
        events = self._events(X, reset=True)
        rows = np.flatnonzero(~events.unusable)
        if len(rows) == 0:
            raise ObjectError(f"{type(self).__name__}: no object has observations", X.index)
        rng = check_random_state(self.random_state)
        rows = rng.permutation(rows)
        held, used = np.split(rows, [int(self.validation * len(rows))])
        with seeded(rng):
            self._make_net(events, used)
            data = Reconstruction(events.prepare(**self._learned()), self.use_errors)
            train_set = BatchDataset(data, used, purpose="train")
            valid_set = self._valid_set(data, held)
            self._train(train_set, valid_set)
        return self

    def transform(self, X):
        """Return the codes.

        Parameters
        ----------
        X : NestedFrame of shape (n_objects, n_columns)
            Objects with their light curves.

        Returns
        -------
        codes : ndarray of shape (n_objects, code_size), dtype float32
            NaN for objects without observations.
        """
        check_is_fitted(self)
        events = self._events(X, reset=False).prepare(**self._learned())
        data = Reconstruction(events)
        rows = np.flatnonzero(~events.unusable)
        rows = rows[np.argsort(events.lengths[rows], kind="stable")]
        codes = np.full((len(X), self.code_size), np.nan, np.float32)
        module = self.net_.module_.eval()
        start = 0
        with torch.no_grad(), self.net_.threads("encode") as threads:
            for batch, _ in BatchIterator(BatchDataset(data, rows, purpose="encode"), 512):
                inputs = {name: tensor.to(self.net_.device) for name, tensor in batch.items()}
                stop = start + len(batch["lengths"])
                with threads.step():
                    codes[rows[start:stop]] = module.embed(**inputs).cpu().numpy()
                start = stop
        return codes

    def reconstruct(self, X):
        """Return the light curves as the network gives them back, in the unit of the flux.

        Parameters
        ----------
        X : NestedFrame of shape (n_objects, n_columns)
            Objects with their light curves.

        Returns
        -------
        frame : NestedFrame of shape (n_objects, 1)
            The nested column with the fields time, band and flux, sorted by time.
        """
        codes = self.transform(X)
        events = self._events(X, reset=False)
        ids = segment_ids(events.offsets)
        days = events.rows["time"] - events.zero[ids]
        bands = events.band_numbers[events.rows["band"]]
        flux = self._flux(codes[ids], days[:, None], bands[:, None])[:, 0]
        names = np.array(self._band_names(X), object)
        rows = {"time": events.rows["time"], "band": names[events.rows["band"]], "flux": flux}
        return NestedFrame(index=X.index).assign(
            **{self.column: nest(events.offsets, rows, X.index)}
        )

    def decode(self, codes, days, bands):
        """Return the fluxes of codes at some dates in some bands.

        Parameters
        ----------
        codes : array-like of shape (n_objects, code_size)
            As from :meth:`transform`.

        days : array-like of shape (n_days,)
            Days after the zero date of each object.

        bands : sequence of str
            Bands, n_bands of them.

        Returns
        -------
        flux : ndarray of shape (n_objects, n_days, n_bands), dtype float32

        Raises
        ------
        ValueError, KeyError
            Codes of another length; bands that are unknown.
        """
        check_is_fitted(self)
        codes = np.asarray(codes, np.float32)
        if codes.ndim != 2 or codes.shape[1] != self.code_size:
            raise ValueError(f"{type(self).__name__}: codes must have {self.code_size} columns")
        numbers = self._numbers_of_bands(bands)
        shape = len(codes), len(days), len(bands)
        queries = np.repeat(np.asarray(days, float), len(bands))
        queries = np.broadcast_to(queries, (len(codes), len(queries)))
        numbers = np.tile(numbers, (len(days), 1))
        numbers = np.broadcast_to(numbers, (*queries.shape, numbers.shape[1]))
        return self._flux(codes, queries, numbers).reshape(shape)

    def _flux(self, codes, days, bands):
        """Fluxes of shape (n, n_queries), from days of that shape."""
        flux = np.empty(days.shape, np.float32)
        decoder, step = self.net_.module_.decoder, max(1, 2**18 // max(days.shape[1], 1))
        decoder.eval()
        with torch.no_grad(), self.net_.threads("decode") as threads:
            for start in range(0, len(days), step):
                part = slice(start, start + step)
                inputs = (
                    torch.from_numpy(np.array(values[part], np.float32)).to(self.net_.device)
                    for values in (codes, days, bands)
                )
                with threads.step():
                    heights = decoder(*inputs).double().cpu().numpy()
                heights = np.clip(heights, -_LARGEST_HEIGHT, _LARGEST_HEIGHT)
                flux[part] = self.flux_scale_ * np.sinh(heights)
        return flux

    def _numbers_of_bands(self, bands):
        if self.band_encoding == "wavelength":
            survey = get_survey(self.survey)
            return np.array([[survey.wavelength(band) / 1e4] for band in bands], np.float32)
        strange = sorted(set(bands) - set(self.bands_))
        if strange:
            raise ValueError(f"{type(self).__name__}: unknown bands {strange}; known {self.bands_}")
        return np.eye(len(self.bands_), dtype=np.float32)[[self.bands_.index(b) for b in bands]]

    def _band_names(self, X):
        if self.band_encoding == "one-hot":
            return self.bands_
        return flatten(X[self.column], ["band"])[1]["band"].categories

    def _events(self, X, *, reset):
        self._check_frame(X, reset)
        events, _ = self._validate(X, np.zeros(len(X), int) if reset else None, reset=reset)
        events.tell_lengths = True
        return events

    def _learned(self):
        return {"static_scaling": self.static_scaling_, "flux_scale": self.flux_scale_}

    def _make_net(self, events, rows):
        """Learn the scale and build the untrained net."""
        for name, value in events.learn(rows).items():
            setattr(self, f"{name}_", value)
        self._n_features_out = self.code_size
        self.net_ = ReconstructionNet(
            self.module,
            module__n_inputs=events.n_inputs,
            module__n_band_numbers=events.band_numbers.shape[1],
            module__code_size=self.code_size,
            criterion=SequenceLoss,
            criterion__kind=self.loss,
            criterion__alpha=self.alpha,
            criterion__rho=self.rho,
            optimizer=torch.optim.Adam,
            lr=self.lr,
            iterator_valid__batch_size=max(512, self.batch_size),
            classes=[0],
            device=resolve_device(self.device),
            verbose=0,
        ).initialize()

    def _valid_set(self, data, rows):
        if len(rows) == 0:
            return None
        rows = rows[np.argsort(data.lengths[rows], kind="stable")]
        return BatchDataset(data, rows, purpose="valid")

    def _train(self, train_set, valid_set):
        schedule = self.schedule if callable(self.schedule) else SCHEDULES[self.schedule]
        callbacks = [LearningRate(schedule), FiniteLoss(type(self).__name__)]
        if valid_set is not None:
            patience = self.max_epochs + 1
            callbacks.append(
                EarlyStopping("valid_loss", patience, threshold=0, load_best=True, sink=_silent)
            )
        if self.verbose:
            callbacks.append(Progress())
        options = {"n_epochs": self.max_epochs, "lr": self.lr, "batch_size": self.batch_size}
        train(self.net_, train_set, valid_set, callbacks=callbacks, **options)
        self.history_ = history_table(self.net_).drop(columns="valid_accuracy")


def _silent(*_):
    """Say nothing."""
