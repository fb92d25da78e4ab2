"""Trees: every way to write one down gives the same tree, and wrong ones are refused."""

import copy
import pickle

import networkx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skastro.datasets import make_light_curves
from skastro.exceptions import ObjectError
from skastro.io import PLASTICC_CLASSES
from skastro.taxonomy import CCSN, ELASTICC, SEDM, SUPERNOVA, Taxonomy

NESTED = {"Alert": {"SN": {"Ia": None, "II": ["IIn", "IIP"]}, "AGN": []}}
EDGES = [
    ("Alert", "SN"),
    ("Alert", "AGN"),
    ("SN", "Ia"),
    ("SN", "II"),
    ("II", "IIn"),
    ("II", "IIP"),
]
PATHS = [["SN", "Ia", None], ["AGN", "", ""], ["SN", "II", "IIn"], ["SN", "II", "IIP"]]


@st.composite
def parents(draw):
    n = draw(st.integers(2, 25))
    return [draw(st.integers(0, i - 1)) for i in range(1, n)]


def from_parents(numbers):
    return Taxonomy.from_edges([(f"n{p}", f"n{i}") for i, p in enumerate(numbers, start=1)])


@pytest.mark.parametrize(
    "tree",
    [
        Taxonomy.from_edges(EDGES),
        Taxonomy.from_edges(EDGES[::-1]),
        Taxonomy.from_networkx(networkx.DiGraph(EDGES)),
        Taxonomy.from_paths(PATHS, root="Alert"),
        Taxonomy.from_paths(pd.DataFrame(PATHS).replace("", np.nan), root="Alert"),
        Taxonomy.from_paths([["Alert", *row] for row in PATHS], root="Alert"),
        Taxonomy.from_json(Taxonomy(NESTED).to_json()),
        Taxonomy({"SN": NESTED["Alert"]["SN"], "AGN": None}, root="Alert"),
        copy.deepcopy(Taxonomy(NESTED)),
        pickle.loads(pickle.dumps(Taxonomy(NESTED))),
    ],
)
def test_same_tree_from_every_form(tree):
    assert set(tree.edges) == set(EDGES)
    assert set(tree.leaves) == {"AGN", "Ia", "IIn", "IIP"}
    assert tree.root == "Alert"
    assert tree.path("IIn") == ("Alert", "SN", "II", "IIn")


def test_order_and_relations():
    tree = Taxonomy(NESTED)
    assert tree.nodes == ("Alert", "SN", "AGN", "Ia", "II", "IIn", "IIP")
    assert tree.parents.tolist() == [-1, 0, 0, 1, 1, 4, 4]
    assert tree.depths.tolist() == [0, 1, 1, 2, 2, 3, 3]
    assert tree.leaves == ("AGN", "Ia", "IIn", "IIP")
    assert {k: v.tolist() for k, v in tree.groups.items()} == {0: [1, 2], 1: [3, 4], 4: [5, 6]}
    assert tree.parent("Ia") == "SN" and tree.parent("Alert") is None
    assert tree.ancestors("Alert") == ()
    assert tree.children("II") == ("IIn", "IIP") and tree.children("AGN") == ()
    assert tree.leaves_below("SN") == ("Ia", "IIn", "IIP")
    assert tree.leaves_below("Ia") == ("Ia",)
    assert tree.is_leaf("AGN") and not tree.is_leaf("II")


@settings(max_examples=50, deadline=None)
@given(parents())
def test_identities(numbers):
    tree = from_parents(numbers)
    assert (tree.parents[1:] < np.arange(1, len(tree.nodes))).all()
    assert (np.diff(tree.depths) >= 0).all()
    for name in tree.nodes:
        path = tree.path(name)
        assert path[0] == tree.root and path[-1] == name
        assert len(path) == tree.depths[tree.numbers([name])[0]] + 1
        assert all(tree.parent(below) == above for above, below in zip(path, path[1:]))
    below = np.concatenate([*tree.groups.values()])
    assert sorted(below) == list(range(1, len(tree.nodes)))
    assert Taxonomy.from_json(tree.to_json()) == tree
    assert hash(Taxonomy.from_json(tree.to_json())) == hash(tree)
    assert str(tree).count("\n") == len(tree.nodes) - 1


@settings(max_examples=50, deadline=None)
@given(parents(), st.integers(0, 2**31))
def test_probabilities_of_children_sum_to_their_parent(numbers, seed):
    tree = from_parents(numbers)
    leaf = np.random.default_rng(seed).dirichlet(np.ones(len(tree.leaves)), size=3)
    node = tree.node_proba(leaf)
    np.testing.assert_allclose(node[:, 0], 1)
    np.testing.assert_array_equal(node[:, tree.leaf_numbers], leaf)
    for parent, children in tree.groups.items():
        np.testing.assert_allclose(node[:, children].sum(1), node[:, parent])
    assert (tree.deepest(node, 1.1) == 0).all()
    greedy = tree.deepest(node, 0.0)
    assert np.isin(greedy, tree.leaf_numbers).all()


def test_deepest_never_descends_on_nan():
    tree = Taxonomy(NESTED)
    node = np.full((1, len(tree.nodes)), np.nan)
    assert tree.deepest(node, 0.0).tolist() == [0]


def test_labels():
    assert ELASTICC.relabel(["SNIa-SALT3", "SN"]).tolist() == ["SNIa", "SN"]
    assert ELASTICC.at_depth(["SNII", "AGN"], 1).tolist() == ["Transient", "Variable"]
    with pytest.raises(ValueError, match="'XYZ'.*not in the tree"):
        ELASTICC.numbers(["SNIa", "XYZ"])
    tree = Taxonomy({0: [1, 2]})
    assert tree.numbers(np.array([2, 0, 1])).tolist() == [2, 0, 1]
    assert ELASTICC.numbers(pd.Series(["AGN"], dtype="category")).tolist() == [7]
    assert len(ELASTICC.numbers([])) == 0


