"""Codecs of scikit-learn's compiled objects: decision trees, neighbour trees, losses."""

import numpy as np

from skastro.persistence._codec import Codec

_LOSSES = ("sklearn._loss._loss", "sklearn.linear_model._sgd_fast")
_MODULES = {"_loss": _LOSSES[0]}
"""Module that a compiled class of scikit-learn below 1.7 names -> its module."""

_METRICS = {"Euclidean": "euclidean", "Manhattan": "manhattan", "Chebyshev": "chebyshev"}
_NEIGHBOR_TREES = {"KDTree": "kd_tree", "BallTree": "ball_tree"}


def _write_tree(value, write, path):
    shape = [value.n_features, value.n_classes, value.n_outputs]
    return {"shape": write(shape, path), "state": write(value.__getstate__(), path)}


def _read_tree(node, read):
    from sklearn.tree._tree import NODE_DTYPE, Tree

    n_features, n_classes, n_outputs = read(node["shape"])
    state = read(node["state"])
    nodes = np.zeros(len(state["nodes"]), NODE_DTYPE)
    # Versions of scikit-learn differ in the fields of a node.
    for name in set(nodes.dtype.names) & set(state["nodes"].dtype.names):
        nodes[name] = state["nodes"][name]
    check_nodes(nodes, nodes["left_child"] != -1, ("left_child", "right_child"))
    feature = nodes["feature"][nodes["left_child"] != -1]
    if (feature < 0).any() or (feature >= n_features).any():
        raise ValueError("the file holds a decision tree that reads features that do not exist")
    tree = Tree(n_features, n_classes, n_outputs)
    tree.__setstate__(state | {"nodes": nodes})
    return tree


def check_nodes(nodes, inner, children):
    """Refuse decision trees whose compiled code would read outside its arrays or loop forever.

    Parameters
    ----------
    nodes : structured ndarray of shape (n_nodes,)
        Nodes, the root first; children follow their parents.

    inner : ndarray of bool of shape (n_nodes,)
        Nodes that have children.

    children : sequence of str
        Fields with the numbers of the children.

    Raises
    ------
    ValueError
        A child does not follow its parent, or does not exist.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.persistence._compiled import check_nodes
    >>> nodes = np.array([(0,)], [("left", int)])
    >>> check_nodes(nodes, np.array([True]), ["left"])
    Traceback (most recent call last):
    ...
    ValueError: the file holds a decision tree whose nodes are not in order
    """
    number = np.flatnonzero(inner)
    for name in children:
        child = nodes[name][inner]
        if (child <= number).any() or (child >= len(nodes)).any():
            raise ValueError("the file holds a decision tree whose nodes are not in order")


def _write_neighbors(value, write, path):
    state = value.__getstate__()
    data, leaf_size, metric = np.asarray(state[0]), int(state[4]), state[11]
    name = type(metric).__name__.removesuffix("64").removesuffix("Distance")
    if name not in {*_METRICS, "Minkowski"}:
        raise TypeError(f"{path} has the metric {name}, which a model file cannot hold")
    power = {"p": float(metric.p)} if name == "Minkowski" else {}
    parts = [data, leaf_size, _METRICS.get(name, "minkowski"), power]
    return {"kind": type(value).__name__.removesuffix("64"), "parts": write(parts, path)}


def _read_neighbors(node, read):
    """Rebuild the tree from its data, which reproduces it to the last bit."""
    from sklearn.neighbors import BallTree, KDTree

    data, leaf_size, metric, power = read(node["parts"])
    if node["kind"] not in _NEIGHBOR_TREES or set(power) - {"p"}:
        raise ValueError("the file holds an unknown kind of tree of neighbours")
    kind = BallTree if node["kind"] == "BallTree" else KDTree
    return kind(data, leaf_size=leaf_size, metric=metric, **power)


def _is_neighbors(value):
    kind = type(value)
    return kind.__module__.startswith("sklearn.neighbors._") and kind.__name__ in _NEIGHBOR_TREES


def _write_loss(value, write, path):
    cls, (made, arguments, *_) = type(value), value.__reduce__()
    arguments = arguments if made is cls else arguments[2]
    return {"module": _module(cls), "name": cls.__name__, "arguments": write(arguments, path)}


def _module(cls):
    return _MODULES.get(cls.__module__, cls.__module__)


def _read_loss(node, read):
    import importlib

    if node["module"] not in _LOSSES:
        raise ValueError(f"the file names a loss of {node['module']!r}, which is not allowed")
    cls = getattr(importlib.import_module(node["module"]), node["name"], None)
    arguments = read(node["arguments"])
    is_class = isinstance(cls, type) and _module(cls) == node["module"]
    if not is_class or not all(isinstance(a, int | float) for a in arguments):
        raise ValueError(f"the file names a loss {node['name']!r}, which does not exist")
    return cls(*arguments)


def _write_spline(value, write, path):
    parts = [value.t, value.c, value.k, value.extrapolate, value.axis]
    return {"parts": write(parts, path)}


def _read_spline(node, read):
    from scipy.interpolate import BSpline

    knots, coefficients, degree, extrapolate, axis = read(node["parts"])
    return BSpline(knots, coefficients, degree, extrapolate=extrapolate, axis=axis)


def _is(place):
    return lambda value: f"{type(value).__module__}:{type(value).__qualname__}" == place


COMPILED = (
    Codec("tree", _is("sklearn.tree._tree:Tree"), _write_tree, _read_tree),
    Codec("neighbors", _is_neighbors, _write_neighbors, _read_neighbors),
    Codec("loss", lambda v: _module(type(v)) in _LOSSES, _write_loss, _read_loss),
    Codec("spline", _is("scipy.interpolate._bsplines:BSpline"), _write_spline, _read_spline),
)
"""Codecs of compiled objects, which have no ``__dict__``."""
