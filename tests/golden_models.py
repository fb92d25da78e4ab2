"""Small fitted models of every network and recipe whose predictions are kept as golden data."""

import numpy as np
from sklearn.datasets import make_classification

from skastro.datasets import make_bazin, make_light_curves, make_spectra, make_stamps
from skastro.neural_network import (
    DeepEnsembleClassifier,
    HeatmapCNNClassifier,
    MultimodalClassifier,
    RecurrentClassifier,
    StampCNNClassifier,
    TransformerAutoencoder,
    TransformerClassifier,
)
from skastro.nn import HierarchicalCrossEntropy
from skastro.recipes import (
    ccsnscore_table,
    make_ccsnscore,
    make_oracle,
    make_realbogus,
    make_realbogus_classifier,
    make_scone,
    make_scone_features,
    make_transformer_classifier,
    predict_proba_at,
)
from skastro.taxonomy import Taxonomy

TREE = Taxonomy({"Alert": {"SN": ["SNIa", "SNII"], "RRL": None}})
INPUTS = {"curve": (1, 16), "numbers": (4,)}


def dense_rows():
    """60 rows of 20 numbers, three classes."""
    X, y = make_classification(60, 20, n_informative=8, n_classes=3, random_state=0)
    return X.astype(np.float32), y


def light_curves():
    return make_light_curves(60, classes=["SNIa", "SNII", "RRL"], random_state=0)


def spectra():
    return make_spectra(60, classes=["Ia", "II", "Ib"], random_state=0)


def stamps():
    X, y, _ = make_stamps(120, image_shape=(15, 15, 3), random_state=0)
    return X, y


def heatmap_cnn():
    X, y = dense_rows()
    return HeatmapCNNClassifier(max_epochs=3, random_state=0).fit(X, y).predict_proba(X)


def multimodal():
    X, y = dense_rows()
    model = MultimodalClassifier(inputs=INPUTS, max_epochs=3, random_state=0)
    return model.fit(X, y).predict_proba(X)


def multimodal_samples():
    X, y = dense_rows()
    model = MultimodalClassifier(inputs=INPUTS, max_epochs=3, random_state=0)
    return model.fit(X, y).predict_proba_samples(X, 5).mean(axis=0)


def recurrent():
    X, y = light_curves()
    model = RecurrentClassifier(static=["redshift"], max_epochs=3, random_state=0).fit(X, y)
    return model.predict_proba_at(X, [5, 60])


def recurrent_tree():
    X, y = light_curves()
    loss = HierarchicalCrossEntropy(TREE, alpha=0.5, node_weight="balanced")
    model = RecurrentClassifier(criterion=loss, max_epochs=3, random_state=0).fit(X, y)
    return model.predict_proba(X)


def transformer():
    X, y = light_curves()
    model = TransformerClassifier(max_epochs=2, random_state=0).fit(X, y)
    return model.predict_proba_at(X, [5, 60])


def autoencoder():
    X, _ = make_bazin(40, random_state=0)
    return TransformerAutoencoder(max_epochs=2, random_state=0).fit(X).transform(X)


def stamp_simple():
    X, y = stamps()
    model = StampCNNClassifier(image_shape=(15, 15, 3), max_epochs=2, random_state=0)
    return model.fit(X, y).predict_proba(X)


def ensemble():
    X, y = dense_rows()
    member = HeatmapCNNClassifier(max_epochs=2)
    model = DeepEnsembleClassifier(member, n_estimators=2, random_state=0).fit(X, y)
    return model.predict_proba(X)


def scone():
    X, y = light_curves()
    grid = {"n_times": 16, "n_wavelengths": 4, "engine": "numpy"}
    model = make_scone(max_epochs=2, with_redshift=True, peak=None, random_state=0, **grid)
    return model.fit(X, y).predict_proba(X)


def scone_features():
    X, _ = light_curves()
    grid = {"n_times": 16, "n_wavelengths": 4, "engine": "numpy"}
    return make_scone_features(statistics=True, peak=None, **grid).fit_transform(X)


def oracle():
    X, y = light_curves()
    model = make_oracle(taxonomy=TREE, max_epochs=2, random_state=0).fit(X, y)
    return predict_proba_at(model, X, days=[5, 60])


def transformer_recipe():
    X, y = make_bazin(40, random_state=0)
    model = make_transformer_classifier(
        static=(), reference_column=None, max_epochs=2, random_state=0
    ).fit(X, y)
    return model.predict_proba(X)


def ccsnscore():
    X, y = spectra()
    return make_ccsnscore(max_epochs=2, random_state=0).fit(X, y).predict_proba(X)


def ccsnscore_scores():
    X, y = spectra()
    model = make_ccsnscore(max_epochs=2, random_state=0).fit(X, y)
    return ccsnscore_table(model, X).select_dtypes("number").to_numpy()


def real_bogus():
    X, y = stamps()
    model = make_realbogus_classifier(image_shape=(15, 15, 3), max_epochs=2, random_state=0)
    return model.fit(X, y).predict_proba(X)


def two_stage_real_bogus():
    X, y = stamps()
    model = make_realbogus(image_shape=(15, 15, 3), cv=2, max_epochs=2, width=0.25, random_state=0)
    return model.fit(X, y).predict_proba(X)


MODELS = {
    function.__name__: function
    for function in (
        heatmap_cnn,
        multimodal,
        multimodal_samples,
        recurrent,
        recurrent_tree,
        transformer,
        autoencoder,
        stamp_simple,
        ensemble,
        scone,
        scone_features,
        oracle,
        transformer_recipe,
        ccsnscore,
        ccsnscore_scores,
        real_bogus,
        two_stage_real_bogus,
    )
}
