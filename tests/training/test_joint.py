import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from whypretrain.training.joint import consistency_losses, interleaved, joint_losses, target_loss


@pytest.fixture
def batches():
    draw = torch.Generator().manual_seed(0)
    target = torch.rand(6, 1, 8, 8, generator=draw), torch.randint(4, (6,), generator=draw)
    source = torch.rand(9, 1, 8, 8, generator=draw), torch.randint(7, (9,), generator=draw)
    return target, source


@pytest.fixture
def source_head(model):
    torch.manual_seed(1)
    return nn.Linear(model.head.in_features, 7)


def test_losses_are_those_of_two_separate_passes(model, source_head, batches):
    """The ViT has no BatchNorm, so that the rows do not see each other."""
    target, source = batches
    joint = joint_losses(model, source_head, target, source, label_smoothing=0.1)
    assert joint[0].item() == pytest.approx(target_loss(model, target, label_smoothing=0.1).item(), rel=1e-5)
    alone = F.cross_entropy(source_head(model.features(source[0])), source[1], label_smoothing=0.1)
    assert joint[1].item() == pytest.approx(alone.item(), rel=1e-5)


def test_each_head_is_blind_to_the_other_rows(model, source_head, batches):
    heads = [*model.head.parameters(), *source_head.parameters()]
    losses = joint_losses(model, source_head, *batches)
    of_target = torch.autograd.grad(losses[0], heads, retain_graph=True, allow_unused=True)
    of_source = torch.autograd.grad(losses[1], heads, allow_unused=True)
    assert of_target[2:] == (None, None)
    assert of_source[:2] == (None, None)
    assert all(gradient.abs().max() > 0 for gradient in (*of_target[:2], *of_source[2:]))


def test_batch_statistics_mix_target_and_source(batches):
    class Normed(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm, self.head = nn.BatchNorm1d(64, momentum=1.0), nn.Linear(64, 4)

        def features(self, images):
            return self.norm(images.flatten(1))

    network = Normed()
    joint_losses(network, nn.Linear(64, 7), *batches)
    every = torch.cat([batches[0][0], batches[1][0]]).flatten(1)
    torch.testing.assert_close(network.norm.running_mean, every.mean(0))


@pytest.mark.parametrize(("target", "source"), [(4, 4), (2, 4), (8, 2), (1, 3), (5, 3)])
def test_interleaving_spreads_both_evenly(target, source):
    order = interleaved(target, source)
    assert sorted(order.tolist()) == list(range(target + source))
    cumulative = torch.cumsum(order < target, 0)
    share = torch.arange(1, target + source + 1) * target / (target + source)
    assert (cumulative - share).abs().max() <= 1


def _views(batches):
    return batches[1][0], batches[1][0].flip(3)


@pytest.mark.parametrize(("threshold", "temperature"), [(0.0, 1.0), (0.251, 1.0), (0.3, 0.1)])
def test_consistency_is_that_of_the_formula(model, batches, threshold, temperature):
    torch.nn.init.normal_(model.head.weight, std=0.5, generator=torch.Generator().manual_seed(2))
    weak, strong = _views(batches)
    target, consistency = consistency_losses(
        model, batches[0], (weak, strong), threshold=threshold, temperature=temperature
    )
    believed = (model(weak) / temperature).softmax(1)
    rows = [
        -(q * log).sum() for q, log in zip(believed, model(strong).log_softmax(1), strict=True) if q.max() >= threshold
    ]
    assert consistency.item() == pytest.approx(torch.stack(rows).mean().item(), rel=1e-4)
    assert target.item() == pytest.approx(target_loss(model, batches[0]).item(), rel=1e-5)


def test_pseudo_labels_are_held_constant(model, batches):
    weak, strong = (view.clone().requires_grad_() for view in _views(batches))
    consistency_losses(model, batches[0], (weak, strong))[1].backward()
    assert weak.grad.abs().max() == 0
    assert strong.grad.abs().max() > 0


def test_a_batch_that_is_all_masked_is_zero_not_nan(model, batches):
    loss = consistency_losses(model, batches[0], _views(batches), threshold=1.0)[1]
    assert loss.item() == 0
    loss.backward()
    assert all(p.grad is None or p.grad.abs().max() == 0 for p in model.parameters())
