"""Why an object has or has not been fitted."""

from enum import IntEnum


class Status(IntEnum):
    """Outcome of one object; everything but ``OK`` leaves NaN in its place.

    ========================  =====================================================================
    ``OK``                    fitted or predicted
    ``NO_OBSERVATIONS``       the object is empty
    ``TOO_FEW``               fewer observations than `min_observations`
    ``NOT_FINITE``            a time, wavelength or flux is NaN or infinite
    ``INVALID_ERROR``         an error is NaN, infinite or negative
    ``FLAT``                  every flux equals the mean function: the likelihood has its maximum
                              at amplitude zero
    ``SINGULAR``              the covariance has no Cholesky factor: errors of zero at repeated
                              observations without an error floor
    ``NO_REFERENCE``          the reference time or a hyperparameter is not finite
    ========================  =====================================================================

    Examples
    --------
    >>> from skastro.gaussian_process import Status
    >>> Status(5).label
    'flat'
    >>> Status.NO_OBSERVATIONS.label
    'no observations'
    """

    OK = 0
    NO_OBSERVATIONS = 1
    TOO_FEW = 2
    NOT_FINITE = 3
    INVALID_ERROR = 4
    FLAT = 5
    SINGULAR = 6
    NO_REFERENCE = 7

    @property
    def label(self):
        """The name in lower case with blanks."""
        return self.name.lower().replace("_", " ")
