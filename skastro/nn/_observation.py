"""Features of the observations of a light curve, and which observations precede others."""

from enum import IntEnum

import torch
from torch import Tensor

DAYS_SCALE = 100.0
HEIGHT_SCALE = 3.0


class ObservationFeature(IntEnum):
    """Columns of the features of one observation, in the order in which networks read them.

    The features of the band follow after these columns.  A *height* is the asinh of a flux divided
    by the flux scale of the training set; it is divided by ``HEIGHT_SCALE = 3`` where noted.

    Attributes
    ----------
    DAYS
        Days after the reference date, divided by ``DAYS_SCALE = 100``.

    LOG_DAYS
        Signed logarithm of the days after the reference date, ``sign(t) log(1 + |t|) / 3``.

    LOG_GAP
        The same of the days since the previous observation.

    LOG_SINCE_DETECTION
        The same of the days since the first detection; 0 before it.

    HEIGHT
        Height of the flux, divided by 3.

    LOG_ERROR
        Logarithm of the flux error divided by the flux scale.

    SIGNAL_TO_NOISE
        Asinh of flux / error, divided by 3.

    DETECTED
        1 for a detection, otherwise 0.

    HIGHEST
        Largest height so far, divided by 3.

    BELOW_HIGHEST
        Largest height so far minus the height of this observation.

    Examples
    --------
    >>> from skastro.nn import ObservationFeature
    >>> len(ObservationFeature), ObservationFeature.HEIGHT.value
    (10, 4)
    """

    DAYS = 0
    LOG_DAYS = 1
    LOG_GAP = 2
    LOG_SINCE_DETECTION = 3
    HEIGHT = 4
    LOG_ERROR = 5
    SIGNAL_TO_NOISE = 6
    DETECTED = 7
    HIGHEST = 8
    BELOW_HIGHEST = 9


def without_order(observations: Tensor, real: Tensor) -> Tensor:
    """Make the features of simultaneous observations independent of their order.

    Parameters
    ----------
    observations : Tensor of shape (n_objects, n_observations, n_inputs)
        In ascending order of time, with the features of :class:`ObservationFeature` first.

    real : Tensor of bool of shape (n_objects, n_observations)
        False for padding and for observations that must not be used.

    Returns
    -------
    observations : Tensor of the same shape
        The time since the previous observation is that since the last earlier date, and the
        largest height so far includes all simultaneous observations.

    Examples
    --------
    >>> import torch
    >>> from skastro.nn._observation import without_order
    >>> pair = torch.zeros(1, 2, 10)
    >>> pair[0, :, 4] = pair[0, :, 8] = torch.tensor([1.0, 2.0])
    >>> without_order(pair, torch.ones(1, 2, dtype=torch.bool))[0, :, 8:].tolist()
    [[2.0, 3.0], [2.0, 0.0]]
    """
    times = observations[..., ObservationFeature.DAYS].masked_fill(~real, torch.inf)
    number = torch.arange(times.shape[1], device=times.device).expand_as(times)
    begins = torch.ones_like(real)
    begins[:, 1:] = times[:, 1:] != times[:, :-1]
    first = number.where(begins, 0).cummax(dim=1).values
    ends = begins.roll(-1, dims=1)
    last = number.where(ends, times.shape[1]).flip(1).cummin(dim=1).values.flip(1)
    features = list(observations.unbind(dim=2))
    gap, highest = ObservationFeature.LOG_GAP, ObservationFeature.HIGHEST
    features[gap] = features[gap].gather(1, first)
    features[highest] = features[highest].gather(1, last)
    below = HEIGHT_SCALE * (features[highest] - features[ObservationFeature.HEIGHT])
    features[ObservationFeature.BELOW_HIGHEST] = below
    return torch.stack(features, dim=2)


def visible(times: Tensor, positions: Tensor, lengths: Tensor) -> Tensor:
    """Return which observations are not later than the one at each position.

    Parameters
    ----------
    times : Tensor of shape (n_objects, n_observations)
        In ascending order in each object up to its length.

    positions : Tensor of int of shape (n_objects, n_positions)
        Numbers of observations, below the lengths.

    lengths : Tensor of int of shape (n_objects,)
        Number of observations; the rest is padding and never visible.

    Returns
    -------
    seen : Tensor of bool, shape (n_objects, n_positions, n_observations)

    Examples
    --------
    >>> import torch
    >>> from skastro.nn._observation import visible
    >>> times = torch.tensor([[0.0, 5.0, 5.0, 9.0, 0.0]])
    >>> visible(times, torch.tensor([[0, 1]]), torch.tensor([4])).int().tolist()
    [[[1, 0, 0, 0, 0], [1, 1, 1, 0, 0]]]
    """
    until = times.gather(1, positions)
    real = torch.arange(times.shape[1], device=times.device) < lengths[:, None]
    return (times[:, None, :] <= until[:, :, None]) & real[:, None, :]
