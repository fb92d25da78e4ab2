"""README files of SNANA simulations: names of types, wavelengths of filters."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from skastro.io._content import naming, read_bytes
from skastro.surveys import Survey, find_survey

_NUMBER = re.compile(r"^(-?\d+)\s*:\s*(.+)$")
_FILTER = re.compile(r"^([\w/+-]+)\s*:\s*([\d.]+)$")
_IA = {"ia": True, "nonia": False}


@dataclass(frozen=True)
class SimulationReadme:
    """Contents of a simulation README.

    Parameters
    ----------
    types : dict of int -> str
        GENTYPE_TO_NAME: name of each simulated type.

    survey : Survey or None
        Bands with the mean wavelengths of the FILTERS block, None without one.

    is_ia : dict of int -> bool, default={}
        Column (non)Ia of GENTYPE_TO_NAME: whether each simulated type is a type Ia supernova.

    Examples
    --------
    >>> from skastro.io import SimulationReadme
    >>> SimulationReadme({21: "SNIIn"}, None, {21: False}).types[21]
    'SNIIn'
    """

    types: Mapping[int, str]
    survey: Survey | None
    is_ia: Mapping[int, bool] = field(default_factory=dict)


def read_readme(path: str | Path, *, survey: str = "README") -> SimulationReadme:
    r"""Read names of types and wavelengths of filters from a simulation README.

    The files look like YAML without being it (tabs, several values per line), so blocks are found
    by their key and end where the pattern of their lines ends.

    Parameters
    ----------
    path : str or Path
        The README.

    survey : str, default="README"
        Name of the survey that is built from the filters; it takes the PHOTFLAG bits of the
        registered survey of this name, if there is one.

    Returns
    -------
    readme : SimulationReadme

    Raises
    ------
    FormatError
        A wavelength is not a number.

    See Also
    --------
    read_snana : Uses the README next to the HEAD file; ``types="Ia"`` reads `is_ia`.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from skastro.io import read_readme
    >>> text = "GENTYPE_TO_NAME:\n  21: nonIa SNIIn X\nFILTERS: # mean (A)\n  g: 4827.7\n"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "SIM.README"
    ...     _ = path.write_text(text)
    ...     readme = read_readme(path)
    >>> readme.types, readme.is_ia, readme.survey.wavelengths
    ({21: 'SNIIn'}, {21: False}, {'g': 4827.7})
    """
    text = read_bytes(path).decode("utf-8-sig", errors="replace")
    lines = [_clean(line) for line in text.splitlines()]
    types, is_ia = {}, {}
    for number, entry in _block(lines, "GENTYPE_TO_NAME", _NUMBER):
        words = entry.split()
        types[int(number)] = words[1] if len(words) > 1 else words[0]
        if words[0].lower() in _IA and len(words) > 1:
            is_ia[int(number)] = _IA[words[0].lower()]
    with naming(path):
        wavelengths = {band: float(value) for band, value in _block(lines, "FILTERS", _FILTER)}
    if not wavelengths:
        return SimulationReadme(types, None, is_ia)
    known = find_survey(survey)
    flags = known.photflag if known is not None else {}
    return SimulationReadme(types, Survey(survey, wavelengths, flags), is_ia)


def _clean(line):
    return line.split("#")[0].replace("\t", " ").strip()


def _block(lines, key, pattern):
    """Return the matches of the lines that follow the first line `key:`."""
    if f"{key}:" not in lines:
        return []
    found = []
    for line in lines[lines.index(f"{key}:") + 1 :]:
        match = pattern.match(line)
        if match is None and (line or found):
            break
        found += [match.groups()] if match else []
    return found
