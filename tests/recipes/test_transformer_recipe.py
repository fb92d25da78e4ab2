"""The transformer recipe."""

from skastro.datasets import make_bazin
from skastro.recipes import (
    TRANSFORMER_SIZES,
    make_transformer_autoencoder,
    make_transformer_classifier,
    make_transformer_forest,
    suggest_transformer,
)


class Last:
    def suggest_categorical(self, name, choices):
        return choices[-1]


def test_pretrained_classifier_and_forest():
    X, y = make_bazin(60, random_state=0)
    sizes = {"size": 16, "num_layers": 1, "feedforward_size": 16}
    options = {"max_epochs": 1, "random_state": 0}
    model = make_transformer_classifier(
        static=(), reference_column=None, sizes=sizes, pretrain=True, freeze=True, **options
    )
    model.set_params(pretrained__max_epochs=1).fit(X, y)
    assert model.pretrained_.net_.module_.encoder.size == 16
    assert model.pretrained.random_state == 0
    codes = make_transformer_autoencoder(sizes=sizes, **options)
    forest = make_transformer_forest(codes, n_estimators=5, random_state=0).fit(X, y)
    assert forest.predict_proba(X).shape == (60, 4)


def test_search_space():
    assert suggest_transformer(Last()) == {name: c[-1] for name, c in TRANSFORMER_SIZES.items()}
    assert suggest_transformer(Last(), {"size": [32]}) == {"size": 32}
