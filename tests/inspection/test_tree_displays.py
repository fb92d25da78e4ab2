"""Pictures of trees and of confusion at their levels."""

import matplotlib
import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.metrics import confusion_matrix, f1_score

from skastro.inspection import ConfusionByLevelDisplay, TaxonomyDisplay
from skastro.taxonomy import ELASTICC, Taxonomy

matplotlib.use("Agg")
TREE = Taxonomy({"Alert": {"SN": {"Ia": None, "II": ["IIn", "IIP"]}, "AGN": None}})
Y_TRUE = ["Ia", "Ia", "IIn", "IIP", "AGN", "SN"]
Y_PRED = ["Ia", "IIn", "IIn", "II", "Ia", "SN"]


@pytest.fixture(autouse=True)
def close_figures():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def written(display):
    return dict(zip(display.taxonomy.nodes, (text.get_text() for text in display.texts_)))


def test_counts_include_everything_below():
    display = TaxonomyDisplay.from_labels(Y_TRUE, TREE)
    assert written(display) == {
        "Alert": "Alert  6",
        "SN": "SN  5",
        "AGN": "AGN  1",
        "Ia": "Ia  2",
        "II": "II  2",
        "IIn": "IIn  1",
        "IIP": "IIP  1",
    }


def test_scores_are_those_of_the_nodes():
    display = TaxonomyDisplay.from_predictions(Y_TRUE, Y_PRED, TREE)
    is_sn = [[label != "AGN" for label in labels] for labels in (Y_TRUE, Y_PRED)]
    assert display.values[1] == pytest.approx(f1_score(*is_sn))
    assert written(display)["SN"] == f"SN  {f1_score(*is_sn):.2f}"
    assert written(display)["Alert"] == "Alert"
    purity = TaxonomyDisplay.from_predictions(Y_TRUE, Y_PRED, TREE, score="precision")
    assert written(purity)["Ia"] == "Ia  0.50" and written(purity)["AGN"] == "AGN"
    assert purity.figure_.axes[-1].get_ylabel() == "precision"


def test_options_reach_the_picture():
    display = TaxonomyDisplay.from_labels(
        Y_TRUE, TREE, name="weighted", values_format=".1f", cmap="Reds", sample_weight=[0.5] * 6
    )
    assert written(display)["Alert"] == "Alert  3.0"
    assert display.figure_.axes[-1].get_ylabel() == "weighted"


def test_names_alone():
    display = TaxonomyDisplay(TREE).plot()
    assert written(display) == {name: name for name in TREE.nodes}
    assert len(display.figure_.axes) == 1


@pytest.mark.parametrize("tree", [TREE, ELASTICC], ids=["small", "ELASTICC"])
def test_no_text_overlaps_another(tree):
    y = np.repeat(tree.leaves, 1000)
    display = TaxonomyDisplay.from_labels(y, tree)
    display.figure_.canvas.draw()
    boxes = [text.get_bbox_patch().get_window_extent() for text in display.texts_]
    pairs = [(a, b) for i, a in enumerate(boxes) for b in boxes[:i]]
    assert not any(a.overlaps(b) for a, b in pairs)
    area = display.figure_.bbox
    assert all(area.x0 <= box.x0 and box.x1 <= area.x1 for box in boxes)
    assert all(area.y0 <= box.y0 and box.y1 <= area.y1 for box in boxes)


def test_children_stand_beside_their_parent_in_order():
    display = TaxonomyDisplay(ELASTICC).plot()
    place = {n: t.get_position() for n, t in zip(ELASTICC.nodes, display.texts_)}
    for parent, child in ELASTICC.edges:
        assert place[child][0] == place[parent][0] + 1
    below = [place[name][1] for name in ELASTICC.children("SN")]
    assert below == sorted(below, reverse=True)
    assert place["SN"][1] == pytest.approx(np.mean([below[0], below[-1]]))


def test_unknown_score_is_refused():
    with pytest.raises(ValueError, match="'accuracy'"):
        TaxonomyDisplay.from_predictions(Y_TRUE, Y_PRED, TREE, score="accuracy")


def test_confusion_of_each_level():
    y_true, y_pred = Y_TRUE[:5], ["Ia", "IIn", "IIn", "IIP", "Ia"]
    display = ConfusionByLevelDisplay.from_predictions(y_true, y_pred, TREE, normalize=None)
    assert list(display.displays_) == [1, 2, 3]
    for depth, drawn in display.displays_.items():
        expected = confusion_matrix(
            TREE.at_depth(y_true, depth), TREE.at_depth(y_pred, depth), labels=drawn.display_labels
        )
        np.testing.assert_array_equal(drawn.confusion_matrix, expected)
    titles = [drawn.ax_.get_title() for drawn in display.displays_.values()]
    assert titles == [f"level {depth} (objects)" for depth in (1, 2, 3)]


@pytest.mark.parametrize("normalize", ["true", "pred", "all"])
def test_normalisation_is_that_of_scikit_learn(normalize):
    y_pred = [*Y_PRED[:4], None, "SN"]
    display = ConfusionByLevelDisplay.from_predictions(
        Y_TRUE, y_pred, TREE, normalize=normalize, depths=[2]
    )
    drawn = display.displays_[2]
    assert drawn.display_labels == ["AGN", "Ia", "II", "unclassified"]
    expected = confusion_matrix(
        ["Ia", "Ia", "II", "II", "AGN"],
        ["Ia", "II", "II", "II", "unclassified"],
        labels=drawn.display_labels,
        normalize=normalize,
    )
    np.testing.assert_allclose(drawn.confusion_matrix, expected)


def test_confusion_of_an_estimator_in_given_axes():
    import matplotlib.pyplot as plt

    X = np.zeros((5, 1))
    model = DummyClassifier(strategy="constant", constant="Ia").fit(X, Y_TRUE[:5])
    _, axes = plt.subplots(1, 2)
    display = ConfusionByLevelDisplay.from_estimator(
        model, X, Y_TRUE[:5], TREE, depths=[1, 3], axes=axes
    )
    assert display.figure_ is axes[0].figure
    np.testing.assert_array_equal(display.displays_[1].confusion_matrix, [[1, 0], [1, 0]])


def test_unknown_normalisation_is_refused():
    with pytest.raises(ValueError, match="'rows'"):
        ConfusionByLevelDisplay.from_predictions(Y_TRUE, Y_PRED, TREE, normalize="rows")
