"""Transformers over observations: classify, or first learn from light curves without labels.

After Allam & McEwen 2021 (arXiv:2105.06178) and Pasquet et al. 2019 (arXiv:1901.01298).
"""

from functools import partial

from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline

from skastro.neural_network import TransformerAutoencoder, TransformerClassifier
from skastro.nn import LightCurveAutoencoderNet, TransformerNet

SEED_SIZES = {
    "num_layers": [6, 8, 10],
    "feedforward_size": [64, 512],
    "size": [64, 512],
    "n_heads": [4, 8],
    "dropout": [0.0, 0.1, 0.2],
}
"""Grid of the sizes that :func:`suggest_transformer` draws from by default."""


def make_transformer_classifier(*, sizes=None, pretrain=False, freeze=False, **parameters):
    """Make the classifier, with an auto-encoder of the same sizes before it if wanted.

    Parameters
    ----------
    sizes : dict, default=None
        num_layers, feedforward_size, size, n_heads, dropout of the transformers.

    pretrain : bool, default=False
        Train an auto-encoder on the light curves of `fit` first.

    freeze : bool, default=False
        Leave the pre-trained encoder as it is.

    **parameters
        Others of :class:`skastro.neural_network.TransformerClassifier`.

    Returns
    -------
    classifier : TransformerClassifier

    Examples
    --------
    >>> from skastro.recipes import make_transformer_classifier
    >>> make_transformer_classifier(pretrain=True, freeze=True).pretrained.code_size
    16
    """
    sizes = sizes or {}
    shared = ("band_encoding", "survey", "reference_column", "column", "random_state")
    encoder = None
    if pretrain:
        encoder = make_transformer_autoencoder(
            sizes=sizes, **{name: parameters[name] for name in shared if name in parameters}
        )
    return TransformerClassifier(
        module=partial(TransformerNet, **sizes),
        pretrained=encoder,
        freeze_encoder=freeze,
        **parameters,
    )


def make_transformer_autoencoder(*, sizes=None, **parameters):
    """Make the auto-encoder; parameters as :func:`make_transformer_classifier`.

    Examples
    --------
    >>> from skastro.recipes import make_transformer_autoencoder
    >>> make_transformer_autoencoder(alpha=0.3).alpha
    0.3
    """
    module = partial(LightCurveAutoencoderNet, **(sizes or {}))
    return TransformerAutoencoder(module=module, **parameters)


def make_transformer_forest(autoencoder=None, *, n_estimators=300, random_state=None):
    """Make a pipeline of codes without labels and a random forest over them.

    Examples
    --------
    >>> from skastro.recipes import make_transformer_forest
    >>> [name for name, _ in make_transformer_forest().steps]
    ['transformerautoencoder', 'randomforestclassifier']
    """
    autoencoder = autoencoder or make_transformer_autoencoder(random_state=random_state)
    forest = RandomForestClassifier(n_estimators, random_state=random_state)
    return make_pipeline(autoencoder, forest)


def suggest_transformer(trial, sizes=None):
    """Draw the sizes of a transformer in an Optuna trial.

    Parameters
    ----------
    trial : optuna.Trial
        Anything with ``suggest_categorical(name, choices)``.

    sizes : dict of str -> list, default=None
        Choices of each; `SEED_SIZES` by default.

    Returns
    -------
    sizes : dict
        For :func:`make_transformer_classifier`.

    Examples
    --------
    >>> from skastro.recipes import suggest_transformer
    >>> class First:
    ...     def suggest_categorical(self, name, choices):
    ...         return choices[0]
    >>> suggest_transformer(First())["num_layers"]
    6
    """
    choices = SEED_SIZES if sizes is None else sizes
    return {name: trial.suggest_categorical(name, values) for name, values in choices.items()}
