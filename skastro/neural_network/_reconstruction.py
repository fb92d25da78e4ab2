"""Batches and net of an auto-encoder of light curves."""

import numpy as np
import torch

from skastro.neural_network._net import WeightedNet
from skastro.utils.ragged import row_numbers, segment_ids, take_objects

_TRUTH = ("target", "weight", "sample_weight")
# An error below this part of the flux scale gives no more weight: the curve itself is no better.
_SOFTENING = 0.1


class Reconstruction:
    """Light curves as inputs of an encoder together with what a decoder shall give back.

    The encoder misses the observations that training leaves out; the decoder is asked for all.

    Parameters
    ----------
    events : LightCurveEvents
        Prepared light curves.

    use_errors : bool, default=True
        Weight each value by 1 / (error squared + softening squared), on the scale of asinh flux;
        otherwise all alike.

    Examples
    --------
    >>> from skastro.datasets import make_bazin
    >>> from skastro.neural_network import TransformerAutoencoder
    >>> X, _ = make_bazin(40, random_state=0)
    >>> model = TransformerAutoencoder(max_epochs=1, random_state=0).fit(X)
    >>> model.transform(X).shape
    (40, 16)
    """

    def __init__(self, events, use_errors=True):
        self.events = events
        self.lengths = events.lengths
        self.unusable = events.unusable
        self.use_errors = use_errors

    def take(self, objects, purpose="predict"):
        """Return the tensors of `objects` (numbers) by name."""
        batch = self.events.take(objects, purpose)
        inputs = {name: batch[name] for name in ("observations", "lengths")}
        if purpose == "encode":
            return inputs
        offsets, rows = take_objects(self.events.offsets, self.events.rows, objects)
        lengths = np.diff(offsets)
        cell = segment_ids(offsets), row_numbers(offsets)
        height, weight = self._heights(rows)
        days = (rows["time"] - np.repeat(self.events.zero[objects], lengths)).astype(np.float32)
        bands = self.events.band_numbers[rows["band"]]
        truth = {"query_days": days, "query_bands": bands, "target": height, "weight": weight}
        for name, values in truth.items():
            padded = np.zeros((len(objects), lengths.max(), *values.shape[1:]), np.float32)
            padded[cell] = values
            inputs[name] = torch.from_numpy(padded)
        return inputs

    def _heights(self, rows):
        """Asinh of flux over the scale, and weights of mean 1 for errors as large as flux 1."""
        flux = rows["flux"].astype(float) / self.events.flux_scale
        height = np.arcsinh(flux)
        if not self.use_errors:
            return height, np.ones_like(height)
        variance = (rows["flux_err"] / self.events.flux_scale) ** 2 / (1 + flux**2)
        return height, 1 / (variance + _SOFTENING**2)


class ReconstructionNet(WeightedNet):
    """A net whose truth travels with the inputs.

    Examples
    --------
    >>> import torch
    >>> from skastro.neural_network._reconstruction import ReconstructionNet
    >>> [name for name, _ in ReconstructionNet(torch.nn.Identity)._default_callbacks]
    ['epoch_timer', 'train_loss', 'valid_loss']
    """

    @property
    def _default_callbacks(self):
        return [pair for pair in super()._default_callbacks if pair[0] != "valid_accuracy"]

    def infer(self, x, **fit_params):
        """Call the module with the inputs, and with the truth where a teacher forces it."""
        inputs = {name: t for name, t in x.items() if name not in _TRUTH}
        if self.module_.decoder.teacher_forced:
            inputs["query_heights"] = x["target"]
        return super().infer(inputs)

    def get_loss(self, y_pred, y_true, X=None, training=False):
        """Return the loss of the reconstruction, with the penalty of encoder and decoder."""
        target, weight = (X[name].to(y_pred.device) for name in ("target", "weight"))
        modules = (self.module_.encoder, self.module_.decoder)
        return self.criterion_(y_pred, target, weight, modules)
