"""Batches of light curves: one gather a batch, observations as rows of numbers."""

import numpy as np
import torch

from skastro.neural_network._static import StaticScaling
from skastro.nn import DAYS_SCALE, HEIGHT_SCALE, ObservationFeature
from skastro.utils.ragged import (
    keep_rows,
    row_numbers,
    segment_first,
    segment_ids,
    sort_rows,
    take_objects,
)


class LightCurveEvents:
    """Light curves as named tensors, batch by batch.

    Every observation becomes the numbers of :func:`describe` and the code of its band.  Nothing
    about an observation depends on a later one.

    Parameters
    ----------
    offsets : ndarray of shape (n_objects + 1,)
        As from :func:`skastro.utils.ragged.flatten`.

    rows : dict of str -> array of shape (n_rows,)
        Fields time [days], flux, flux_err, detected (bool) and band (codes).

    static : ndarray of shape (n_objects, n_static)
        Static columns, float64; NaN where missing.

    band_numbers : ndarray of shape (n_bands, n_numbers)
        Numbers that describe each band, beside those of the observation; may have no columns.

    zero : ndarray of shape (n_objects,)
        Zero date of each object [days]; NaN for the time of its first observation.

    n_prefixes : int, default=0
        Random positions an object at which training asks for an answer, besides the last.

    dropout : float, default=0
        Largest part of the observations that training leaves out; each object and batch anew.

    Attributes
    ----------
    unusable : ndarray of shape (n_objects,), dtype bool
        Objects without observations.

    lengths : ndarray of int of shape (n_objects,)
        Number of observations.

    tell_lengths : bool
        Give the lengths beside the other tensors, for networks that mask what is padded.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.neural_network._events import LightCurveEvents
    >>> rows = {"time": [0.0, 5.0, 9.0], "flux": [1.0, 8.0, 2.0], "flux_err": [1.0, 1.0, 1.0],
    ...         "detected": [False, True, False], "band": [0, 1, 0]}
    >>> rows = {name: np.array(values) for name, values in rows.items()}
    >>> events = LightCurveEvents(np.array([0, 2, 3]), rows, np.zeros((2, 0)),
    ...                           np.eye(2), np.full(2, np.nan))
    >>> events = events.prepare(**events.learn(np.arange(2)))
    >>> {name: tuple(batch.shape) for name, batch in events.take(np.array([0, 1])).items()}
    {'observations': (2, 2, 12), 'bands': (2, 2), 'positions': (2, 1)}
    """

    learned = ("static_scaling", "flux_scale")

    def __init__(self, offsets, rows, static, band_numbers, zero, *, n_prefixes=0, dropout=0.0):
        self.offsets = offsets
        self.rows = sort_rows(offsets, rows)
        self.static = self.inputs = static
        self.band_numbers = band_numbers.astype(np.float32)
        self.zero = np.where(np.isnan(zero), segment_first(self.rows["time"], offsets), zero)
        self.n_prefixes = n_prefixes
        self.dropout = dropout
        self.lengths = np.diff(offsets)
        self.unusable = self.lengths == 0
        self.flux_scale = 1.0
        self.ask_at = None
        self.tell_lengths = False

    def __len__(self):
        return len(self.lengths)

    @property
    def n_inputs(self):
        """Numbers that describe one observation."""
        return len(ObservationFeature) + self.band_numbers.shape[1]

    def learn(self, objects, static_scaler=None):
        """Learn the scale of static columns and of flux, the median error, from some objects."""
        _, rows = take_objects(self.offsets, {"error": self.rows["flux_err"]}, objects)
        scale = float(np.median(rows["error"])) if len(rows["error"]) else 1.0
        scaling = StaticScaling(static_scaler).fit(self.static[objects])
        return {"static_scaling": scaling, "flux_scale": scale}

    def prepare(self, static_scaling, flux_scale):
        """Set what was learned."""
        self.inputs = static_scaling.transform(self.static)
        self.flux_scale = flux_scale
        return self

    def ask(self, days):
        """Ask for an answer at each of some days after zero, or after every observation.

        Parameters
        ----------
        days : ndarray of shape (n_days,) or "all"
            An answer takes the observations up to its day; it is NaN where there are none.
        """
        self.ask_at = days
        return self

    def take(self, objects, purpose="predict"):
        """Return the tensors of `objects` (numbers) by name, with positions for a purpose."""
        offsets, rows = take_objects(self.offsets, self.rows, objects)
        if purpose == "train" and self.dropout:
            offsets, rows = keep_rows(offsets, rows, _random_rows(offsets, self.dropout))
        lengths = np.diff(offsets)
        cell = segment_ids(offsets), row_numbers(offsets)
        days = (rows["time"] - np.repeat(self.zero[objects], lengths)).astype(np.float32)
        padded = {}
        for name, values in {**rows, "time": days}.items():
            padded[name] = np.zeros((len(objects), lengths.max()), values.dtype)
            padded[name][cell] = values
        numbers = describe(padded, self.flux_scale)
        numbers = np.concatenate([numbers, self.band_numbers[padded["band"]]], axis=2)
        batch = {
            "observations": torch.from_numpy(numbers),
            "bands": torch.from_numpy(padded["band"].astype(np.int64)),
            "positions": self._positions(padded["time"], lengths, purpose),
        }
        if self.tell_lengths:
            batch["lengths"] = torch.from_numpy(lengths)
        if self.static.shape[1]:
            batch["static"] = torch.from_numpy(self.inputs[objects])
        return batch

    def _positions(self, days, lengths, purpose):
        """Observations after which to answer, (n_objects, n_answers); -1 for no answer."""
        last = torch.from_numpy(lengths - 1)[:, None]
        if self.ask_at is not None:
            return self._asked(days, lengths)
        if not self.n_prefixes or purpose == "predict":
            return last
        if purpose == "train":
            return torch.cat([_random_prefixes(last, self.n_prefixes), last], dim=1)
        shares = 0.5 ** torch.arange(self.n_prefixes, 0, -1)
        return torch.cat([(last * shares).long(), last], dim=1)

    def _asked(self, days, lengths):
        numbers = np.arange(days.shape[1])
        real = numbers < lengths[:, None]
        if isinstance(self.ask_at, str):
            return torch.from_numpy(np.where(real, numbers, -1))
        seen = days[:, :, None] <= np.asarray(self.ask_at, np.float32)
        return torch.from_numpy((seen & real[:, :, None]).sum(axis=1) - 1)


