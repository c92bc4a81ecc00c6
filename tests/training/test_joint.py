import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

from whypretrain.training.joint import interleaved, joint_losses, target_loss


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
