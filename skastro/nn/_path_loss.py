"""The hierarchical cross-entropy and its gradient in compiled code, for the processor.

A label needs the softmax of the few sibling groups on its path and nothing else, and the gradient
falls out of the same exponentials.  Written with tensors, the same sum takes some forty small
operations.  Two things make the loops fast: node numbers are unsigned, so that no index has to be
asked whether it is negative, and rows are not taken out as views, whose references are counted.
"""

import numpy as np
import torch
from numba import njit

from skastro.utils._compiled_exp import LOOSE, exp_negative

ONE = np.uint64(1)


def sibling_table(taxonomy):
    """Return the parent of each node, and the first and the end of its siblings' logits.

    Unsigned, of shape (3, n_nodes).
    """
    parent, first, stop = table = np.zeros((3, len(taxonomy.nodes)), np.uint64)
    for number, children in taxonomy.groups.items():
        parent[children] = number
        first[children], stop[children] = min(children) - 1, max(children)
    return table


@njit(cache=True, nogil=True)
def shift(logits, numbers, table, weight, losses, shifted):
    """Write the logits of all siblings on the paths, one after the other, less their maximum.

    The maximum less the node's own logit goes into `losses`, of one element an object or one.
    NaN and infinity, which the exponential does not know, make it NaN.  Returns the number of
    siblings.
    """
    n_siblings = np.uint64(0)
    for i in range(len(logits)):
        node, loss, unknown = np.uint64(numbers[i]), 0.0, logits.dtype.type(0.0)
        if node >= table.shape[1]:
            raise IndexError("HierarchicalCrossEntropy: a label is not the number of a node")
        while node > 0:
            first, stop, largest = table[1, node], table[2, node], logits[i, node - ONE]
            for k in range(first, stop):
                largest = max(largest, logits[i, k])
                unknown += logits[i, k] - logits[i, k]
            for k in range(first, stop):
                shifted[n_siblings] = logits[i, k] - largest
                n_siblings += ONE
            loss += weight[node] * (largest - logits[i, node - ONE])
            node = table[0, node]
        losses[min(i, len(losses) - 1)] += loss + unknown
    return n_siblings


@njit(cache=True, nogil=True, fastmath=LOOSE)
def exponentiate(values):
    """Replace negative numbers by their exponentials."""
    for k in range(len(values)):
        values[k] = exp_negative(values[k])


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "nsz"})
def share_out(exponentials, numbers, table, weight, losses, slopes):
    """Add the logarithms of the sums over siblings to `losses`; write the gradient."""
    start = np.uint64(0)
    for i in range(len(numbers)):
        node, loss = np.uint64(numbers[i]), 0.0
        while node > 0:
            first, total = table[1, node], exponentials.dtype.type(0.0)
            n_siblings = table[2, node] - first
            for k in range(n_siblings):
                total += exponentials[start + k]
            share = weight[node] / total
            for k in range(n_siblings):
                slopes[i, first + k] = exponentials[start + k] * share
            slopes[i, node - ONE] -= weight[node]
            loss += weight[node] * np.log(total)
            start += n_siblings
            node = table[0, node]
        losses[min(i, len(losses) - 1)] += loss


@njit(cache=True, nogil=True)
def fill(logits, numbers, table, weight, losses, slopes):
    """Write the loss of each object, or into one element their mean, and the gradient."""
    if len(losses) < len(logits):
        weight = weight / weight.dtype.type(len(logits))
    precise, shifted = np.zeros(len(losses)), np.empty(logits.size, logits.dtype)
    n_siblings = shift(logits, numbers, table, weight, precise, shifted)
    exponentiate(shifted[:n_siblings])
    slopes[:] = 0.0
    share_out(shifted, numbers, table, weight, precise, slopes)
    losses[:] = precise


class PathLoss(torch.autograd.Function):
    """Losses of the objects, of shape (n_objects,), or their mean."""

    @staticmethod
    def forward(ctx, logits, numbers, table, weight, is_mean):
        """Return the loss and keep the gradient."""
        values = logits.detach().contiguous().numpy()
        losses = np.empty(1 if is_mean else len(values), values.dtype)
        ctx.slopes = np.empty_like(values)
        fill(values, numbers.numpy(), table, weight, losses, ctx.slopes)
        losses = torch.from_numpy(losses)
        return losses[0] if is_mean else losses

    @staticmethod
    def backward(ctx, gradient):
        """Return the gradient in the logits."""
        if torch.is_grad_enabled():
            raise RuntimeError(
                "HierarchicalCrossEntropy: compiled code has no second derivative; that of float64 "
                "logits is not compiled"
            )
        gradient = gradient[:, None] if gradient.ndim else gradient
        return torch.from_numpy(ctx.slopes) * gradient, None, None, None, None
