"""Light curves: observations as rows of numbers, one gather per batch."""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray

from skastro.augmentation import Curves
from skastro.neural_network.inputs._keys import mix, value_keys
from skastro.neural_network.inputs._static import StaticScaling
from skastro.nn import DAYS_SCALE, HEIGHT_SCALE, ObservationFeature
from skastro.utils.ragged import (
    keep_rows,
    row_numbers,
    segment_first,
    segment_ids,
    segment_reduce,
    sort_rows,
    take_objects,
)

_FIELDS = ("time", "flux", "flux_err", "detected")


@dataclass(frozen=True)
class LightCurveScale:
    """Scale that light curves learn from the training objects.

    Parameters
    ----------
    static : StaticScaling
        Scale of the static columns.

    flux : float
        Median flux error of the training observations, which scales flux and error.

    Examples
    --------
    >>> from skastro.neural_network.inputs import LightCurveScale, StaticScaling
    >>> LightCurveScale(StaticScaling(), flux=2.0).flux
    2.0
    """

    static: StaticScaling
    flux: float


class LightCurves:
    """Light curves as named tensors.

    Every observation becomes the numbers of :func:`describe` and the number of its band.  Nothing
    about an observation depends on a later one.

    Parameters
    ----------
    offsets : ndarray of shape (n_objects + 1,)
        As from :func:`skastro.utils.ragged.flatten`.

    rows : dict of str -> array of shape (n_rows,)
        Fields time [days], flux, flux_err, detected (bool) and band (numbers).

    static : ndarray of shape (n_objects, n_static)
        Static columns, float64; NaN where missing.

    band_numbers : ndarray of shape (n_bands, n_numbers)
        Numbers that describe each band, in addition to those of the observation; may have no
        columns.

    zero : ndarray of shape (n_objects,)
        Reference date of each object [days]; NaN stands for its first observation.

    reasons : ndarray of str of shape (n_objects,), default=None
        Why an object cannot be used; objects without observations get a reason of their own.

    n_prefixes : int, default=0
        Positions per object at which training and validation predict, in addition to the last.

    dropout : float, default=0
        Largest share of the observations that a training sample leaves out, drawn per object.

    band_names : sequence of str, default=()
        Name of each band.

    lengths_too : bool, default=False
        Whether batches hold the lengths, for networks that mask the padding.

    static_scaler : scikit-learn transformer, default=None
        Scales the static columns; standardisation by default.

    augment : callable, default=None
        Changes the light curves of a training sample: maps
        :class:`skastro.augmentation.Curves` and a NumPy Generator to Curves of the same objects.

    static_names : sequence of str, default=()
        Name of each static column, for `augment`.

    wavelengths : ndarray of shape (n_bands,), default=None
        Effective wavelength of each band [Angstrom], for `augment`; NaN where unknown.

    Attributes
    ----------
    lengths : ndarray of int of shape (n_objects,)
        Number of observations.

    scale : LightCurveScale or None
        Result of :meth:`learn`.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.neural_network.inputs import LightCurves
    >>> rows = {"time": [0.0, 5.0, 9.0], "flux": [1.0, 8.0, 2.0], "flux_err": [1.0, 1.0, 1.0],
    ...         "detected": [False, True, False], "band": [0, 1, 0]}
    >>> rows = {name: np.array(values) for name, values in rows.items()}
    >>> source = LightCurves(np.array([0, 2, 3]), rows, np.zeros((2, 0)),
    ...                      np.eye(2), np.full(2, np.nan))
    >>> batch = source.learn(np.arange(2)).take(np.array([0, 1]), at="every")
    >>> {name: tuple(tensor.shape) for name, tensor in batch.items()}
    {'observations': (2, 2, 12), 'bands': (2, 2), 'positions': (2, 2)}
    """

    def __init__(
        self,
        offsets: NDArray[np.int64],
        rows: Mapping[str, NDArray],
        static: NDArray,
        band_numbers: NDArray,
        zero: NDArray,
        *,
        reasons: NDArray | None = None,
        n_prefixes: int = 0,
        dropout: float = 0.0,
        band_names: Sequence[str] = (),
        lengths_too: bool = False,
        static_scaler: Any = None,
        augment: Callable | None = None,
        static_names: Sequence[str] = (),
        wavelengths: NDArray | None = None,
    ):
        self.offsets = offsets
        self.rows = sort_rows(offsets, dict(rows))
        self.static = self._static_inputs = static
        self.band_numbers = band_numbers.astype(np.float32)
        self.zero = np.where(np.isnan(zero), segment_first(offsets, self.rows["time"]), zero)
        self.n_prefixes = n_prefixes
        self.dropout = dropout
        self.band_names = list(band_names)
        self.lengths_too = lengths_too
        self.static_scaler = static_scaler
        self.augment = augment
        self.static_names = list(static_names)
        self.wavelengths = wavelengths
        self.scale: LightCurveScale | None = None
        self.lengths = np.diff(offsets)
        self.reasons = np.full(len(self), "", object) if reasons is None else reasons.copy()
        self.reasons[(self.reasons == "") & (self.lengths == 0)] = "no observations"

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def unusable(self) -> NDArray[np.bool_]:
        """Return the mask of the objects that cannot be used."""
        return self.reasons != ""

    @property
    def n_inputs(self) -> int:
        """Number of features of one observation."""
        return len(ObservationFeature) + self.band_numbers.shape[1]

    @property
    def n_static(self) -> int:
        """Number of static inputs: the columns and their indicators of missing values."""
        return 2 * self.static.shape[1]

    def with_objects(
        self, offsets: NDArray, rows: Mapping[str, NDArray], static: NDArray, zero: NDArray
    ) -> Self:
        """Return usable objects with the same bands and options, not scaled; rows are sorted."""
        other = copy.copy(self)
        other.offsets, other.rows, other.zero = offsets, dict(rows), zero
        other.static = other._static_inputs = static
        other.scale, other.lengths = None, np.diff(offsets)
        other.reasons = np.full(len(other), "", object)
        return other

    def learn(self, rows: NDArray[np.int64]) -> Self:
        """Return the light curves scaled to some of the objects, the training objects."""
        _, taken = take_objects(self.offsets, {"error": self.rows["flux_err"]}, rows)
        flux = float(np.median(taken["error"])) if len(taken["error"]) else 1.0
        static = StaticScaling(self.static_scaler).fit(self.static[rows])
        return self.scaled(LightCurveScale(static, flux))

    def scaled(self, scale: LightCurveScale) -> Self:
        """Return the light curves with the scale that another source learned."""
        other = copy.copy(self)
        other.scale = scale
        other._static_inputs = scale.static.transform(self.static)
        return other

    def keys(self, rows: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Return one number per object that depends on its content alone."""
        offsets, taken = take_objects(self.offsets, self.rows, rows)
        days = _days(offsets, taken, self.zero[rows])
        fields = [days, *(taken[name] for name in _FIELDS[1:])]
        table = np.column_stack([*fields, taken["band"], self.band_numbers[taken["band"]]])
        total = segment_reduce(offsets, mix(value_keys(table)), np.add, empty=0)
        return total.astype(np.uint64) + value_keys(self.static[rows])

    def take(
        self,
        rows: NDArray[np.int64],
        *,
        generator: torch.Generator | None = None,
        at: str | NDArray = "end",
    ) -> dict[str, torch.Tensor]:
        """Return the tensors of some objects by name, with the positions of the predictions.

        Parameters
        ----------
        rows : ndarray of int of shape (n,)
            Object numbers.

        generator : torch.Generator, default=None
            Makes a training sample: some observations are left out, and the positions are
            `n_prefixes` random ones and the last.

        at : {"end", "every", "halves"} or ndarray of shape (n_days,), default="end"
            Predict after the last observation; after every one; after the last and a half, a
            quarter, ... of them, `n_prefixes` in number; or at some days after the reference
            date, from the observations up to that day.

        Returns
        -------
        batch : dict of str -> Tensor
            ``observations`` (n, n_observations, n_inputs), ``bands`` (n, n_observations),
            ``positions`` (n, n_positions), the number of the observation after which to predict,
            -1 where there is none; ``lengths`` and ``static`` if there are any.
        """
        offsets, taken = take_objects(self.offsets, self.rows, rows)
        static, zero = self._static_inputs[rows], self.zero[rows]
        if generator is not None and self.augment is not None:
            offsets, taken, static, zero = self._augmented(offsets, taken, rows, generator)
        if generator is not None and self.dropout:
            kept = _random_rows(offsets, self.dropout, generator)
            offsets, taken = keep_rows(offsets, taken, kept)
        lengths = np.diff(offsets)
        padded = _pad(offsets, taken | {"time": _days(offsets, taken, zero)})
        numbers = describe(padded, 1.0 if self.scale is None else self.scale.flux)
        numbers = np.concatenate([numbers, self.band_numbers[padded["band"]]], axis=2)
        batch = {
            "observations": torch.from_numpy(numbers),
            "bands": torch.from_numpy(padded["band"].astype(np.int64)),
            "positions": self._positions(padded["time"], lengths, generator, at),
        }
        if self.lengths_too:
            batch["lengths"] = torch.from_numpy(lengths)
        if self.static.shape[1]:
            batch["static"] = torch.from_numpy(static)
        return batch

    def _augmented(self, offsets, taken, rows, generator):
        """Change a training sample; the zero date moves with the first detection."""
        seed = torch.randint(2**62, (1,), generator=generator).item()
        static = dict(zip(self.static_names, self.static[rows].T))
        band = {"wavelength": self.wavelengths[taken["band"]]}
        curves = Curves(offsets, taken | band, static)
        changed = self.augment(curves, np.random.default_rng(seed))
        moved = _first_detection(changed) - _first_detection(curves)
        zero = self.zero[rows] + np.nan_to_num(moved)
        new = {name: values for name, values in changed.rows.items() if name != "wavelength"}
        if not static:
            return changed.offsets, new, self._static_inputs[rows], zero
        values = np.column_stack([changed.static[name] for name in self.static_names])
        inputs = values if self.scale is None else self.scale.static.transform(values)
        return changed.offsets, new, inputs, zero

    def _positions(self, days, lengths, generator, at):
        """Observations after which to predict, (n_objects, n_positions); -1 for none."""
        last = torch.from_numpy(lengths - 1)[:, None]
        if generator is not None and self.n_prefixes:
            return torch.cat([_random_prefixes(last, self.n_prefixes, generator), last], dim=1)
        if not isinstance(at, str):
            # In float32, as the dates are, or an observation at that date would not count.
            return _at_days(days, lengths, np.asarray(at, np.float32))
        if at == "every":
            number = np.arange(days.shape[1])
            return torch.from_numpy(np.where(number < lengths[:, None], number, -1))
        if at == "halves" and self.n_prefixes:
            shares = 0.5 ** torch.arange(self.n_prefixes, 0, -1)
            return torch.cat([(last * shares).long(), last], dim=1)
        return last


def _days(offsets, rows, zero):
    # Subtract first: float32 resolves an MJD to 0.004 days only.
    return (rows["time"] - np.repeat(zero, np.diff(offsets))).astype(np.float32)


def _first_detection(curves):
    return segment_first(curves.offsets, curves.rows["time"], curves.rows["detected"])


def _pad(offsets, rows):
    """Fields as arrays of shape (n_objects, n_observations), 0 after the end of an object."""
    cell = segment_ids(offsets), row_numbers(offsets)
    shape = len(offsets) - 1, int(np.diff(offsets).max())
    padded = {name: np.zeros(shape, values.dtype) for name, values in rows.items()}
    for name, values in rows.items():
        padded[name][cell] = values
    return padded


def _at_days(days, lengths, at):
    real = np.arange(days.shape[1]) < lengths[:, None]
    seen = days[:, :, None] <= at
    return torch.from_numpy((seen & real[:, :, None]).sum(axis=1) - 1)


def _random_prefixes(last, n_prefixes, generator):
    """Draw positions 0..last: half of them uniform in number, half uniform in its logarithm."""
    shares = torch.rand(len(last), n_prefixes, generator=generator)
    even = shares * (last + 1)
    jitter = torch.rand(shares.shape, generator=generator)
    small = torch.exp(shares * torch.log(last + 1.0)) - 1 + jitter
    use_small = torch.arange(n_prefixes) % 2 == 0
    return torch.minimum(torch.where(use_small, small, even).long(), last)


def _random_rows(offsets, dropout, generator):
    """Draw the rows to keep: each object loses a random share of at most `dropout`.

    The first observation stays, so that the start of the light curve is never lost.
    """
    lengths = np.diff(offsets)
    part = dropout * torch.rand(len(lengths), generator=generator).numpy()
    keep = torch.rand(int(offsets[-1]), generator=generator).numpy() >= np.repeat(part, lengths)
    keep[offsets[:-1][lengths > 0]] = True
    return keep


def describe(padded: Mapping[str, NDArray], flux_scale: float) -> NDArray[np.float32]:
    """Return features of observations of order 1, each from itself and earlier ones.

    Parameters
    ----------
    padded : dict of str -> ndarray of shape (n_objects, n_observations)
        time [days after the reference date], flux, flux_err, detected; sorted by time.

    flux_scale : float
        Flux and error are divided by it.

    Returns
    -------
    numbers : ndarray of shape (n_objects, n_observations, 10), dtype float32
        One column per :class:`skastro.nn.ObservationFeature`.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.neural_network.inputs._light_curves import describe
    >>> padded = {"time": np.array([[0.0, 100.0]]), "flux": np.array([[1.0, 5.0]]),
    ...           "flux_err": np.ones((1, 2)), "detected": np.array([[False, True]])}
    >>> describe(padded, 1.0)[0, :, 0].tolist()
    [0.0, 1.0]
    """
    time = padded["time"].astype(np.float32)
    flux = padded["flux"].astype(np.float32)
    # Padding has an error of 0.
    error = np.maximum(padded["flux_err"].astype(np.float32), 1e-12)
    detected = padded["detected"].astype(bool)
    height = np.arcsinh(flux / np.float32(flux_scale))
    highest = np.maximum.accumulate(height, axis=1)
    first = np.minimum.accumulate(np.where(detected, time, np.inf), axis=1)
    since = np.where(np.isfinite(first), time - first, 0)
    features = {
        ObservationFeature.DAYS: time / np.float32(DAYS_SCALE),
        ObservationFeature.LOG_DAYS: _logarithm(time),
        ObservationFeature.LOG_GAP: _logarithm(np.diff(time, axis=1, prepend=time[:, :1])),
        ObservationFeature.LOG_SINCE_DETECTION: _logarithm(since),
        ObservationFeature.HEIGHT: height / np.float32(HEIGHT_SCALE),
        ObservationFeature.LOG_ERROR: np.log(error / np.float32(flux_scale)),
        ObservationFeature.SIGNAL_TO_NOISE: np.arcsinh(flux / error) / np.float32(3),
        ObservationFeature.DETECTED: detected,
        ObservationFeature.HIGHEST: highest / np.float32(HEIGHT_SCALE),
        ObservationFeature.BELOW_HIGHEST: highest - height,
    }
    ordered = [features[name] for name in ObservationFeature]
    return np.stack(ordered, axis=2, dtype=np.float32, casting="unsafe")


def _logarithm(days):
    return np.sign(days) * np.log1p(np.abs(days)) / 3
