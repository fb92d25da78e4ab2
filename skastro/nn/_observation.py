"""Names of the features that describe one observation of a light curve."""

from enum import IntEnum

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
