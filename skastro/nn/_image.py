"""Networks for images of light curves: wavelength (or another axis) by time."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from skastro.nn._classifier_net import ClassifierNet


class BatchNorm(nn.BatchNorm2d):
    """Batch normalisation that uses its moving statistics where a batch has none of its own.

    A batch with a single value per channel has no variance; `torch.nn.BatchNorm2d` raises there.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn._image import BatchNorm
    >>> BatchNorm(1)(torch.ones(1, 1, 1, 1)).shape
    torch.Size([1, 1, 1, 1])
    """

    def forward(self, x: Tensor) -> Tensor:
        """Normalise `x` of shape (n, channels, height, width)."""
        if self.training and x.numel() == x.shape[1]:
            return nn.functional.batch_norm(
                x, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps
            )
        return super().forward(x)


class WideConv(nn.Module):
    """Convolution over all wavelengths at once whose output is an image again (SCONE's block).

    Each of the `height` filters reads all channels and wavelengths at three neighbouring times;
    filter ``k`` becomes row ``k`` of an image with one channel.  ELU and batch normalisation
    follow.  In Keras terms: ``ZeroPadding2D((0, 1))``, ``Conv2D(height, (height, 3))``, a
    transposition, ``BatchNormalization``.

    Parameters
    ----------
    channels : int
        Number of channels of the input.

    height : int
        Number of rows of input and output, which is the number of filters.

    momentum : float, default=0.1
        Weight of the newest batch in the moving statistics; Keras' default is 0.01 in this
        convention.

    References
    ----------
    .. [1] H. Qu, M. Sako, A. Moller, C. Doux, AJ 162, 67 (2021), arXiv:2106.04370, section 3.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import WideConv
    >>> WideConv(2, 32)(torch.zeros(8, 2, 32, 180)).shape
    torch.Size([8, 1, 32, 180])
    """

    def __init__(self, channels: int, height: int, *, momentum: float = 0.1) -> None:
        super().__init__()
        self.conv = nn.Conv1d(channels * height, height, kernel_size=3, padding=1)
        # SCONE's layers are those of Keras: its epsilon, and Glorot's uniform weights.
        self.norm = BatchNorm(1, eps=1e-3, momentum=momentum)
        bound = (6 / (3 * height * (channels + height))) ** 0.5
        nn.init.uniform_(self.conv.weight, -bound, bound)
        nn.init.zeros_(self.conv.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, channels, height, width) to (n, 1, height, width)."""
        rows = nn.functional.elu(self.conv(x.flatten(1, 2)))
        return self.norm(rows.unsqueeze(1))


class SconeCNN(ClassifierNet):
    """SCONE's network for heat maps of light curves.

    Two wide convolutions, 2 x 2 maximum pooling, two wide convolutions on half the height,
    pooling, dropout, the static features appended, a dense layer of 32 units with ReLU, dropout,
    the output.  Pooling rounds up, so that images of any size are accepted; for even sizes the
    network is exactly that of SCONE.

    An image of 32 x 180 x 2 without static inputs and with one output has 22,449 parameters as
    Keras counts them: 22,441 are trained, 8 are the moving statistics of the four batch
    normalisations.  The weights have the initialisation of Keras (Glorot uniform, zero biases).

    Parameters
    ----------
    image_shape : tuple of int
        (height, width, channels); height is the wavelength, width the time.

    n_static : int, default=0
        Number of static features.

    n_outputs : int, default=1
        Number of logits; 1 for two classes.

    dropout : tuple of 2 floats, default=(0.5, 0.3)
        Dropout before and after the dense layer.

    momentum : float, default=0.1
        Weight of the newest batch in the moving statistics of the batch normalisations.

    References
    ----------
    .. [1] H. Qu, M. Sako, A. Moller, C. Doux, AJ 162, 67 (2021), arXiv:2106.04370, section 3
       and figure 4.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import SconeCNN
    >>> network = SconeCNN((32, 180, 2))
    >>> network(torch.zeros(8, 32, 180, 2)).shape
    torch.Size([8, 1])
    >>> sum(p.numel() for p in network.parameters())
    22441
    """

    def __init__(
        self,
        image_shape: Sequence[int],
        n_static: int = 0,
        n_outputs: int = 1,
        *,
        dropout: tuple[float, float] = (0.5, 0.3),
        momentum: float = 0.1,
    ) -> None:
        super().__init__()
        height, width, channels = image_shape
        half, quarter, width = -(-height // 2), -(-height // 4), -(-width // 4)
        self.image = nn.Sequential(
            WideConv(channels, height, momentum=momentum),
            WideConv(1, height, momentum=momentum),
            nn.MaxPool2d(2, ceil_mode=True),
            WideConv(1, half, momentum=momentum),
            WideConv(1, half, momentum=momentum),
            nn.MaxPool2d(2, ceil_mode=True),
            nn.Flatten(),
            nn.Dropout(dropout[0]),
        )
        self.head = nn.Sequential(
            nn.Linear(quarter * width + n_static, 32),
            nn.ReLU(),
            nn.Dropout(dropout[1]),
        )
        self.output = nn.Linear(32, n_outputs)
        self.head.apply(_initialize_as_keras)
        self.output.apply(_initialize_as_keras)

    def embed(self, image: Tensor, static: Tensor | None = None) -> Tensor:
        """Return the embeddings of a batch.

        Parameters
        ----------
        image : Tensor of shape (n, height, width, channels)
            Heat maps.

        static : Tensor of shape (n, n_static), default=None
            Static features.

        Returns
        -------
        embedding : Tensor of shape (n, 32)
        """
        features = self.image(image.permute(0, 3, 1, 2))
        if static is not None:
            features = torch.cat([features, static], dim=1)
        return self.head(features)


def _initialize_as_keras(layer: nn.Module) -> None:
    if isinstance(layer, nn.Linear):
        nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(layer.bias)
