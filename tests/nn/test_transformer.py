"""Transformers: what is padded, later or simultaneous changes nothing."""

import numpy as np
import pytest
import torch
from torch import nn

from skastro.nn import (
    Attention,
    AttentionPooling,
    LightCurveAutoencoderNet,
    TimeEncoding,
    TransformerLayer,
    TransformerNet,
)
from skastro.nn._autoencoder import SequenceDecoder
from skastro.nn._observation import without_order


@pytest.fixture
def batch():
    torch.manual_seed(0)
    observations = torch.randn(3, 6, 12)
    observations[..., 0] = torch.rand(3, 6).sort(dim=1).values
    return observations, torch.tensor([[5, 2], [3, 1], [0, 0]]), torch.tensor([6, 4, 1])


NETS = [(c, p, n) for c in (True, False) for p in ("class", "mean", "max") for n in (True, False)]


@pytest.fixture(params=NETS, ids=str)
def net(request):
    torch.manual_seed(1)
    causal, pooling, norm_first = request.param
    options = {"causal": causal, "pooling": pooling, "norm_first": norm_first}
    return TransformerNet(12, 3, size=16, **options).eval()


def test_attention_is_that_of_torch():
    torch.manual_seed(0)
    own, other = Attention(8, n_heads=2).double(), nn.MultiheadAttention(8, 2, batch_first=True)
    other = other.double()
    weight = torch.cat([own.query.weight, own.key_value.weight])
    bias = torch.cat([own.query.bias, own.key_value.bias])
    other.load_state_dict(
        {
            "in_proj_weight": weight,
            "in_proj_bias": bias,
            "out_proj.weight": own.out.weight,
            "out_proj.bias": own.out.bias,
        }
    )
    q, t = torch.randn(2, 3, 8).double(), torch.randn(2, 5, 8).double()
    mask = torch.rand(2, 3, 5) > 0.4
    mask[..., 0] = True
    hidden = (~mask).repeat_interleave(2, dim=0)
    wanted, share = other(q, t, t, attn_mask=hidden)
    torch.testing.assert_close(own(q, t, mask), wanted)
    torch.testing.assert_close(own.importance(q, t, mask), share)


@pytest.mark.parametrize("norm_first", [True, False])
def test_layer_is_that_of_torch(norm_first):
    own = TransformerLayer(8, n_heads=2, feedforward_size=16, dropout=0, norm_first=norm_first)
    other = nn.TransformerEncoderLayer(
        8, 2, 16, 0.0, nn.functional.gelu, batch_first=True, norm_first=norm_first
    )
    attention = own.attention
    with torch.no_grad():
        weights = [attention.query.weight, attention.key_value.weight]
        other.self_attn.in_proj_weight.copy_(torch.cat(weights))
        biases = [attention.query.bias, attention.key_value.bias]
        other.self_attn.in_proj_bias.copy_(torch.cat(biases))
        other.self_attn.out_proj.load_state_dict(attention.out.state_dict())
        other.linear1.load_state_dict(own.feedforward[0].state_dict())
        other.linear2.load_state_dict(own.feedforward[2].state_dict())
    tokens = torch.randn(2, 5, 8)
    torch.testing.assert_close(own(tokens), other(tokens))


def test_padding_has_no_effect(net, batch):
    observations, positions, lengths = batch
    before = net(observations, positions, lengths)
    spoilt = observations.clone()
    for i, length in enumerate(lengths):
        spoilt[i, length:] = 77.0
    spoilt[:, :, 0] = torch.where(spoilt[:, :, 0] == 77, 0.0, spoilt[:, :, 0])
    empty = torch.full((3, 4, 12), 5.0)
    longer = torch.cat([spoilt, empty], dim=1)
    torch.testing.assert_close(net(longer, positions, lengths), before, atol=1e-6, rtol=0)
    alone = net(observations[1:2, :4], positions[1:2], lengths[1:2])
    torch.testing.assert_close(alone, before[1:2], atol=1e-6, rtol=0)


def test_later_observations_have_no_effect(net, batch):
    observations, positions, lengths = batch
    before = net(observations, positions, lengths)
    spoilt = observations.clone()
    spoilt[0, 3:, 1:] += 9
    after = net(spoilt, positions, lengths)
    torch.testing.assert_close(after[0, 1], before[0, 1], atol=1e-6, rtol=0)
    assert (after[0, 0] - before[0, 0]).abs().max() > 1e-3


