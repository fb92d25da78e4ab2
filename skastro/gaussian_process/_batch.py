"""From the caller's arrays to checked, padded, scaled batches and starting values."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from skastro.gaussian_process._arguments import limits
from skastro.gaussian_process._results import Status
from skastro.utils.ragged import (
    chunks,
    is_sorted,
    keep_rows,
    segment_argmax,
    segment_count,
    segment_ids,
    segment_reduce,
    take_objects,
)

# Starts and bounds are those of avocado (Boone 2019): time scale 20 in [1, 1000] days, 6000
# Angstrom, amplitude within e**10 of the guess.
AMPLITUDE_RANGE, LARGEST_RATIO = 10.0, 1e13
TIME_START, TIME_BOUNDS = 20.0, (1.0, 1000.0)
TWO_TIME_STARTS = (3.0, 30.0)
WAVELENGTH_START = 6000.0
OBJECTS_PER_TASK, ROWS_PER_TASK = 32, 4_000


@dataclass
class Batch:
    """Checked objects: padded, times relative to the reference, flux in units near one.

    ``status`` has one entry per object; ``scale`` is the power of two that flux was divided by.
    """

    offsets: np.ndarray
    time: np.ndarray
    wavelength: np.ndarray
    flux: np.ndarray
    variance: np.ndarray
    scale: np.ndarray
    status: np.ndarray
    _sorted: object = None

    def rows(self, i):
        """Return time, wavelength, flux and variance of object `i`."""
        rows = slice(self.offsets[i], self.offsets[i + 1])
        return self.time[rows], self.wavelength[rows], self.flux[rows], self.variance[rows]

    def take(self, objects):
        """Return a batch of some objects alone."""
        names = ("time", "wavelength", "flux", "variance")
        rows = {name: getattr(self, name) for name in names}
        offsets, rows = take_objects(self.offsets, rows, objects)
        return Batch(offsets, **rows, scale=self.scale[objects], status=self.status[objects])

    def sorted(self):
        """Return the rows in the order of time, with their bands; see :class:`SortedBatch`."""
        if self._sorted is None:
            self._sorted = SortedBatch.of(self)
        return self._sorted

    @property
    def usable(self):
        """Indices of the objects that can be fitted."""
        return np.flatnonzero(self.status == Status.OK)


class SortedBatch(NamedTuple):
    """Columns of a batch in the order of time within each object.

    `band` numbers the `wavelengths`, which are all that occur.
    """

    offsets: np.ndarray
    time: np.ndarray
    band: np.ndarray
    flux: np.ndarray
    variance: np.ndarray
    wavelengths: np.ndarray

    @classmethod
    def of(cls, batch):
        """Return the columns of `batch`."""
        wavelengths, band = np.unique(batch.wavelength, return_inverse=True)
        columns = [batch.time, band.astype(np.int64), batch.flux, batch.variance]
        if not is_sorted(batch.offsets, batch.time):
            order = np.lexsort((batch.time, segment_ids(batch.offsets)))
            columns = [column[order] for column in columns]
        return cls(np.asarray(batch.offsets, np.int64), *columns, wavelengths)


def prepare(offsets, time, wavelength, flux, flux_err, reference, model, window=None):
    """Return the `Batch` of one chunk of objects; never raises for an object.

    `window` is a :class:`skastro.gaussian_process._arguments.Window` of the rows to be used.
    """
    columns = [np.array(c, np.float64) for c in (time, wavelength, flux, flux_err)]
    columns[0] -= np.repeat(reference, np.diff(offsets))
    if window is not None:
        offsets, columns = _cut(offsets, columns, window)
    lengths = np.diff(offsets)
    status = _check(offsets, *columns, reference, model.min_observations)
    if model.padding is not None:
        offsets, columns = _pad(offsets, columns, model.padding)
        lengths = np.diff(offsets)
    time, wavelength, flux, flux_err = columns
    largest = segment_reduce(offsets, np.abs(flux), np.maximum, empty=0.0)
    usable = (status == Status.OK) & (largest > 0)
    # Powers of two: to divide by them and multiply again changes no digit.
    scale = np.ldexp(1.0, np.frexp(np.where(usable, largest, 1.0))[1])
    flux = flux / np.repeat(scale, lengths)
    floor = np.where(usable, model.error_floor * largest / scale, 0.0)
    error = np.maximum(flux_err / np.repeat(scale, lengths), np.repeat(floor, lengths))
    status[(status == Status.OK) & _is_flat(offsets, flux, model.constant_mean)] = Status.FLAT
    return Batch(offsets, time, wavelength, flux, error**2, scale, status)


def _cut(offsets, columns, window):
    """Drop the rows before and after; a time that is not finite stays, to be reported."""
    lengths = np.diff(offsets)
    inside = ~((columns[0] < window.first) | (columns[0] > window.last))
    inside |= np.repeat(lengths <= window.min_rows, lengths)
    offsets, rows = keep_rows(offsets, dict(enumerate(columns)), inside)
    return offsets, list(rows.values())


def tasks(batch):
    """Group the usable objects, longest first, into tasks of similar work."""
    usable = batch.usable
    lengths = np.diff(batch.offsets)[usable]
    order = np.argsort(-lengths, kind="stable")
    usable, ends = usable[order], np.concatenate([[0], np.cumsum(lengths[order])])
    groups = chunks(ends, ROWS_PER_TASK)
    return [
        usable[first : min(first + OBJECTS_PER_TASK, group.stop)]
        for group in groups
        for first in range(group.start, group.stop, OBJECTS_PER_TASK)
    ]


def starting_values(batch, model):
    """Return starts (n_starts, n_objects, 3) and the box (n_objects, 3) in log units of `batch`.

    The first guess of the amplitude is that of avocado (Boone 2019): half the flux of the
    observation with the largest signal to noise, squared.
    """
    n_objects = len(batch.scale)
    guess = np.where(batch.status == Status.OK, 2 * np.log(0.5 * _guess_scale(batch, model)), 0.0)
    unit = 2 * np.log(batch.scale)
    boxes = [_amplitude_box(model.amplitude, guess, unit, _resolved(batch, guess))]
    for name, default in (("time_scale", TIME_BOUNDS), ("wavelength_scale", (0.0, np.inf))):
        bounds = limits(name, getattr(model, name), default)
        with np.errstate(divide="ignore"):
            boxes.append(np.broadcast_to(2 * np.log(np.array(bounds))[:, None], (2, n_objects)))
    low, high = np.stack(boxes, axis=2)
    times = [TIME_START] if model.n_starts == 1 else TWO_TIME_STARTS
    starts = [
        np.column_stack(
            [
                guess,
                np.full(n_objects, 2 * np.log(t)),
                np.full(n_objects, 2 * np.log(WAVELENGTH_START)),
            ]
        )
        for t in times
    ]
    return np.clip(starts, low, high), low, high


def _amplitude_box(setting, guess, unit, resolved):
    if isinstance(setting, str):
        return np.array([guess - AMPLITUDE_RANGE, np.minimum(guess + AMPLITUDE_RANGE, resolved)])
    with np.errstate(divide="ignore"):
        low, high = np.log(np.array(limits("amplitude", setting, None)))
    return np.array([low - unit, high - unit])


def _resolved(batch, guess):
    """Return the largest log amplitude at which the smallest error is more than rounding."""
    smallest = segment_reduce(batch.offsets, batch.variance, np.minimum, empty=1.0)
    with np.errstate(divide="ignore"):
        return np.maximum(np.log(smallest) + np.log(LARGEST_RATIO), guess)


def _guess_scale(batch, model):
    flux = batch.flux
    if model.constant_mean:
        flux = flux - np.repeat(_weighted_mean(batch), np.diff(batch.offsets))
    brightest = segment_reduce(batch.offsets, flux, np.maximum, empty=0.0)
    # As avocado does: otherwise a faint observation with a tiny error could win.
    floor = np.repeat(0.01 * brightest, np.diff(batch.offsets))
    with np.errstate(all="ignore"):
        strength = np.abs(flux) / np.sqrt(batch.variance + floor**2)
    row = segment_argmax(batch.offsets, strength)
    guess = np.abs(np.append(flux, 1.0)[row])
    return np.where(guess > 0, guess, 1.0)


def _weighted_mean(batch):
    with np.errstate(all="ignore"):
        weight = 1.0 / np.maximum(batch.variance, 1e-300)
        total = segment_reduce(batch.offsets, weight, np.add, empty=1.0)
        return segment_reduce(batch.offsets, weight * batch.flux, np.add, empty=0.0) / total


def _check(offsets, time, wavelength, flux, flux_err, reference, min_observations):
    lengths = np.diff(offsets)
    finite = np.isfinite(time) & np.isfinite(wavelength) & np.isfinite(flux)
    valid_error = np.isfinite(flux_err) & (flux_err >= 0)
    status = np.full(len(lengths), Status.OK, np.int8)
    status[segment_count(offsets, ~valid_error) > 0] = Status.INVALID_ERROR
    status[segment_count(offsets, ~finite) > 0] = Status.NOT_FINITE
    status[~np.isfinite(reference)] = Status.INVALID_REFERENCE
    status[lengths < min_observations] = Status.TOO_FEW
    status[lengths == 0] = Status.NO_OBSERVATIONS
    return status


def _is_flat(offsets, flux, constant_mean):
    largest = segment_reduce(offsets, flux, np.maximum, empty=0.0)
    smallest = segment_reduce(offsets, flux, np.minimum, empty=0.0)
    if constant_mean:
        return largest == smallest
    return (largest == 0) & (smallest == 0)


def _pad(offsets, columns, padding):
    """Put one row before and one after the rows of each object that is not empty."""
    filled = np.diff(offsets) > 0
    padded = offsets + 2 * np.concatenate([[0], np.cumsum(filled)])
    first, last = padded[:-1][filled], padded[1:][filled] - 1
    place = np.arange(offsets[-1]) + (2 * np.cumsum(filled) - 1)[segment_ids(offsets)]
    values = (0.0, padding.wavelength, padding.flux, padding.flux_err)
    new = [np.full(padded[-1], value) for value in values]
    for target, column in zip(new, columns):
        target[place] = column
    new[0][first] = segment_reduce(offsets, columns[0], np.minimum)[filled] - padding.margin
    new[0][last] = segment_reduce(offsets, columns[0], np.maximum)[filled] + padding.margin
    return padded, new
