"""Light curves as inputs of an auto-encoder, together with the values to reconstruct."""

import copy
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray

from skastro.neural_network.inputs._light_curves import LightCurves, LightCurveScale
from skastro.utils.ragged import row_numbers, segment_ids, take_objects

# Errors below this fraction of the flux scale add no weight: the curve is not more precise.
_SOFTENING = 0.1


class Reconstruction:
    """Light curves as inputs of an encoder, together with the fluxes that a decoder must return.

    The encoder does not see the observations that a training sample leaves out; the decoder is
    queried at all of them.

    Parameters
    ----------
    light_curves : LightCurves
        With ``lengths_too=True``.

    use_errors : bool, default=True
        Weight each value by 1 / (error squared + softening squared), on the scale of asinh flux;
        otherwise all alike.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.neural_network.inputs import LightCurves, Reconstruction
    >>> rows = {"time": np.arange(3.0), "flux": np.ones(3), "flux_err": np.ones(3),
    ...         "detected": np.ones(3, bool), "band": np.zeros(3, int)}
    >>> curves = LightCurves(np.array([0, 3]), rows, np.zeros((1, 0)), np.eye(1),
    ...                      np.zeros(1), lengths_too=True)
    >>> source = Reconstruction(curves).learn(np.array([0]))
    >>> sorted(source.take(np.array([0])))
    ['lengths', 'observations', 'query_bands', 'query_days', 'target', 'weight']
    """

    def __init__(self, light_curves: LightCurves, use_errors: bool = True):
        self.light_curves = light_curves
        self.use_errors = use_errors

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Number of observations of each object."""
        return self.light_curves.lengths

    @property
    def reasons(self) -> NDArray[np.object_]:
        """Why an object cannot be used; "" for the others."""
        return self.light_curves.reasons

    @property
    def unusable(self) -> NDArray[np.bool_]:
        """Return the mask of the objects that cannot be used."""
        return self.light_curves.unusable

    @property
    def scale(self) -> LightCurveScale | None:
        """Result of :meth:`learn`."""
        return self.light_curves.scale

    def __len__(self) -> int:
        return len(self.light_curves)

    def learn(self, rows: NDArray[np.int64]) -> Self:
        """Return the light curves scaled to some of the objects, the training objects."""
        return self._with(self.light_curves.learn(rows))

    def scaled(self, scale: LightCurveScale) -> Self:
        """Return the light curves with the scale that another source learned."""
        return self._with(self.light_curves.scaled(scale))

    def _with(self, light_curves):
        other = copy.copy(self)
        other.light_curves = light_curves
        return other

    def keys(self, rows: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Return one number per object that depends on its content alone."""
        return self.light_curves.keys(rows)

    def take(
        self,
        rows: NDArray[np.int64],
        *,
        generator: torch.Generator | None = None,
        truth: bool = True,
    ) -> dict[str, torch.Tensor]:
        """Return the tensors of some objects by name.

        Parameters
        ----------
        rows : ndarray of int of shape (n,)
            Object numbers.

        generator : torch.Generator, default=None
            Makes a training sample, which leaves out some observations.

        truth : bool, default=True
            Whether to return the queries and their fluxes, or the inputs of the encoder alone.
        """
        batch = self.light_curves.take(rows, generator=generator)
        inputs = {name: batch[name] for name in ("observations", "lengths")}
        return inputs | self._truth(rows) if truth else inputs

    def _truth(self, objects):
        curves = self.light_curves
        offsets, rows = take_objects(curves.offsets, curves.rows, objects)
        lengths = np.diff(offsets)
        cell = segment_ids(offsets), row_numbers(offsets)
        height, weight = self._heights(rows)
        days = (rows["time"] - np.repeat(curves.zero[objects], lengths)).astype(np.float32)
        bands = curves.band_numbers[rows["band"]]
        truth = {"query_days": days, "query_bands": bands, "target": height, "weight": weight}
        tensors = {}
        for name, values in truth.items():
            padded = np.zeros((len(objects), lengths.max(), *values.shape[1:]), np.float32)
            padded[cell] = values
            tensors[name] = torch.from_numpy(padded)
        return tensors

    def _heights(self, rows):
        """Asinh of flux over the scale, and weights of mean 1 for errors as large as flux 1."""
        flux = rows["flux"].astype(float) / self.scale.flux
        height = np.arcsinh(flux)
        if not self.use_errors:
            return height, np.ones_like(height)
        variance = (rows["flux_err"] / self.scale.flux) ** 2 / (1 + flux**2)
        return height, 1 / (variance + _SOFTENING**2)
