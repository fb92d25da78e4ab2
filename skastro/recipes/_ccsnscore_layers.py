"""Parts of a taxonomy: the layers of CCSNscore."""

from collections.abc import Sequence

from skastro.taxonomy import Taxonomy

_NUMBERS = {"1": "Alert", "2": "SN", "3a": "H-rich", "3b": "H-poor"}


def layers_of(taxonomy: Taxonomy, layers: Sequence[str] | None = None) -> Taxonomy:
    """Return the part of a taxonomy that consists of some of its layers.

    Parameters
    ----------
    taxonomy : Taxonomy
        The whole taxonomy.

    layers : sequence of str, default=None
        Names of parent nodes, or the numbers that the original code has for them in the taxonomy
        SEDM; all by default.

    Returns
    -------
    tree : Taxonomy
        Its root is the highest layer.  The nodes below a layer that is left out become synonyms
        of its highest node.

    Raises
    ------
    ValueError
        A layer is not a parent node of the taxonomy, or is not connected to another one.

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
    unknown = sorted(wanted - set(parents))
    if unknown or not wanted:
        raise ValueError(
            f"make_ccsnscore: layers={list(layers)} must be parent nodes of the taxonomy: "
            f"{list(parents)}"
        )
    ordered = [node for node in taxonomy.nodes if node in wanted]
    lost = [n for n in ordered[1:] if taxonomy.parent(n) not in wanted]
    if lost:
        raise ValueError(
            f"make_ccsnscore: the layers {lost} are not connected to the others; train them alone, "
            f"or add the layers between"
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
