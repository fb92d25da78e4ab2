"""Sources: how a network reads checked X in batches.

A *source* is an immutable view of X.  It has a length, ``lengths`` (observations per object, for
batches of similar length) and ``reasons`` (why an object cannot be used, "" for usable ones, which
``unusable`` turns into a mask).  ``source.learn(rows)`` returns a source scaled to its training
rows; its ``scale`` is a small frozen object, and ``other.scaled(scale)`` applies it to new data.
``source.take(rows)`` returns the tensors of some rows by name, as the ``forward`` method of the
torch module expects them.  Every request is an argument of `take`: a ``generator`` requests a
random training sample; ``at="every"`` or ``at=days`` predictions after every observation or at
given days; ``orientation=3`` rotated or mirrored images.  ``source.keys(rows)`` returns one
64-bit number per object that depends on its content alone and seeds Monte-Carlo dropout.  A source
that is read in blocks has ``blocks``, the block of each object, and ``n_cached``, how many of them
fit into memory; batches then come from few blocks at a time.
"""

from skastro.neural_network.inputs._batches import BatchDataset, BatchIterator, by_length
from skastro.neural_network.inputs._dense import BlockScale, DenseBlocks
from skastro.neural_network.inputs._light_curves import LightCurves, LightCurveScale
from skastro.neural_network.inputs._masked import MaskedBlocks, MaskedScale
from skastro.neural_network.inputs._multimodal import MultimodalBlocks
from skastro.neural_network.inputs._protocol import Source
from skastro.neural_network.inputs._reconstruction import Reconstruction
from skastro.neural_network.inputs._stamps import Stamps
from skastro.neural_network.inputs._static import StaticScaling
from skastro.neural_network.inputs._streamed import StreamedLightCurves

__all__ = [
    "BatchDataset",
    "BatchIterator",
    "BlockScale",
    "DenseBlocks",
    "LightCurveScale",
    "LightCurves",
    "MaskedBlocks",
    "MaskedScale",
    "MultimodalBlocks",
    "Reconstruction",
    "Source",
    "Stamps",
    "StaticScaling",
    "StreamedLightCurves",
    "by_length",
]
