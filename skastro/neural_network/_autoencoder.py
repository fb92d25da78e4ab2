"""Auto-encoder of light curves."""

from collections.abc import Callable, Sequence
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
import torch
from nested_pandas import NestedFrame
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin, _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skastro.exceptions import ObjectError
from skastro.neural_network._light_curves import LightCurveReader, known_band
from skastro.neural_network._net import ReconstructionNet
from skastro.neural_network._split import random_split
from skastro.neural_network._training import BaseNet
from skastro.neural_network.inputs import Reconstruction
from skastro.nn import LightCurveAutoencoderNet, SequenceLoss
from skastro.surveys import Survey, get_survey
from skastro.utils.ragged import nest, segment_ids


class TransformerAutoencoder(
    LightCurveReader, ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseNet
):
    """Learn short embeddings of light curves without labels.

    A transformer reads the observations, some of which are left out in training, and returns an
    embedding; a decoder predicts the flux at any date and in any band from it.  `transform`
    returns the embeddings, for any classifier; `reconstruct` and `decode` return fluxes in their
    unit.

    Parameters
    ----------
    module : class, default=skastro.nn.LightCurveAutoencoderNet
        Called with n_inputs, n_band_numbers and code_size.  Use `functools.partial` for other
        parameters, such as ``decoder="sequence"``, the teacher-forced decoder of the original
        code.

    code_size : int, default=16
        Length of the embedding.

    loss : {"mse", "msle", "huber", "mae", "log_cosh", "rmse"}, default="huber"
        Loss of the asinh of flux divided by its scale.

    use_errors : bool, default=True
        Whether to weight every value by its error.

    alpha : float, default=0.0
        Factor of the sparsity penalty of encoder and decoder; 0.3 in PELICAN [1]_.

    rho : float, default=1e-5
        Target of the mean absolute weight in the penalty.

    observation_dropout : float, default=0.4
        Largest share of the observations that the encoder does not see in training but the
        decoder must predict; 0 for plain reconstruction.

    band_encoding : {"wavelength", "one-hot"}, default="one-hot"
        How the band enters the network: as effective wavelength, which also works for bands that
        did not occur in the training set, or as indicator.

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

    lr : float, default=2e-3
        Largest learning rate.

    batch_size : int or "all", default=64
        Objects per batch.

    optimizer : str or class, default="Adam"
        Name of a class in `torch.optim`, or the class.

    schedule : {"one_cycle", "cosine", "constant"} or callable, default="one_cycle"
        Course of the learning rate; a callable maps the finished part of the training, 0 to 1,
        to a factor of `lr`.

    validation : float, splitter or None, default=0.1
        Share of the objects that is held out to choose the best epoch, or a scikit-learn
        splitter whose first split is taken, or None.

    patience : int, default=None
        Stop after this many epochs without a lower validation loss; None runs all epochs.  The
        weights of the best epoch are kept either way, if there is a validation.

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
    net_ : skorch net
        The trained net; ``net_.module_`` is the torch module.

    history_ : DataFrame
        One row per epoch: epoch, train_loss, valid_loss, lr, seconds.

    n_iter_, best_epoch_ : int
        Number of finished epochs; the epoch whose weights are kept, counted from 1.

    bands_ : list of str
        Bands of the training set, with ``band_encoding="one-hot"``.

    scale_ : LightCurveScale
        Its `flux` is the median flux error of the training observations.

    n_features_in_, feature_names_in_ : int, ndarray of str
        Columns seen during `fit`.

    See Also
    --------
    TransformerClassifier : Starts from the encoder with ``pretrained=``.

    References
    ----------
    .. [1] J. Pasquet et al., "PELICAN: deeP architecturE for the LIght Curve ANalysis",
       A&A 627, A21 (2019), arXiv:1901.01298.

    Examples
    --------
    >>> from skastro.datasets import make_bazin
    >>> from skastro.neural_network import TransformerAutoencoder
    >>> X, _ = make_bazin(60, random_state=0)
    >>> model = TransformerAutoencoder(max_epochs=2, random_state=0).fit(X)
    >>> model.transform(X).shape
    (60, 16)
    >>> model.decode(model.transform(X), days=[0, 30, 60], bands=["g", "r"]).shape
    (60, 3, 2)
    """

    _parameter_constraints = {
        **BaseNet._parameter_constraints,
        "module": [callable],
        "code_size": [Interval(Integral, 1, None, closed="left")],
        "use_errors": ["boolean"],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "rho": [Interval(Real, 0, 1, closed="neither")],
        "observation_dropout": [Interval(Real, 0, 1, closed="left")],
        "band_encoding": [StrOptions({"wavelength", "one-hot"})],
        "reference_column": [str, None],
        "quality_column": [str],
        "column": [str],
    }

    def __init__(
        self,
        *,
        module: Callable = LightCurveAutoencoderNet,
        code_size: int = 16,
        loss: str = "huber",
        use_errors: bool = True,
        alpha: float = 0.0,
        rho: float = 1e-5,
        observation_dropout: float = 0.4,
        band_encoding: str = "one-hot",
        survey: str | Survey = "LSST",
        reference_column: str | None = None,
        quality_column: str = "quality",
        column: str = "lightcurve",
        max_epochs: int = 30,
        lr: float = 2e-3,
        batch_size: int | str = 64,
        optimizer: str | type = "Adam",
        schedule: Any = "one_cycle",
        validation: Any = 0.1,
        patience: int | None = None,
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
            callbacks=callbacks,
            net_params=net_params,
            device=device,
            warm_start=warm_start,
            on_interrupt=on_interrupt,
            checkpoint=checkpoint,
            verbose=verbose,
            random_state=random_state,
        )
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
        self.quality_column = quality_column
        self.column = column

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Train the network on light curves.

        Parameters
        ----------
        X : NestedFrame of shape (n_objects, n_columns)
            Objects with their light curves; those without observations are ignored.

        y : ignored
            Present for API consistency.

        Returns
        -------
        self : object

        Raises
        ------
        ObjectError
            No object can be used.
        """
        source = self._read(X, reset=self._starts_anew())
        rows = np.flatnonzero(~source.unusable)
        if len(rows) == 0:
            raise ObjectError(f"{type(self).__name__}: no object has observations", X.index)
        rng = self._begin(source)
        train, valid = random_split(self.validation, rows, rng)
        self._fit_net(source, train, valid, rng)
        return self

    def transform(self, X: Any) -> NDArray[np.float32]:
        """Return the embeddings.

        Parameters
        ----------
        X : NestedFrame of shape (n_objects, n_columns)
            Objects with their light curves.

        Returns
        -------
        embeddings : ndarray of shape (n_objects, code_size), dtype float32
            NaN for objects without observations.
        """
        check_is_fitted(self)
        source = self._read(X, reset=False).scaled(self.scale_)
        embeddings = np.full((len(X), self.code_size), np.nan, np.float32)
        for objects, found in self._outputs(source, self._encode, truth=False):
            embeddings[objects] = found
        return embeddings

    def _encode(self, inputs, objects):
        module = self.net_.module_.eval()
        with torch.no_grad():
            inputs = {name: tensor.to(self.net_.device) for name, tensor in inputs.items()}
            return module.embed(**inputs).cpu().numpy()

    def reconstruct(self, X: Any) -> NestedFrame:
        """Return the reconstructed light curves, in the unit of the flux.

        Parameters
        ----------
        X : NestedFrame of shape (n_objects, n_columns)
            Objects with their light curves.

        Returns
        -------
        frame : NestedFrame of shape (n_objects, 1)
            The nested column with the fields time, band and flux, sorted by time.
        """
        embeddings = self.transform(X)
        curves = self._read(X, reset=False).light_curves
        ids = segment_ids(curves.offsets)
        days = curves.rows["time"] - curves.zero[ids]
        bands = curves.band_numbers[curves.rows["band"]]
        heights = self.net_.decode(embeddings[ids], days[:, None], bands[:, None])[:, 0]
        flux = self.scale_.flux * np.sinh(heights)
        names = np.array(curves.band_names, object)[curves.rows["band"]]
        rows = {"time": curves.rows["time"], "band": names, "flux": flux}
        return NestedFrame(index=X.index).assign(
            **{self.column: nest(curves.offsets, rows, X.index)}
        )

    def decode(self, codes: ArrayLike, days: ArrayLike, bands: Sequence[str]) -> NDArray:
        """Return the fluxes of embeddings at some dates in some bands.

        Parameters
        ----------
        codes : array-like of shape (n_objects, code_size)
            Embeddings, as from :meth:`transform`.
        days : array-like of shape (n_days,)
            Days after the reference date of each object.
        bands : sequence of str of length n_bands
            Bands.

        Returns
        -------
        flux : ndarray of shape (n_objects, n_days, n_bands), dtype float32

        Raises
        ------
        ValueError, KeyError
            Embeddings of another length; unknown bands.
        """
        check_is_fitted(self)
        codes = np.asarray(codes, np.float32)
        if codes.ndim != 2 or codes.shape[1] != self.code_size:
            raise ValueError(f"{type(self).__name__}: codes must have {self.code_size} columns")
        numbers = self._numbers_of_bands(bands)
        days = np.asarray(days, float)
        shape = len(codes), len(days), len(bands)
        queries = np.repeat(days, len(bands))
        queries = np.broadcast_to(queries, (len(codes), len(queries)))
        numbers = np.tile(numbers, (len(days), 1))
        numbers = np.broadcast_to(numbers, (*queries.shape, numbers.shape[1]))
        return (self.scale_.flux * np.sinh(self.net_.decode(codes, queries, numbers))).reshape(
            shape
        )

    def _numbers_of_bands(self, bands):
        survey = get_survey(self.survey)
        if self.band_encoding == "wavelength":
            return np.array([[survey.wavelength(band) / 1e4] for band in bands], np.float32)
        own = [band if band in self.bands_ else known_band(survey, band) for band in bands]
        unknown = sorted({str(band) for band, name in zip(bands, own) if name not in self.bands_})
        if unknown:
            raise ValueError(f"{type(self).__name__}: unknown bands {unknown}; known {self.bands_}")
        return np.eye(len(self.bands_), dtype=np.float32)[[self.bands_.index(b) for b in own]]

    def _read(self, X, *, reset):
        curves = self._read_light_curves(X, reset=reset, lengths_too=True)
        return Reconstruction(curves, self.use_errors)

    def _make_net(self, source, codes, weights):
        curves = source.light_curves
        options = {
            "module": self.module,
            "module__n_inputs": curves.n_inputs,
            "module__n_band_numbers": curves.band_numbers.shape[1],
            "module__code_size": self.code_size,
            "criterion": SequenceLoss,
            "criterion__kind": self.loss,
            "criterion__alpha": self.alpha,
            "criterion__rho": self.rho,
            **self._skorch_options(),
            "classes": [0],
        }
        return ReconstructionNet(**(options | (self.net_params or {})))

    def _record(self):
        super()._record()
        self.history_ = self.history_.drop(columns="valid_accuracy")

    @property
    def _n_features_out(self):
        return self.code_size