def test_presets():
    assert (len(ELASTICC.nodes), len(ELASTICC.leaves)) == (26, 19)
    assert ELASTICC.nodes[:8] == (
        *("Alert", "Transient", "Variable", "SN", "Fast", "Long", "Periodic", "AGN"),
    )
    assert SEDM.path("IIn") == ("Alert", "SN", "H-rich", "IIn")
    assert CCSN.relabel(["IIP"]).tolist() == ["II"]
    assert SUPERNOVA.leaves_below("Thermonuclear") == ("SNIa", "SNIax", "SNI91bg")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Taxonomy({}), "empty"),
        (lambda: Taxonomy({"a": {"b": ["c"], "d": ["c"]}}), "duplicate names: 'c'"),
        (lambda: Taxonomy({"a": "bc"}), "sequence of names"),
        (lambda: Taxonomy({"a": [1.5]}), "strings or integers"),
        (lambda: Taxonomy.from_edges([("a", "b"), ("c", "b")]), "two parents"),
        (lambda: Taxonomy.from_edges([("a", "b"), ("c", "d")]), "several roots"),
        (lambda: Taxonomy.from_edges([("a", "b"), ("b", "a")]), "cycle"),
        (lambda: Taxonomy.from_edges([("r", "s"), ("a", "b"), ("b", "a")]), "cycle among"),
        (lambda: Taxonomy.from_edges([]), "no root"),
        (lambda: Taxonomy.from_paths([["a", None, "b"]]), "gap"),
        (lambda: Taxonomy.from_paths([[None]]), "path is empty"),
        (lambda: Taxonomy.from_networkx(networkx.Graph([("a", "b")])), "directed"),
        (lambda: Taxonomy({"a": ["b"]}, synonyms={"x": "c"}), "unknown nodes"),
        (lambda: Taxonomy({"a": ["b", "c"]}, synonyms={"b": "c"}), "nodes themselves"),
    ],
)
def test_wrong_trees_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_orphan_in_a_graph():
    graph = networkx.DiGraph([("a", "b")])
    graph.add_node("lost")
    with pytest.raises(ValueError, match="lost"):
        Taxonomy.from_networkx(graph)


def test_deep_trees_need_no_recursion():
    tree = Taxonomy.from_edges([(i, i + 1) for i in range(1500)])
    assert tree.depths[-1] == 1500


def test_integer_names_below_a_text_stay_integers():
    tree = Taxonomy({"Alert": {"SN": [90, 42], "AGN": None}})
    assert tree.relabel([42, 90]).tolist() == [42, 90]
    assert tree.names([0, 3]).tolist() == ["Alert", 90]
    assert Taxonomy({1: [2, 3]}).names([0, 2]).dtype.kind == "i"


@pytest.mark.parametrize(
    "labels",
    [
        [None, "Ia"],
        [np.nan, "Ia"],
        np.array([np.nan, "Ia"]),
        pd.array([None, "Ia"], dtype="string"),
        pd.Series([None, "Ia"], dtype="category"),
    ],
    ids=repr,
)
def test_a_missing_label_is_named(labels):
    with pytest.raises(ObjectError, match="Taxonomy: y holds .*label.*object 0"):
        Taxonomy(NESTED).numbers(labels)


def test_numbers_among_text_stay_numbers():
    tree = Taxonomy({"Alert": {"SN": [90, 42], "AGN": None}})
    assert tree.numbers(["AGN", 42, 90, "AGN"]).tolist() == [2, 4, 3, 2]
    with pytest.raises(ValueError, match="'90'"):
        tree.numbers(["AGN", "90"])


def test_columns_of_a_frame_are_read_by_name():
    tree = Taxonomy({"all": ["a", "b"]})
    frame = pd.DataFrame([[0.9, 0.1]], columns=["b", "a"])
    assert tree.node_proba(frame).tolist() == [[1.0, 0.1, 0.9]]
    assert tree.node_proba(frame, classes=["a", "b"]).tolist() == [[1.0, 0.1, 0.9]]
    assert tree.node_proba(frame.to_numpy()).tolist() == [[1.0, 0.9, 0.1]]


def test_json_keeps_numbers_as_synonyms():
    tree = Taxonomy({"SN": ["Ia", "II"]}, synonyms={90: "Ia"})
    assert Taxonomy.from_json(tree.to_json()) == tree


# SIM_TYPE_NAME of the simulations in SNANA layout that come with the tests of the package.
SIMULATED = ["AGN", "EB", "KN", "Mdwarf-flare", "RRL", "SLSN-I", "SNII", "SNIa", "SNIa-91bg"]
SIMULATED += ["SNIax", "SNIbc", "TDE", "uLens"]


def test_simulators_surveys_and_elasticc_agree_on_names():
    simulated = set(make_light_curves(200, random_state=0)[1].tolist())
    challenge = set(PLASTICC_CLASSES.values()) - {"Mira"}
    for names in (simulated, SIMULATED, challenge):
        assert set(ELASTICC.relabel(sorted(names)).tolist()) <= set(ELASTICC.leaves)
    assert ELASTICC.relabel(["SNIbc", "SLSN-I"]).tolist() == ["SNIb/c", "SLSN"]
    assert SUPERNOVA.leaves_below("SNIbc") == ("SNIb", "SNIc", "SNIc-BL")
