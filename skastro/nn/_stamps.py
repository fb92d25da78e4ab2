"""Networks for image stamps: normalisation, the simple and the complex one of Tomo-e Gozen."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from skastro.nn._classifier_net import ClassifierNet
from skastro.nn._residual import ResidualBlock

_FLAT = 1e-6
_MAD_TO_STD = 1.4826
NORMALIZATIONS = ("minmax", "standardize_asinh", "asinh_minmax", "noise_asinh", "none")


def orient(images: Tensor, number: int) -> Tensor:
    """Return images in one of the eight orientations of a square.

    Parameters
    ----------
    images : Tensor of shape (..., height, width)
        Square images; rectangles for even numbers only.

    number : int
        From 0 to 7: the image is mirrored if `number` is 4 or more, then turned by
        ``number % 4`` quarter turns.

    Returns
    -------
    images : Tensor of shape (..., height, width)

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import orient
    >>> orient(torch.tensor([[1, 2], [3, 4]]), 4).tolist()
    [[2, 1], [4, 3]]
    """
    if number >= 4:
        images = images.flip(-1)
    return torch.rot90(images, number % 4, dims=(-2, -1))


class StampNormalization(nn.Module):
    """Normalise stamps inside the network, so that raw counts are accepted.

    Parameters
    ----------
    method : str, default="minmax"
        Normalisation of each image and channel.  "minmax": to [0, 1].  "standardize_asinh": the
        standardised image and asinh of half the image, with twice as many channels.
        "asinh_minmax": asinh of half the image, to [0, 1].  "noise_asinh": asinh of the difference
        from the median in units of the noise, divided so that ten times the noise becomes 1.
        "none": none.

    Notes
    -----
    The noise is 1.4826 times the median absolute deviation.  Unlike the range, it shows how many
    times brighter than the noise a star is, and does not change with one bright pixel.

    A constant image becomes zero: the range or standard deviation by which it is divided is at
    least 1e-6 of its largest absolute value.

    References
    ----------
    .. [1] I. Takahashi et al., PASJ 74, 946 (2022), section 4.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import StampNormalization
    >>> StampNormalization()(torch.tensor([[[[5.0, 7.0], [6.0, 5.0]]]])).tolist()
    [[[[0.0, 1.0], [0.5, 0.0]]]]
    """

    def __init__(self, method: str = "minmax") -> None:
        super().__init__()
        if method not in NORMALIZATIONS:
            raise ValueError(
                f"StampNormalization: method must be one of {NORMALIZATIONS}, not {method!r}"
            )
        self.method = method
        self.factor = 2 if method == "standardize_asinh" else 1

    def forward(self, images: Tensor) -> Tensor:
        """Return normalised images of shape (n, factor * channels, height, width)."""
        if self.method == "none":
            return images
        if self.method == "standardize_asinh":
            return torch.cat([_standardized(images), _asinh(images)], dim=1)
        if self.method == "noise_asinh":
            return _noise_asinh(images)
        return _minmax(images if self.method == "minmax" else _asinh(images))


def _asinh(images: Tensor) -> Tensor:
    return torch.asinh(images / 2)


def _minmax(images: Tensor) -> Tensor:
    low, high = images.amin((-2, -1), True), images.amax((-2, -1), True)
    return (images - low) / _at_least(high - low, torch.maximum(high.abs(), low.abs()))


def _noise_asinh(images: Tensor) -> Tensor:
    away = images - _median(images)
    noise = _at_least(_MAD_TO_STD * _median(away.abs()), away.abs().amax((-2, -1), True))
    return torch.asinh(away / noise) / math.asinh(10.0)


def _median(images: Tensor) -> Tensor:
    return images.flatten(-2).median(dim=-1).values[..., None, None]


def _standardized(images: Tensor) -> Tensor:
    mean = images.mean((-2, -1), keepdim=True)
    std = images.std((-2, -1), correction=0, keepdim=True)
    return (images - mean) / _at_least(std, images.abs().amax((-2, -1), True))


def _at_least(scale: Tensor, size: Tensor) -> Tensor:
    return torch.maximum(scale, (_FLAT * size).clamp_min(1e-30))


class _StampNet(ClassifierNet):
    """Normalisation, features and a head with static features, for channels-last images.

    `classify` accepts the output of `normalize`, so that a loss can perturb the normalised image.
    """

    features: nn.Module
    head: nn.Module

    def __init__(self, image_shape: Sequence[int], normalization: str) -> None:
        super().__init__()
        self.normalization = StampNormalization(normalization)
        self.n_channels = image_shape[2] * self.normalization.factor

    def embed(self, image: Tensor, static: Tensor | None = None) -> Tensor:
        """Return embeddings (n, n_embedding) of images (n, height, width, channels)."""
        return self._embed_normalized(self.normalize(image), static)

    def normalize(self, image: Tensor) -> Tensor:
        """Return normalised images, channels first."""
        return self.normalization(image.permute(0, 3, 1, 2).contiguous())

    def classify(self, normalized: Tensor, static: Tensor | None = None) -> Tensor:
        """Return logits of normalised images."""
        return self.output(self._embed_normalized(normalized, static))

    def _embed_normalized(self, normalized: Tensor, static: Tensor | None) -> Tensor:
        features = self.features(normalized)
        return self.head(features if static is None else torch.cat([features, static], dim=1))


class SimpleStampNet(_StampNet):
    """Two convolutions and three dense layers: the simple network of Tomo-e Gozen [1]_.

    Convolution 5x5 to 32 channels, pooling, convolution 3x3 to 64, pooling, dropout, dense layers
    of 128, 64 and `n_outputs`; without padding.  234,242 weights for 29 x 29 x 3 pixels and two
    outputs.

    Parameters
    ----------
    image_shape : tuple of 3 ints, default=(29, 29, 3)
        (height, width, channels); height and width are at least 10.

    n_static : int, default=0
        Number of static features, which are appended to those of the image.

    n_outputs : int, default=2
        Number of logits.

    normalization : str, default="minmax"
        Method of :class:`StampNormalization`.

    dropout : float, default=0.3
        Dropout probability of the features.

    References
    ----------
    .. [1] I. Takahashi et al., PASJ 74, 946 (2022).

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import SimpleStampNet
    >>> network = SimpleStampNet()
    >>> sum(weights.numel() for weights in network.parameters())
    234242
    >>> network(torch.zeros(2, 29, 29, 3)).shape
    torch.Size([2, 2])
    """

    def __init__(
        self,
        image_shape: Sequence[int] = (29, 29, 3),
        n_static: int = 0,
        n_outputs: int = 2,
        *,
        normalization: str = "minmax",
        dropout: float = 0.3,
    ) -> None:
        super().__init__(image_shape, normalization)
        sides = [((side - 4) // 2 - 2) // 2 for side in image_shape[:2]]
        if min(sides) < 1:
            raise ValueError(f"SimpleStampNet: stamps of {image_shape[:2]} pixels are too small")
        self.features = nn.Sequential(
            nn.Conv2d(self.n_channels, 32, 5),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Dropout(dropout),
            nn.Flatten(),
        )
        self.head = nn.Sequential(
            nn.Linear(64 * sides[0] * sides[1] + n_static, 128),
            nn.ReLU(),
            nn.Linear(128, 64),
            nn.ReLU(),
        )
        self.output = nn.Linear(64, n_outputs)


class ComplexStampNet(_StampNet):
    """Convolutions and residual blocks: the complex network of Tomo-e Gozen [1]_.

    Convolution 5x5 and four 3x3 to 32 channels, pooling, convolution 3x3 and residual block of
    64, pooling, convolution 3x3 and block of 128, blocks of 256 with stride 2 and 1, mean,
    output; with padding.  2,401,638 weights if the first convolution has three input channels.

    Parameters
    ----------
    image_shape : tuple of 3 ints, default=(29, 29, 3)
        (height, width, channels).

    n_static : int, default=0
        Number of static features, which are appended to those of the image.

    n_outputs : int, default=2
        Number of logits.

    normalization : str, default="standardize_asinh"
        Method of :class:`StampNormalization`; the default doubles the number of channels.

    width : float, default=1.0
        Factor for the numbers of channels, for small machines.

    References
    ----------
    .. [1] I. Takahashi et al., PASJ 74, 946 (2022).

    Examples
    --------
    >>> from skastro.nn import ComplexStampNet
    >>> network = ComplexStampNet(normalization="minmax")
    >>> sum(weights.numel() for weights in network.parameters())
    2401638
    """

    def __init__(
        self,
        image_shape: Sequence[int] = (29, 29, 3),
        n_static: int = 0,
        n_outputs: int = 2,
        *,
        normalization: str = "standardize_asinh",
        width: float = 1.0,
    ) -> None:
        super().__init__(image_shape, normalization)
        a, b, c, d = (max(2, round(width * n)) for n in (32, 64, 128, 256))
        layers: list[nn.Module] = [nn.Conv2d(self.n_channels, a, 5, padding=2), nn.ReLU()]
        for _ in range(4):
            layers += [nn.Conv2d(a, a, 3, padding=1), nn.ReLU()]
        layers += [
            nn.MaxPool2d(2, ceil_mode=True),
            nn.Conv2d(a, b, 3, padding=1),
            ResidualBlock(b, b),
        ]
        layers += [
            nn.MaxPool2d(2, ceil_mode=True),
            nn.Conv2d(b, c, 3, padding=1),
            ResidualBlock(c, c),
        ]
        layers += [ResidualBlock(c, d, stride=2), ResidualBlock(d, d)]
        self.features = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.head = nn.Identity()
        self.output = nn.Linear(d + n_static, n_outputs)
