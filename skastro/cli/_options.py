"""Options of commands: made from the signatures of the recipes, or read from a YAML file."""

import difflib
import inspect
import re
from pathlib import Path
from typing import Any

import click
import yaml

from skastro.cli import unknown

_PARTS = ("make_{}", "make_{}_features", "make_{}_classifier")
_NOT_OPTIONS = {"self", "verbose"}


class Value(click.ParamType):
    """A value of any kind, written as in YAML: 3, 0.5, true, null, [g, r], {SN: [Ia, II]}."""

    name = "value"

    def convert(self, value, param, ctx):
        """Parse text; other values stay."""
        if not isinstance(value, str):
            return value
        try:
            return yaml.safe_load(value)
        except yaml.YAMLError:
            return value


def recipe_names() -> list[str]:
    """Return the systems that have `make_<system>`, its features and its classifier.

    Examples
    --------
    >>> from skastro.cli._options import recipe_names
    >>> "scone" in recipe_names()
    True
    """
    from skastro import recipes

    found = re.findall(r"\bmake_(\w+)_features\b", " ".join(recipes.__all__))
    return [name for name in found if all(hasattr(recipes, part.format(name)) for part in _PARTS)]


def check_recipe(name: str) -> str:
    """Return the name of a recipe with underscores.

    Raises
    ------
    click.UsageError
        There is no such recipe; the message lists all and suggests the most similar one.

    Examples
    --------
    >>> from skastro.cli._options import check_recipe
    >>> check_recipe("scone")
    'scone'
    """
    recipe, known = name.replace("-", "_"), recipe_names()
    if recipe not in known:
        raise unknown("recipe", name, known)
    return recipe


def make(recipe: str):
    """Return the function that makes a recipe.

    Examples
    --------
    >>> from skastro.cli._options import make
    >>> make("oracle").__name__
    'make_oracle'
    """
    from skastro import recipes

    return getattr(recipes, _PARTS[0].format(recipe))


def recipe_parameters(recipe: str) -> dict[str, tuple[Any, str]]:
    """Return the named parameters of a recipe: default and one sentence each.

    Examples
    --------
    >>> from skastro.cli._options import recipe_parameters
    >>> "random_state" in recipe_parameters("scone")
    True
    """
    from skastro import recipes

    found: dict[str, tuple[Any, str]] = {}
    for part in _PARTS:
        function = getattr(recipes, part.format(recipe))
        texts = parameter_texts(inspect.getdoc(function) or "")
        for name, parameter in inspect.signature(function).parameters.items():
            if parameter.kind is not parameter.VAR_KEYWORD and name not in _NOT_OPTIONS:
                known = found.get(name, (parameter.default, ""))
                found[name] = (known[0], known[1] or texts.get(name, ""))
    return found


def parameter_texts(doc: str) -> dict[str, str]:
    r"""Return the first sentence about each parameter of a numpydoc docstring.

    Examples
    --------
    >>> from skastro.cli._options import parameter_texts
    >>> parameter_texts("Parameters\n----------\na, b : int\n    Number.  More.")
    {'a': 'Number.', 'b': 'Number.'}
    """
    section = re.search(r"Parameters\n-+\n(.*?)(?:\n\n\w[^\n]*\n-+\n|\Z)", doc, re.S)
    texts: dict[str, str] = {}
    for entry in re.split(r"\n(?=\S)", section.group(1)) if section else ():
        names, *lines = entry.splitlines()
        text = " ".join(line.strip() for line in lines if line.strip())
        sentence = re.split(r"(?<=\.)\s", text)[0]
        sentence = re.sub(r":\w+:`~?([^`]*)`", r"\1", sentence).replace("`", "")
        texts |= {name.strip(): sentence for name in names.split(" : ")[0].split(",")}
    return texts


def read_config(path: Path) -> dict[str, Any]:
    """Return the mapping of a YAML file.

    Raises
    ------
    ValueError
        The file is not YAML, or not a mapping.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from skastro.cli._options import read_config
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "run.yaml"
    ...     _ = path.write_text("max_epochs: 3")
    ...     read_config(path)
    {'max_epochs': 3}
    """
    try:
        found = yaml.safe_load(Path(path).read_text())
    except yaml.YAMLError as error:
        raise ValueError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(found, dict):
        raise ValueError(f"{path}: expected a mapping of names to values")
    return found


def check_names(given, known, where: str) -> None:
    """Raise ValueError for unknown names and suggest the nearest known one.

    Raises
    ------
    ValueError
        A name is not known.

    Examples
    --------
    >>> from skastro.cli._options import check_names
    >>> check_names(["max_epoch"], ["max_epochs", "lr"], "run.yaml")
    Traceback (most recent call last):
    ...
    ValueError: run.yaml: unknown name 'max_epoch'; did you mean 'max_epochs'?
    """
    for name in given:
        if name not in known:
            close = difflib.get_close_matches(str(name), known, 1)
            hint = f"; did you mean {close[0]!r}?" if close else f"; known: {sorted(known)}"
            raise ValueError(f"{where}: unknown name {name!r}{hint}")


def values_of(recipe: str, given: dict[str, Any]) -> dict[str, Any]:
    """Convert values as written to what a recipe takes: taxonomies by name or as a tree.

    Raises
    ------
    ValueError
        An unknown taxonomy.

    Examples
    --------
    >>> from skastro.cli._options import values_of
    >>> values_of("oracle", {"taxonomy": {"SN": ["Ia", "II"]}})["taxonomy"].leaves
    ('Ia', 'II')
    """
    from skastro import taxonomy

    values = dict(given)
    tree = values.get("taxonomy")
    if isinstance(tree, str):
        known = [name for name in taxonomy.__all__ if name.isupper()]
        check_names([tree], known, "--taxonomy")
        values["taxonomy"] = getattr(taxonomy, tree)
    elif isinstance(tree, dict | list):
        values["taxonomy"] = taxonomy.Taxonomy(tree)
    return values


def pairs_of(words) -> dict[str, Any]:
    """Return names and values of words such as ``lr=0.01``.

    Raises
    ------
    ValueError
        A word has no equals sign.

    Examples
    --------
    >>> from skastro.cli._options import pairs_of
    >>> pairs_of(["lr=0.01", "optimizer=SGD"])
    {'lr': 0.01, 'optimizer': 'SGD'}
    """
    found = {}
    for word in words or ():
        name, equals, text = word.partition("=")
        if not equals:
            raise ValueError(f"--parameter: expected NAME=VALUE, not {word!r}")
        found[name.strip()] = Value().convert(text, None, None)
    return found


def plain_values(given: dict[str, Any]) -> dict[str, Any]:
    """Return values as YAML can write them.

    Examples
    --------
    >>> from skastro.cli._options import plain_values
    >>> plain_values({"days": (0, 5), "survey": "LSST"})
    {'days': [0, 5], 'survey': 'LSST'}
    """
    return {name: list(v) if isinstance(v, tuple) else v for name, v in given.items()}
