"""Errors and warnings that name the objects they are about."""

import difflib
from collections.abc import Iterable
from typing import Any

_MOST_NAMED = 5


def name_objects(ids: Iterable[Any]) -> str:
    """Return a short text that names the first few of `ids` and counts the rest.

    Parameters
    ----------
    ids : iterable
        Identifiers, or any other values.

    Returns
    -------
    text : str

    Examples
    --------
    >>> from skastro.exceptions import name_objects
    >>> name_objects(["SN1", "SN2"])
    "'SN1', 'SN2'"
    >>> name_objects(range(8))
    '0, 1, 2, 3, 4 and 3 more'
    """
    ids = list(ids)
    named = ", ".join(repr(getattr(i, "item", lambda i=i: i)()) for i in ids[:_MOST_NAMED])
    return named if len(ids) <= _MOST_NAMED else f"{named} and {len(ids) - _MOST_NAMED} more"


def list_objects(ids: Iterable[Any]) -> str:
    """Return "object" or "objects" and the first few of `ids`, for messages.

    Parameters
    ----------
    ids : iterable
        Identifiers.

    Returns
    -------
    text : str

    Examples
    --------
    >>> from skastro.exceptions import list_objects
    >>> list_objects(["SN1"]), list_objects([3, 5])
    ("object 'SN1'", 'objects 3, 5')
    """
    ids = list(ids)
    return f"{'object' if len(ids) == 1 else 'objects'} {name_objects(ids)}"


def name_choices(wanted: str, known: Iterable[str]) -> str:
    """Return a short text that lists what there is instead of `wanted`, the most similar first.

    Parameters
    ----------
    wanted : str
        Name that does not exist.

    known : iterable of str
        Names that exist.

    Returns
    -------
    text : str

    Examples
    --------
    >>> from skastro.exceptions import name_choices
    >>> name_choices("redshift", ["dec", "mwebv", "peak_time", "ra", "type", "REDSHIFT"])
    "'dec', 'mwebv', 'peak_time', 'ra', 'type' and 1 more; did you mean 'REDSHIFT'?"
    >>> name_choices("mwebv", ["ra", "dec"])
    "'ra', 'dec'"
    """
    lower = {str(name).lower(): name for name in known}
    similar = difflib.get_close_matches(str(wanted).lower(), lower, n=1, cutoff=0.75)
    hint = f"; did you mean {lower[similar[0]]!r}?" if similar else ""
    return f"{name_objects(known)}{hint}"


class ObjectError(ValueError):
    """Some objects of the input cannot be used.

    Parameters
    ----------
    message : str
        What is wrong, starting with the estimator or reader and the column.

    ids : sequence, default=()
        Identifiers of the objects concerned; kept in full as attribute `ids`.

    Examples
    --------
    >>> from skastro.exceptions import ObjectError
    >>> raise ObjectError("Deredshift: column 'redshift' is negative", ["SN1"])
    Traceback (most recent call last):
    ...
    skastro.exceptions.ObjectError: Deredshift: column 'redshift' is negative (object 'SN1')
    """

    def __init__(self, message: str, ids: Iterable[Any] = ()):
        self.ids = list(ids)
        super().__init__(f"{message} ({list_objects(self.ids)})" if self.ids else message)


class FormatError(ValueError):
    """A file does not follow its format so far that reading it would cut objects wrongly.

    Examples
    --------
    >>> from skastro.exceptions import FormatError
    >>> issubclass(FormatError, ValueError)
    True
    """


class ObjectWarning(UserWarning):
    """Some objects get no prediction or a degraded one; the message names them.

    Examples
    --------
    >>> from skastro.exceptions import ObjectWarning
    >>> issubclass(ObjectWarning, UserWarning)
    True
    """


class UnclassifiedWarning(ObjectWarning):
    """Objects have no prediction; the message names them.

    Parameters
    ----------
    message : str
        What happened, starting with the estimator.

    ids : sequence, default=()
        Identifiers of the objects; kept in full as attribute `ids`.

    Examples
    --------
    >>> from skastro.exceptions import UnclassifiedWarning
    >>> str(UnclassifiedWarning("MyClassifier: 1 object is unclassified", ["SN1"]))
    "MyClassifier: 1 object is unclassified (object 'SN1')"
    """

    def __init__(self, message, ids=()):
        self.ids = list(ids)
        super().__init__(f"{message} ({list_objects(self.ids)})" if self.ids else message)


class DataShiftWarning(UserWarning):
    """New objects lie outside what a model was trained on.

    Examples
    --------
    >>> from skastro.exceptions import DataShiftWarning
    >>> issubclass(DataShiftWarning, UserWarning)
    True
    """
