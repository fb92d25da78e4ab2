"""Parts of a tree of classes: the layers of CCSNscore."""

from skastro.taxonomy import Taxonomy

_NUMBERS = {"1": "Alert", "2": "SN", "3a": "H-rich", "3b": "H-poor"}


def layers_of(taxonomy, layers=None):
    """Return the part of a tree that some of its layers make up.

    Parameters
    ----------
    taxonomy : Taxonomy
        The whole tree.

    layers : sequence of str, default=None
        Names of parent nodes, or the numbers of the seed in the tree SEDM; all by default.

    Returns
    -------
    tree : Taxonomy
        Its root is the highest layer.  What lies below a layer that is left out is a synonym of
        its highest node.

    Raises
    ------
    ValueError
        A layer is no parent in the tree, or hangs at no other one.

    Examples
    --------
    >>> from skastro.recipes._ccsnscore_layers import layers_of
    >>> from skastro.taxonomy import SEDM
    >>> tree = layers_of(SEDM, ("2", "3a"))
    >>> tree.leaves, tree.relabel(["Ib"]).tolist()
    (('H-poor', 'II', 'IIP', 'IIL', 'IIb', 'IIn', 'SLSN-II'), ['H-poor'])
    """
    if layers is None:
        return taxonomy
    wanted = {_NUMBERS.get(name, name) for name in layers}
    parents = {p: taxonomy.children(p) for p in taxonomy.nodes if taxonomy.children(p)}
    strange = sorted(wanted - set(parents))
    if strange or not wanted:
        raise ValueError(f"ccsnscore: no layers {strange} in the tree; there are {list(parents)}")
    ordered = [node for node in taxonomy.nodes if node in wanted]
    lost = [n for n in ordered[1:] if taxonomy.parent(n) not in wanted]
    if lost:
        raise ValueError(
            f"ccsnscore: the layers {lost} hang at no other one; train them alone, or name the "
            f"layers between"
        )
    edges = [(node, child) for node in ordered for child in parents[node]]
    leaves = {child for _, child in edges} - wanted
    below = {
        node: leaf
        for node in taxonomy.nodes
        for leaf in leaves.intersection(taxonomy.path(node)[:-1])
    }
    known = {ordered[0], *(child for _, child in edges)} | set(below)
    others = {
        name: below.get(node, node) for name, node in taxonomy.synonyms.items() if node in known
    }
    return Taxonomy.from_edges(edges, synonyms=below | others)