def test_order_of_simultaneous_observations_has_no_effect(net, batch):
    observations, positions, lengths = batch
    observations[0, 1:4, 0] = observations[0, 1, 0]
    order = [0, 3, 1, 2, 4, 5]
    first, second = described(observations), described(observations[:, order])
    assert not torch.equal(first[0, :, 8], second[0, :, 8])
    before, after = net(first, positions, lengths), net(second, positions, lengths)
    torch.testing.assert_close(after[0], before[0], atol=1e-6, rtol=0)
    assert not torch.equal(
        described(observations)[0, :, 8], described(observations[:, order])[0, :, 8]
    )


def described(observations):
    """Fill in the features that follow from the previous observations."""
    found = observations.clone()
    found[..., 2] = observations[..., 0].diff(dim=1, prepend=observations[:, :1, 0])
    found[..., 8] = observations[..., 4].cummax(dim=1).values
    found[..., 9] = 3 * (found[..., 8] - observations[..., 4])
    return found


def test_simultaneous_observations_share_gap_and_highest():
    observations = torch.zeros(1, 5, 10)
    observations[0, :, 0] = torch.tensor([0.0, 2.0, 2.0, 5.0, 0.0])
    observations[0, :, 4] = torch.tensor([1.0, 1.0, 3.0, 2.0, 9.0])
    real = torch.tensor([[True, True, True, True, False]])
    found = without_order(described(observations), real)[0, :4]
    assert found[:, 2].tolist() == [0, 2, 2, 3]
    assert found[:, 8].tolist() == [1, 3, 3, 3]
    assert found[:, 9].tolist() == [0, 6, 0, 3]


def test_no_position_has_no_prediction(net, batch):
    observations, positions, lengths = batch
    positions = torch.tensor([[5, -1], [3, 3], [0, 0]])
    logits = net(observations, positions, lengths)
    assert logits[0, 1].isnan().all() and logits[0, 0].isfinite().all()
    torch.testing.assert_close(logits[1, 0], logits[1, 1])


def test_importance_is_a_distribution_over_visible_observations():
    pooling = AttentionPooling(8)
    seen = torch.tensor([[[True, True, False]]])
    share = pooling.importance(torch.randn(1, 3, 8), seen)
    assert share[0, 0, 2] == 0 and share.sum().item() == pytest.approx(1)


def test_time_encoding_is_relative():
    code = TimeEncoding(32)
    times = torch.tensor([3.0, 10.0, 503.0, 510.0])
    gram = code(times) @ code(times).T
    assert gram[0, 1].item() == pytest.approx(gram[2, 3].item(), abs=1e-3)
    np.testing.assert_allclose(gram.diagonal().detach(), 16, rtol=1e-5)


def test_embeddings_ignore_padding(batch):
    observations, _, lengths = batch
    net = LightCurveAutoencoderNet(12, 2, size=16).eval()
    codes = net.embed(observations, lengths)
    longer = torch.cat([observations, torch.ones(3, 2, 12)], dim=1)
    torch.testing.assert_close(net.embed(longer, lengths), codes, atol=1e-6, rtol=0)


def test_invalid_parameters_are_refused():
    with pytest.raises(ValueError, match="pooling"):
        TransformerNet(12, 3, pooling="first")
    with pytest.raises(ValueError, match="heads"):
        TransformerNet(12, 3, size=10)


def test_teacher_forcing_uses_only_earlier_true_values():
    torch.manual_seed(0)
    decoder = SequenceDecoder(4, 2, size=16, num_layers=2, n_heads=2, dropout=0.0).eval()
    code, days = torch.randn(3, 4), torch.linspace(0, 9, 7).expand(3, 7)
    bands, heights = torch.randn(3, 7, 2), torch.randn(3, 7)
    before = decoder(code, days, bands, heights)
    changed = heights.clone()
    changed[:, 4] += 5
    after = decoder(code, days, bands, changed)
    torch.testing.assert_close(after[:, :5], before[:, :5], atol=1e-6, rtol=0)
    assert (after[:, 5:] - before[:, 5:]).abs().min() > 1e-6


def test_without_true_values_the_decoder_continues_from_its_own():
    torch.manual_seed(0)
    decoder = SequenceDecoder(4, 2, size=16, num_layers=2, n_heads=2, dropout=0.0).eval()
    code, days, bands = (
        torch.randn(3, 4),
        torch.linspace(0, 9, 7).expand(3, 7),
        torch.zeros(3, 7, 2),
    )
    found = decoder(code, days, bands)
    torch.testing.assert_close(decoder(code, days, bands, found), found, atol=1e-5, rtol=0)
