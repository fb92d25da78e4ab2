"""Light curves that are read block by block."""

import copy
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray

from skastro.neural_network.inputs._light_curves import LightCurves, LightCurveScale
from skastro.neural_network.inputs._static import StaticScaling
from skastro.utils.ragged import take_objects

_SHIFT = 44


class StreamedLightCurves:
    """Light curves with a few blocks in memory at a time.

    It returns the same tensors as :class:`LightCurves` of all objects.  Memory holds, in addition
    to the blocks, length, reason and static columns of every object.

    Parameters
    ----------
    blocks : iterable of LightCurves
        All blocks in order, which are read once for what stays in memory.

    read_block : callable of int -> LightCurves
        Reads a block again.

    n_cached : int, default=4
        Number of blocks in memory.

    Attributes
    ----------
    blocks : ndarray of int of shape (n_objects,)
        Block of each object.

    band_names : list of str
        Bands that occur, sorted.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.neural_network.inputs import LightCurves, StreamedLightCurves
    >>> def read_block(number):
    ...     rows = {name: np.ones(2) for name in ("time", "flux", "flux_err")}
    ...     rows |= {"detected": np.ones(2, bool), "band": np.zeros(2, int)}
    ...     offsets = np.array([0, 1, 2])
    ...     return LightCurves(offsets, rows, np.zeros((2, 0)), np.eye(1), offsets[1:] * 1.0,
    ...                        band_names=["g"])
    >>> source = StreamedLightCurves(map(read_block, range(3)), read_block)
    >>> len(source), source.blocks.tolist(), source.band_names
    (6, [0, 0, 1, 1, 2, 2], ['g'])
    """

    def __init__(
        self,
        blocks: Iterable[LightCurves],
        read_block: Callable[[int], LightCurves],
        n_cached: int = 4,
    ):
        self._read_block = read_block
        self.n_cached = n_cached
        self._cache: OrderedDict[int, LightCurves] = OrderedDict()
        self.scale: LightCurveScale | None = None
        lengths, reasons, static, templates = zip(*map(_summary, self._keep_first(blocks)))
        self.lengths, self.reasons = np.concatenate(lengths), np.concatenate(reasons)
        self.static = np.concatenate(static)
        self.band_names = sorted({name for block in templates for name in block.band_names})
        self._template = templates[0]
        self._starts = np.cumsum([0, *(len(part) for part in lengths)])
        self.blocks = np.repeat(np.arange(len(lengths)), np.diff(self._starts))
        for number, block in self._cache.items():
            self._cache[number] = self._with_common_bands(block)

    def _keep_first(self, blocks):
        """Yield the blocks, of which the first stay in memory."""
        for number, block in enumerate(blocks):
            if number < self.n_cached:
                self._cache[number] = block
            yield block

    def with_bands(self, band_numbers: NDArray, wavelengths: NDArray | None) -> Self:
        """Return the light curves with numbers and wavelengths of each of `band_names`."""
        other = copy.copy(self)
        other._template = copy.copy(self._template)
        other._template.band_names = self.band_names
        other._template.band_numbers = band_numbers.astype(np.float32)
        other._template.wavelengths = wavelengths
        return other

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def unusable(self) -> NDArray[np.bool_]:
        """Return the mask of the objects that cannot be used."""
        return self.reasons != ""

    @property
    def n_inputs(self) -> int:
        """Number of features of one observation."""
        return self._template.n_inputs

    @property
    def n_static(self) -> int:
        """Number of static inputs: the columns and their indicators of missing values."""
        return self._template.n_static

    def learn(self, rows: NDArray[np.int64]) -> Self:
        """Return the light curves scaled to some of the objects, the training objects."""
        flux = median_of_parts(lambda: self._flux_errors(rows))
        static = StaticScaling(self._template.static_scaler).fit(self.static[rows])
        return self.scaled(LightCurveScale(static, 1.0 if np.isnan(flux) else flux))

    def scaled(self, scale: LightCurveScale) -> Self:
        """Return the light curves with the scale that another source learned."""
        other = copy.copy(self)
        other.scale = scale
        return other

    def keys(self, rows: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Return one number per object that depends on its content alone."""
        return self._gather(rows).keys(np.arange(len(rows)))

    def take(
        self, rows: NDArray[np.int64], *, generator: torch.Generator | None = None, **question: Any
    ) -> dict[str, torch.Tensor]:
        """Return the tensors of some objects by name, as :meth:`LightCurves.take`."""
        curves = self._gather(rows)
        curves = curves if self.scale is None else curves.scaled(self.scale)
        return curves.take(np.arange(len(rows)), generator=generator, **question)

    def _flux_errors(self, rows: NDArray[np.int64]) -> Iterator[NDArray]:
        for number, local in self._by_block(rows):
            block = self._block(number)
            errors = {"error": block.rows["flux_err"]}
            yield take_objects(block.offsets, errors, local[0])[1]["error"]

    def _gather(self, rows: NDArray[np.int64]) -> LightCurves:
        """Return some objects as light curves of their own, in the order of `rows`."""
        parts, places = [], []
        for number, (local, place) in self._by_block(rows):
            block = self._block(number)
            parts.append((*take_objects(block.offsets, block.rows, local), block.zero[local]))
            places.append(place)
        order = np.argsort(np.concatenate(places), kind="stable")
        offsets = np.cumsum(np.concatenate([[0], *(np.diff(part[0]) for part in parts)]))
        fields = {name: np.concatenate([part[1][name] for part in parts]) for name in parts[0][1]}
        offsets, fields = take_objects(offsets, fields, order)
        zero = np.concatenate([part[2] for part in parts])[order]
        return self._template.with_objects(offsets, fields, self.static[rows], zero)

    def _by_block(self, rows: NDArray[np.int64]) -> Iterator[tuple]:
        """Yield each block with the local numbers of its rows, and their positions in `rows`.

        Blocks in memory come first, before others take their place.
        """
        blocks = self.blocks[rows]
        for number in sorted(np.unique(blocks), key=lambda number: number not in self._cache):
            place = np.flatnonzero(blocks == number)
            yield int(number), (rows[place] - self._starts[number], place)

    def _block(self, number: int) -> LightCurves:
        if number in self._cache:
            self._cache.move_to_end(number)
        else:
            while len(self._cache) >= self.n_cached:
                self._cache.popitem(last=False)
            self._cache[number] = self._with_common_bands(self._read_block(number))
        return self._cache[number]

    def _with_common_bands(self, block: LightCurves) -> LightCurves:
        common = np.array([self.band_names.index(name) for name in block.band_names], np.int64)
        rows = block.rows | {"band": common[block.rows["band"]]}
        return block.with_objects(block.offsets, rows, block.static, block.zero)


def _summary(block: LightCurves) -> tuple:
    """Return what stays in memory of a block: lengths, reasons, static columns, settings."""
    rows = {name: values[:0].copy() for name, values in block.rows.items()}
    settings = block.with_objects(np.zeros(1, np.int64), rows, block.static[:0], block.zero[:0])
    return block.lengths, block.reasons, block.static.copy(), settings


def median_of_parts(parts: Callable[[], Iterable[NDArray]]) -> float:
    """Return the median of positive numbers without holding all of them.

    The first pass counts the numbers by their leading bits, the second sorts those that share
    them with the median.

    Parameters
    ----------
    parts : callable that returns an iterable of ndarray
        The numbers; it is called twice.

    Returns
    -------
    median : float
        That of ``numpy.median``; NaN without numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.neural_network.inputs._streamed import median_of_parts
    >>> median_of_parts(lambda: [np.array([3.0, 1.0]), np.array([2.0, 9.0])])
    2.5
    """
    counts = np.zeros(2 ** (64 - _SHIFT), np.int64)
    dtype: Any = float
    for part in parts():
        counts += np.bincount(_leading_bits(part), minlength=len(counts))
        dtype = part.dtype
    total = counts.sum()
    if total == 0:
        return np.nan
    until = np.cumsum(counts)
    ranks = np.array([(total - 1) // 2, total // 2])
    bins = np.searchsorted(until, ranks, side="right")
    near = [part[np.isin(_leading_bits(part), bins)] for part in parts()]
    middle = np.sort(np.concatenate(near))
    before = until[bins[0]] - counts[bins[0]]
    return float(np.mean(middle[ranks - before].astype(dtype)))


def _leading_bits(values: NDArray) -> NDArray[np.int64]:
    bits = np.ascontiguousarray(values, np.float64).view(np.uint64)
    return (bits >> np.uint64(_SHIFT)).astype(np.int64)
