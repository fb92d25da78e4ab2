"""Stamps from the cutouts in alert packets."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from skastro.io._alert_history import numbers_of
from skastro.io._alert_layouts import AlertLayout, field_names
from skastro.io._cutouts import decode_cutout, place, recentre

_AXES = (("ypos", "xpos"), ("y", "x"))


class Cutouts(NamedTuple):
    """Undecoded cutouts of some alerts.

    Attributes
    ----------
    contents : list of tuple of 3 (bytes or None)
        Science, reference and difference image of each alert.

    positions : ndarray of shape (n_alerts, 2)
        Position on the detector in y and x [pixels], NaN where unknown.
    """

    contents: list
    positions: NDArray


def read_cutouts(table: pa.Table, layout: AlertLayout) -> Cutouts:
    """Return the cutouts of a table of alerts without decoding them."""
    contents = [_contents(table, name) for name in layout.cutouts]
    source = table[layout.source].combine_chunks()
    axes = next((pair for pair in _AXES if set(pair) <= field_names(source.type)), _AXES[0])
    positions = np.column_stack([numbers_of(source, name) for name in axes])
    return Cutouts(list(zip(*contents)), positions)


def decode_stamps(
    cutouts: Cutouts, size: int | None
) -> tuple[NDArray | None, tuple | None, list[str]]:
    """Return stamps, their shape, and the reason for each alert without stamps.

    Stamps and shape are None if no alert has a cutout.
    """
    images, reasons = zip(*map(_decode, cutouts.contents)) if cutouts.contents else ((), ())
    if all(content is None for row in cutouts.contents for content in row):
        return None, None, list(reasons)
    full = max((max(i.shape) for row in images if row for i in row), default=size or 1)
    size = size or full
    stamps = np.full((len(images), size, size, len(_CHANNELS)), np.nan, np.float32)
    for i, row in enumerate(images):
        y, x = cutouts.positions[i] < full / 2
        corner = bool(y), bool(x)
        for channel, image in enumerate(row or ()):
            stamps[i, ..., channel] = recentre(place(image, full, corner), size)
    return stamps.reshape(len(stamps), -1), stamps.shape[1:], list(reasons)


_CHANNELS = ("science", "reference", "difference")


def _decode(contents: tuple) -> tuple[list | None, str]:
    """Return the three images of an alert, or None and the reason."""
    images = []
    for channel, content in zip(_CHANNELS, contents):
        if content is None:
            return None, f"{channel} cutout is missing"
        try:
            images.append(decode_cutout(content))
        # Decoders of damaged files raise nearly every built-in type, zlib.error and VerifyError.
        except Exception as error:
            return None, f"{channel} cutout: {type(error).__name__}: {error}"
    return images, ""


def _contents(table: pa.Table, name: str) -> list:
    """Return the bytes of one cutout of each alert, None where it is missing."""
    if name not in table.column_names:
        return [None] * len(table)
    column = table[name].combine_chunks()
    if pa.types.is_struct(column.type):
        column = pc.struct_field(column, "stampData")
    return column.to_pylist()
