"""The command-line flags of the SEDM classifier: what each means here, or why it means nothing."""

from typing import Any

FLAGS = {
    "--traintablepath": "data",
    "--testtablepath": "skastro predict MODEL TABLE",
    "--imgpath": "output",
    "--no-deredshifting": "deredshift: false",
    "--resolution": "resolution",
    "--lcphase": "phase_length",
    "--auglimit": "n_per_class",
    "--layers": "layers",
    "--exclude-augmented": "n_per_class: null",
    "--channels": "channels",
    "--usetunedmodel": "skastro tune writes a configuration for skastro fit --config",
    "--usetrainedmodel": "skastro predict MODEL TABLE",
    "--epochs": "max_epochs",
    "--batch": "parameter: {batch_size: N}",
    "--opt": "parameter: {optimizer: Adam or SGD}",
    "--preprocess": "light curves are interpolated when they are read",
    "--tune": "skastro tune ccsnscore TABLE",
    "--overwrite": "--overwrite",
    "-ow": "--overwrite",
    "--noshowplot": "pictures are files, none is shown",
    "--onlytest": "skastro evaluate MODEL TABLE",
}
"""Flag of the original script -> name or command of skastro."""

_VALUES = {
    "--traintablepath": "data",
    "--imgpath": "output",
    "--resolution": "resolution",
    "--lcphase": "phase_length",
    "--auglimit": "n_per_class",
    "--epochs": "max_epochs",
}
_OPTIMIZERS = {"adam": "Adam", "sgd": "SGD"}


def translate(words: list[str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the configuration of skastro for the flags of the SEDM script.

    Parameters
    ----------
    words : list of str
        The command line after the name of the script.

    Returns
    -------
    configuration : dict
        For ``skastro fit ccsnscore --config``.

    ignored : dict of str -> str
        Flags that are another command here, or mean nothing.

    Raises
    ------
    ValueError
        A flag is not one of the script's, or has no value.

    Examples
    --------
    >>> from skastro.cli._sedm import translate
    >>> translate(["--resolution", "128", "--opt", "sgd", "--tune"])[0]
    {'recipe': 'ccsnscore', 'resolution': 128, 'parameter': {'optimizer': 'SGD'}}
    """
    from skastro.cli._options import check_names

    found: dict[str, Any] = {"recipe": "ccsnscore"}
    ignored = {}
    for flag, values in _split(words):
        check_names([flag], list(FLAGS), "SEDM flags")
        if flag in _VALUES:
            found[_VALUES[flag]] = _number(_only(flag, values))
        elif flag == "--no-deredshifting":
            found["deredshift"] = False
        elif flag == "--exclude-augmented":
            found["n_per_class"] = None
        elif flag in ("--layers", "--channels"):
            found[flag[2:]] = values
        elif flag == "--batch":
            found.setdefault("parameter", {})["batch_size"] = _number(_only(flag, values))
        elif flag == "--opt":
            found.setdefault("parameter", {})["optimizer"] = _OPTIMIZERS[_only(flag, values)]
        else:
            ignored[flag] = FLAGS[flag]
    return found, ignored


def _split(words):
    """Return flags with the words that follow each."""
    found: list[tuple[str, list[str]]] = []
    for word in words:
        if word.startswith("-") and not word.lstrip("-").isdigit():
            found.append((word, []))
        elif not found:
            raise ValueError(f"SEDM flags: {word!r} stands before any flag")
        else:
            found[-1][1].append(word)
    return found


def _only(flag, values):
    if len(values) != 1:
        raise ValueError(f"SEDM flags: {flag} expects one value, not {values}")
    return values[0]


def _number(text):
    return int(text) if text.lstrip("-").isdigit() else text
