"""Residual blocks with filter-response normalisation and squeeze-excitation."""

import torch
from torch import Tensor, nn


class FilterResponseNorm(nn.Module):
    r"""Divide each channel by its own root mean square, object by object.

    .. math:: y = \max\left(\gamma \frac{x}{\sqrt{\nu^2 + |\epsilon|}} + \beta,\ \tau\right),
              \quad \nu^2 = \langle x^2 \rangle_\mathrm{pixels},

    with four learned numbers per channel.  Other objects of the batch have no effect.

    Parameters
    ----------
    n_channels : int
        Number of channels.

    epsilon : float, default=1e-6
        Initial value of the learned epsilon.

    References
    ----------
    .. [1] S. Singh, S. Krishnan, "Filter Response Normalization Layer", arXiv:1911.09737.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import FilterResponseNorm
    >>> FilterResponseNorm(1)(torch.tensor([[[[3.0, 4.0, 0.0, 5.0]]]])).mul(100).round().tolist()
    [[[[85.0, 113.0, 0.0, 141.0]]]]
    """

    def __init__(self, n_channels: int, epsilon: float = 1e-6) -> None:
        super().__init__()
        shape = (n_channels, 1, 1)
        self.gamma = nn.Parameter(torch.ones(shape))
        self.beta = nn.Parameter(torch.zeros(shape))
        self.tau = nn.Parameter(torch.zeros(shape))
        self.epsilon = nn.Parameter(torch.full(shape, epsilon))

    def forward(self, images: Tensor) -> Tensor:
        """Return images of the same shape (n, channels, height, width)."""
        power = images.square().mean((-2, -1), keepdim=True) + self.epsilon.abs()
        return torch.maximum(self.gamma * images * power.rsqrt() + self.beta, self.tau)


class SqueezeExcitation(nn.Module):
    """Weight channels by their means and pixels by their channels, and add both.

    Parameters
    ----------
    n_channels : int
        Number of channels.

    References
    ----------
    .. [1] A. Roy, N. Navab, C. Wachinger, "Concurrent Spatial and Channel Squeeze & Excitation",
       arXiv:1803.02579.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import SqueezeExcitation
    >>> SqueezeExcitation(4)(torch.zeros(1, 4, 3, 3)).shape
    torch.Size([1, 4, 3, 3])
    """

    def __init__(self, n_channels: int) -> None:
        super().__init__()
        self.pixels = nn.Sequential(nn.Conv2d(n_channels, 1, 1), nn.Sigmoid())
        self.channels = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
            nn.Linear(n_channels, n_channels // 2),
            nn.ReLU(),
            nn.Linear(n_channels // 2, n_channels),
            nn.Sigmoid(),
        )

    def forward(self, images: Tensor) -> Tensor:
        """Return images of the same shape (n, channels, height, width)."""
        return images * self.pixels(images) + images * self.channels(images)[:, :, None, None]


class ResidualBlock(nn.Module):
    """Normalise and convolve twice, weight, and add the input through a 1x1 convolution.

    Parameters
    ----------
    n_in, n_out : int
        Numbers of input and output channels.

    stride : int, default=1
        Stride of the first convolution and of the convolution of the input.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn import ResidualBlock
    >>> ResidualBlock(4, 6, stride=2)(torch.zeros(1, 4, 7, 7)).shape
    torch.Size([1, 6, 4, 4])
    """

    def __init__(self, n_in: int, n_out: int, stride: int = 1) -> None:
        super().__init__()
        self.residual = nn.Sequential(
            FilterResponseNorm(n_in),
            nn.Conv2d(n_in, n_in, 3, stride, padding=1),
            FilterResponseNorm(n_in),
            nn.Conv2d(n_in, n_out, 3, padding=1),
            SqueezeExcitation(n_out),
        )
        self.skip = nn.Conv2d(n_in, n_out, 1, stride)

    def forward(self, images: Tensor) -> Tensor:
        """Return images (n, n_out, height, width), with sides divided by the stride."""
        return self.skip(images) + self.residual(images)