def _random_prefixes(last, n_prefixes):
    """Draw positions 0..last: half of them even in number, half even in its logarithm."""
    shares = torch.rand(len(last), n_prefixes)
    even = shares * (last + 1)
    small = torch.exp(shares * torch.log(last + 1.0)) - 1 + torch.rand_like(shares)
    use_small = torch.arange(n_prefixes) % 2 == 0
    return torch.minimum(torch.where(use_small, small, even).long(), last)


def _random_rows(offsets, dropout):
    """Draw the rows to keep: each object loses its own random part of at most `dropout`.

    The first observation stays, so that the front is never lost.
    """
    lengths = np.diff(offsets)
    part = dropout * torch.rand(len(lengths)).numpy()
    keep = torch.rand(int(offsets[-1])).numpy() >= np.repeat(part, lengths)
    keep[offsets[:-1][lengths > 0]] = True
    return keep


def describe(padded, flux_scale):
    """Describe observations by numbers around 1, each from itself and earlier ones.

    Parameters
    ----------
    padded : dict of str -> ndarray of shape (n_objects, n_observations)
        time [days after zero], flux, flux_err, detected; rising in time.

    flux_scale : float
        Flux and error are divided by it.

    Returns
    -------
    numbers : ndarray of shape (n_objects, n_observations, 10), dtype float32
        One column per :class:`skastro.nn.ObservationFeature`.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.neural_network._events import describe
    >>> padded = {"time": np.array([[0.0, 100.0]]), "flux": np.array([[1.0, 5.0]]),
    ...           "flux_err": np.ones((1, 2)), "detected": np.array([[False, True]])}
    >>> describe(padded, 1.0)[0, :, 0].tolist()
    [0.0, 1.0]
    """
    time = padded["time"].astype(np.float32)
    flux = padded["flux"].astype(np.float32)
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
