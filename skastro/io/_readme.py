"""README files of SNANA simulations: names of types, wavelengths of filters."""

import re
from dataclasses import dataclass
from pathlib import Path

from skastro.surveys import Survey, get_survey, list_surveys

_NUMBER = re.compile(r"^(-?\d+)\s*:\s*(.+)$")
_FILTER = re.compile(r"^([\w/+-]+)\s*:\s*([\d.]+)$")


@dataclass(frozen=True)
class SimulationReadme:
    """What a simulation README says.

    Parameters
    ----------
    types : dict of int -> str
        GENTYPE_TO_NAME: name of each simulated type.

    survey : Survey or None
        Bands with the mean wavelengths of the FILTERS block, None without one.

    Examples
    --------
    >>> from skastro.io import SimulationReadme
    >>> SimulationReadme({21: "SNIIn"}, None).types[21]
    'SNIIn'
    """

    types: dict
    survey: Survey | None


def read_readme(path, *, survey="README"):
    r"""Read names of types and wavelengths of filters from a simulation README.

    The files look like YAML without being it (tabs, several values a line), so that blocks are
    found by their key and end where the pattern of their lines ends.

    Parameters
    ----------
    path : str or Path
        The README.

    survey : str, default="README"
        Name of the survey that is made of the filters; the PHOTFLAG bits of a registered survey
        of this name are taken over.

    Returns
    -------
    readme : SimulationReadme

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from skastro.io import read_readme
    >>> text = "GENTYPE_TO_NAME:\n  21: nonIa SNIIn X\nFILTERS: # mean (A)\n  g: 4827.7\n"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "SIM.README"
    ...     _ = path.write_text(text)
    ...     readme = read_readme(path)
    >>> readme.types, readme.survey.wavelengths
    ({21: 'SNIIn'}, {'g': 4827.7})
    """
    lines = [_clean(line) for line in Path(path).read_text(errors="replace").splitlines()]
    types = {}
    for number, text in _block(lines, "GENTYPE_TO_NAME", _NUMBER):
        words = text.split()
        types[int(number)] = words[1] if len(words) > 1 else words[0]
    wavelengths = {band: float(value) for band, value in _block(lines, "FILTERS", _FILTER)}
    if not wavelengths:
        return SimulationReadme(types, None)
    known = survey.lower() in [name.lower() for name in list_surveys()]
    flags = get_survey(survey).photflag if known else {}
    return SimulationReadme(types, Survey(survey, wavelengths, flags))


def _clean(line):
    return line.split("#")[0].replace("\t", " ").strip()


def _block(lines, key, pattern):
    """Return the matches of the lines that follow the first line `key:`."""
    if f"{key}:" not in lines:
        return []
    found = []
    for line in lines[lines.index(f"{key}:") + 1 :]:
        match = pattern.match(line)
        if match is None and line:
            break
        if match is None and found:
            break
        found += [match.groups()] if match else []
    return found
