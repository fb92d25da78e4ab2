"""Networks for image stamps: normalisation, the simple and the complex one of Tomo-e Gozen."""

import torch
from torch import nn

from skastro.nn._classifier_net import ClassifierNet
from skastro.nn._residual import ResidualBlock

_FLAT = 1e-6
NORMALIZATIONS = ("minmax", "standardize_asinh", "asinh_minmax", "none")


def orient(images, number):
    """Return images in one of the eight orientations of a square.

    Parameters
    ----------
    images : Tensor of shape (..., height, width)
        Squares, or rectangles for the even numbers below 3 and from 4 on.

    number : int
        Quarter turns are ``number % 4``; from 4 on the image is mirrored before.

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
    """Bring stamps to a common scale inside the network, so that raw counts may go in.

    Parameters
    ----------
    method : {"minmax", "standardize_asinh", "asinh_minmax", "none"}, default="minmax"
        Per image and channel: to [0, 1]; the standardised image beside asinh of half of it, twice
        as many channels; asinh of half of it to [0, 1]; nothing.

    Notes
    -----
    A flat image becomes zero: the range or standard deviation it is divided by is at least 1e-6
    of its largest absolute value.

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

    def __init__(self, method="minmax"):
        super().__init__()
        if method not in NORMALIZATIONS:
            raise ValueError(
                f"StampNormalization: method must be one of {NORMALIZATIONS}, not {method!r}"
            )
        self.method = method
        self.factor = 2 if method == "standardize_asinh" else 1

    def forward(self, images):
        """Return normalised images of shape (n, factor * channels, height, width)."""
        if self.method == "none":
            return images
        if self.method == "standardize_asinh":
            return torch.cat([_standardized(images), _asinh(images)], dim=1)
        return _minmax(images if self.method == "minmax" else _asinh(images))


def _asinh(images):
    return torch.asinh(images / 2)


def _minmax(images):
    low, high = images.amin((-2, -1), True), images.amax((-2, -1), True)
    return (images - low) / _at_least(high - low, torch.maximum(high.abs(), low.abs()))


def _standardized(images):
    mean = images.mean((-2, -1), keepdim=True)
    std = images.std((-2, -1), correction=0, keepdim=True)
    return (images - mean) / _at_least(std, images.abs().amax((-2, -1), True))


def _at_least(scale, size):
    return torch.maximum(scale, (_FLAT * size).clamp_min(1e-30))


class _StampNet(ClassifierNet):
    """Channels-last rows through a normalisation, features and a head that sees static inputs.

    `classify` takes what `normalize` gives, so that a loss may disturb the normalised image.
    """

    def __init__(self, image_shape, normalization):
        super().__init__()
        self.normalization = StampNormalization(normalization)
        self.n_channels = image_shape[2] * self.normalization.factor

    def embed(self, image, static=None):
        """Return embeddings (n, n_embedding) of images (n, height, width, channels)."""
        return self._embed_normalized(self.normalize(image), static)

    def normalize(self, image):
        """Return normalised images, channels first."""
        return self.normalization(image.permute(0, 3, 1, 2).contiguous())

    def classify(self, normalized, static=None):
        """Return logits of normalised images."""
        return self.output(self._embed_normalized(normalized, static))

    def _embed_normalized(self, normalized, static):
        features = self.features(normalized)
        return self.head(features if static is None else torch.cat([features, static], dim=1))


class SimpleStampNet(_StampNet):
    """Two convolutions and three dense layers: the simple network of Tomo-e Gozen.

    Convolution 5x5 to 32, pooling, convolution 3x3 to 64, pooling, dropout, dense 128, 64 and
    outputs; borders are not padded.  234,242 weights for 29 x 29 x 3 and two outputs.

    Parameters
    ----------
    image_shape : tuple of 3 ints, default=(29, 29, 3)
        Height, width (10 at least), channels.

    n_static : int, default=0
        Further numbers an object, which join the features.

    n_outputs : int, default=2
        Logits.

    normalization : str, default="minmax"
        Method of :class:`StampNormalization`.

    dropout : float, default=0.3
        Dropout of the features.

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
        image_shape=(29, 29, 3),
        n_static=0,
        n_outputs=2,
        *,
        normalization="minmax",
        dropout=0.3,
    ):
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
    """Convolutions and residual blocks: the complex network of Tomo-e Gozen.

    Convolution 5x5 and four 3x3 to 32 channels, pooling, convolution 3x3 and block of 64,
    pooling, convolution 3x3 and block of 128, blocks of 256 with stride 2 and 1, mean, outputs;
    borders are padded.  2,401,638 weights with three channels into the first convolution.

    Parameters
    ----------
    image_shape : tuple of 3 ints, default=(29, 29, 3)
        Height, width, channels.

    n_static : int, default=0
        Further numbers an object, which join the features.

    n_outputs : int, default=2
        Logits.

    normalization : str, default="standardize_asinh"
        Method of :class:`StampNormalization`; this one doubles the channels.

    width : float, default=1.0
        Factor of the numbers of channels, for small machines.

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
        image_shape=(29, 29, 3),
        n_static=0,
        n_outputs=2,
        *,
        normalization="standardize_asinh",
        width=1.0,
    ):
        super().__init__(image_shape, normalization)
        a, b, c, d = (max(2, round(width * n)) for n in (32, 64, 128, 256))
        layers = [nn.Conv2d(self.n_channels, a, 5, padding=2), nn.ReLU()]
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
