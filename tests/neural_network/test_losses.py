"""Any criterion of torch trains a network; a mean loss is refused."""

import numpy as np
import pytest
import torch

from skastro.neural_network import HeatmapCNNClassifier


@pytest.mark.parametrize(
    "criterion",
    [
        torch.nn.CrossEntropyLoss,
        torch.nn.CrossEntropyLoss(label_smoothing=0.1, reduction="none"),
        torch.nn.BCEWithLogitsLoss,
        torch.nn.BCEWithLogitsLoss(pos_weight=torch.tensor(3.0), reduction="none"),
    ],
)
def test_two_classes_with_any_criterion(data, criterion):
    X, y = data
    y = y == "SNIa"
    model = HeatmapCNNClassifier(image_shape=(4, 8, 2), criterion=criterion, random_state=0)
    p = model.set_params(lr=2e-2, max_epochs=50).fit(X, y, np.ones(120)).predict_proba(X)
    np.testing.assert_allclose(p.sum(1), 1, atol=1e-6)
    assert model.score(X, y) > 0.85


def test_one_logit_and_two_logits_learn_the_same_function(data):
    X, y = data
    options = {
        "image_shape": (4, 8, 2),
        "random_state": 0,
        "validation": None,
        "lr": 2e-2,
        "max_epochs": 50,
    }
    one = HeatmapCNNClassifier(**options).fit(X, y == "SNIa")
    two = HeatmapCNNClassifier(**options, criterion=torch.nn.CrossEntropyLoss).fit(X, y == "SNIa")
    assert one.net_.module_.output.out_features == 1
    assert two.net_.module_.output.out_features == 2
    assert np.corrcoef(one.predict_proba(X)[:, 1], two.predict_proba(X)[:, 1])[0, 1] > 0.95


class MeanLoss(torch.nn.Module):
    """A loss without the parameter `reduction`."""

    def forward(self, logits, codes):
        return torch.nn.functional.cross_entropy(logits, codes)


def test_a_mean_loss_is_refused(data, model):
    with pytest.raises(ValueError, match="reduction='none'"):
        model.set_params(criterion=MeanLoss()).fit(*data)


def test_an_instance_of_a_loss_stays_as_it_is(data, model):
    criterion = torch.nn.CrossEntropyLoss()
    model.set_params(criterion=criterion).fit(*data)
    assert criterion.reduction == "mean" and model.net_.criterion_.loss is not criterion
