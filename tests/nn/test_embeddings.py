"""Every network is an embedding and a last layer."""

import pytest
import torch

from skastro.nn import (
    ClassifierNet,
    ComplexStampNet,
    FusionNet,
    GridTransformerNet,
    RecurrentNet,
    SconeCNN,
    SimpleStampNet,
    TransformerNet,
)

CURVES = torch.randn(3, 7, 12), torch.tensor([[6, 2], [3, 0], [1, -1]])
LENGTHS = torch.tensor([7, 4, 2])
CASES = {
    "recurrent": (RecurrentNet(12, 4), CURVES, {}),
    "oracle": (RecurrentNet(12, 4, embedding_size=0, head_sizes=()), CURVES, {}),
    "causal": (TransformerNet(12, 4), (*CURVES, LENGTHS), {}),
    "pooled": (TransformerNet(12, 4, causal=False, pooling="max"), (*CURVES, LENGTHS), {}),
    "scone": (SconeCNN((8, 12, 2), n_static=1), (torch.randn(3, 8, 12, 2),), {"n_static": 1}),
    "grid": (GridTransformerNet((6, 9, 2), 2), (torch.randn(3, 6, 9, 2),), {"n_static": 2}),
    "simple stamps": (SimpleStampNet((15, 15, 3)), (torch.randn(3, 15, 15, 3),), {}),
    "complex stamps": (ComplexStampNet((15, 15, 3), 1, width=0.1), (torch.randn(3, 15, 15, 3),),
                       {"n_static": 1}),
    "fusion": (FusionNet({"spectrum": (1, 32), "table": (4,)}, 2, hidden_sizes=()),
               (torch.randn(3, 1, 32), torch.randn(3, 4)), {}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_logits_are_the_last_layer_of_the_embedding(name):
    network, inputs, options = CASES[name]
    static = {"static": torch.randn(3, options["n_static"])} if options else {}
    assert isinstance(network.eval(), ClassifierNet)
    with torch.no_grad():
        embedding, logits = network.embed(*inputs, **static), network(*inputs, **static)
    assert embedding.shape == (*logits.shape[:-1], network.n_embedding)
    torch.testing.assert_close(network.output(embedding), logits, equal_nan=True)
    assert logits.shape[-1] == network.output.out_features


@pytest.mark.parametrize("name", ["recurrent", "causal", "pooled"])
def test_no_position_has_no_embedding(name):
    network, inputs, _ = CASES[name]
    missing = network.eval().embed(*inputs).isnan().all(dim=2)
    assert missing.tolist() == [[False, False], [False, False], [False, True]]
