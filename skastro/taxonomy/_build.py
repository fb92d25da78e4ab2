"""Checks and conversions of the ways to write down a tree of classes."""

from collections.abc import Mapping

import numpy as np


def plain(name):
    """Return Python's own text or integer of a name; anything else is an error."""
    name = name.item() if isinstance(name, np.generic) else name
    if isinstance(name, str | int) and name != "":
        return name
    raise ValueError(f"Taxonomy: names are text or integers, not {name!r}")


def pairs(tree):
    """Return the (name, subtree) pairs of one level."""
    if tree is None:
        return []
    if isinstance(tree, str):
        raise ValueError(f"Taxonomy: expected a mapping or a sequence of names, not {tree!r}")
    level = tree.items() if isinstance(tree, Mapping) else ((name, None) for name in tree)
    return [(plain(name), below) for name, below in level]


def from_edges(edges):
    """Turn (parent, child) pairs into a nested mapping."""
    children, parents = {}, {}
    for above, below in ((plain(a), plain(b)) for a, b in edges):
        if parents.setdefault(below, above) != above:
            raise ValueError(
                f"Taxonomy: {below!r} has two parents, {parents[below]!r} and {above!r}"
            )
        known = children.setdefault(above, {})
        known[below] = None
    roots = [name for name in children if name not in parents]
    if len(roots) != 1:
        trouble = f"several roots {roots}" if roots else "a cycle and no root"
        raise ValueError(f"Taxonomy: the edges have {trouble}")
    tree, reached = _hang(roots[0], children)
    lost = [name for name in parents if name not in reached]
    if lost:
        raise ValueError(f"Taxonomy: the edges hold a cycle among {lost}")
    return tree


def _hang(root, children):
    tree = {root: {}}
    reached = dict(tree)
    for name in (order := [root]):
        for child in children.get(name, ()):
            reached[name][child] = reached[child] = {}
            order.append(child)
    return tree, reached


def edges_of_graph(graph):
    """Return the edges of a directed networkx graph whose nodes all hang together."""
    if not graph.is_directed():
        raise ValueError("Taxonomy: the graph must be directed, from parent to child")
    alone = [node for node in graph.nodes if graph.degree(node) == 0]
    if alone:
        raise ValueError(f"Taxonomy: nodes without parent and child: {alone}")
    return list(graph.edges)


def edges_of_paths(paths, root):
    """Return the edges of a table of paths, padded at their ends."""
    rows = paths.itertuples(index=False) if hasattr(paths, "itertuples") else paths
    edges = []
    for row in rows:
        names = _without_padding(list(row))
        names = names if names[0] == root else [root, *names]
        edges += list(zip(names, names[1:]))
    return edges


def _without_padding(row):
    names = [name for name in row if not _is_padding(name)]
    if not names:
        raise ValueError("Taxonomy: an empty path")
    if names != row[: len(names)]:
        raise ValueError(f"Taxonomy: a path has a gap: {row}")
    return [plain(name) for name in names]


def _is_padding(name):
    return name is None or name == "" or (isinstance(name, float) and np.isnan(name))


def listed(names):
    """Return the first ten names as text."""
    names = sorted(map(repr, names))
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
