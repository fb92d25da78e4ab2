"""Checks and conversions of the ways to specify a taxonomy."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Name = str | int
Edge = tuple[Name, Name]
Tree = Mapping | Sequence | None
Paths = pd.DataFrame | Iterable[Sequence]
Synonyms = Mapping[Name, Name] | None


def plain(name: Any) -> Name:
    """Return a name as a Python string or integer; raise ValueError for anything else."""
    name = name.item() if isinstance(name, np.generic) else name
    if isinstance(name, str | int) and name != "":
        return name
    raise ValueError(f"Taxonomy: names are strings or integers, not {name!r}")


def pairs(tree: Any) -> list[tuple[Name, Any]]:
    """Return the (name, subtree) pairs of one level."""
    if tree is None:
        return []
    if isinstance(tree, str):
        raise ValueError(f"Taxonomy: expected a mapping or a sequence of names, not {tree!r}")
    level = tree.items() if isinstance(tree, Mapping) else ((name, None) for name in tree)
    return [(plain(name), below) for name, below in level]


def grow(tree: Any, root: Any) -> tuple[tuple[Name, ...], NDArray[np.intp]]:
    """Return the names in breadth-first order and the number of the parent of each."""
    top = pairs(tree)
    if not top:
        raise ValueError("Taxonomy: the tree is empty")
    if root is None and len(top) == 1:
        root, tree = top[0]
    names, parents, subtrees = ["root" if root is None else plain(root)], [-1], [tree]
    for i, subtree in enumerate(subtrees):
        for name, below in pairs(subtree):
            names.append(name)
            parents.append(i)
            subtrees.append(below)
    repeated = {name for name in names if names.count(name) > 1}
    if repeated:
        raise ValueError(f"Taxonomy: duplicate names: {listed(repeated)}")
    return tuple(names), np.array(parents)


def check_synonyms(synonyms: Synonyms, nodes: tuple[Name, ...]) -> dict[Name, Name]:
    """Return synonyms as plain names; raise ValueError if they do not lead to a node."""
    synonyms = {plain(key): plain(value) for key, value in (synonyms or {}).items()}
    lost = [key for key, value in synonyms.items() if value not in nodes]
    if lost:
        raise ValueError(f"Taxonomy: synonyms of unknown nodes: {listed(lost)}")
    own = [key for key, value in synonyms.items() if key in nodes and key != value]
    if own:
        raise ValueError(f"Taxonomy: synonyms that are nodes themselves: {listed(own)}")
    return synonyms


def from_edges(edges: Iterable[Edge]) -> dict[Name, dict]:
    """Turn (parent, child) pairs into a nested mapping."""
    children: dict[Name, dict] = {}
    parents: dict[Name, Name] = {}
    for above, below in ((plain(a), plain(b)) for a, b in edges):
        if parents.setdefault(below, above) != above:
            raise ValueError(
                f"Taxonomy: {below!r} has two parents, {parents[below]!r} and {above!r}"
            )
        children.setdefault(above, {})[below] = None
    roots = [name for name in children if name not in parents]
    if len(roots) != 1:
        reason = f"several roots {roots}" if roots else "a cycle and no root"
        raise ValueError(f"Taxonomy: the edges have {reason}")
    tree, reached = _hang(roots[0], children)
    lost = [name for name in parents if name not in reached]
    if lost:
        raise ValueError(f"Taxonomy: the edges contain a cycle among {lost}")
    return tree


def _hang(root: Name, children: dict[Name, dict]) -> tuple[dict[Name, dict], dict[Name, dict]]:
    tree: dict[Name, dict] = {root: {}}
    reached = dict(tree)
    for name in (order := [root]):
        for child in children.get(name, ()):
            reached[name][child] = reached[child] = {}
            order.append(child)
    return tree, reached


def edges_of_graph(graph: Any) -> list[Edge]:
    """Return the edges of a directed, connected networkx graph."""
    if not graph.is_directed():
        raise ValueError("Taxonomy: the graph must be directed, from parent to child")
    alone = [node for node in graph.nodes if graph.degree(node) == 0]
    if alone:
        raise ValueError(f"Taxonomy: nodes without parent and child: {alone}")
    return list(graph.edges)


def edges_of_paths(paths: Any, root: Name) -> list[Edge]:
    """Return the edges of a table of paths, padded at their ends."""
    rows = paths.itertuples(index=False) if hasattr(paths, "itertuples") else paths
    edges: list[Edge] = []
    for row in rows:
        names = _without_padding(list(row))
        names = names if names[0] == root else [root, *names]
        edges += list(zip(names, names[1:]))
    return edges


def _without_padding(row: list) -> list[Name]:
    names = [name for name in row if not _is_padding(name)]
    if not names:
        raise ValueError("Taxonomy: a path is empty")
    if names != row[: len(names)]:
        raise ValueError(f"Taxonomy: a path has a gap: {row}")
    return [plain(name) for name in names]


def _is_padding(name: Any) -> bool:
    return name is None or name == "" or (isinstance(name, float) and np.isnan(name))


def descend(
    groups: Mapping[int, NDArray], node_proba: NDArray, threshold: float
) -> NDArray[np.intp]:
    """Return the last node on the way down to the best child that reaches the threshold."""
    here = np.zeros(len(node_proba), int)
    for parent, children in groups.items():
        rows = np.flatnonzero(here == parent)
        shares = np.nan_to_num(node_proba[np.ix_(rows, children)], nan=-np.inf)
        best = shares.argmax(axis=1)
        confident = shares[np.arange(len(rows)), best] >= threshold
        here[rows[confident]] = children[best[confident]]
    return here


def branches(
    nodes: tuple[Name, ...], groups: Mapping[int, Iterable[int]], number: int = 0
) -> Iterator[str]:
    """Return the lines below a node in a drawing of the tree."""
    children = list(groups.get(number, ()))
    for i, child in enumerate(children):
        last = i == len(children) - 1
        yield ("└── " if last else "├── ") + str(nodes[child])
        for line in branches(nodes, groups, int(child)):
            yield ("    " if last else "│   ") + line


def listed(names: Iterable[Name]) -> str:
    """Return the first ten names as a string."""
    texts = sorted(map(repr, names))
    return ", ".join(texts[:10]) + (f" and {len(texts) - 10} more" if len(texts) > 10 else "")
