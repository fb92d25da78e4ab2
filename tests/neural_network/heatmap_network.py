"""The weights of a trained network."""

import torch


def weights(model):
    return {k: v.clone() for k, v in model.net_.module_.state_dict().items()}


def same(a, b):
    return all(torch.equal(a[k], b[k]) for k in a)
