"""Weights as others publish them, and whether they come back."""

import timm
import torch

from whypretrain.models import device, import_checkpoint


def published(architecture, n_classes):
    """What others have: timm's own model with its own head, and weights that no initialisation would give."""
    torch.manual_seed(7)
    options = dict(architecture.options)
    if architecture.name.startswith("vit"):
        options["img_size"] = architecture.size
    channels = architecture.channels
    model = timm.create_model(architecture.name, num_classes=n_classes, in_chans=channels, **options)
    for value in model.state_dict().values():
        if value.is_floating_point():
            value.uniform_(0.1, 0.3)
    return model.eval()


def check(architecture, source, expected, n_classes=3, **options):
    """The logits are those of the published model; returns the notes."""
    classes = [str(number) for number in range(n_classes)]
    model, notes = import_checkpoint(architecture, f"file:{source}", classes, **options)
    images = torch.rand(2, architecture.channels, architecture.size, architecture.size)
    with torch.no_grad():
        found, wanted = model(images.to(device())).cpu(), expected.eval()((images - 0.5) / 0.5)
    torch.testing.assert_close(found, wanted, rtol=1e-3, atol=1e-4)
    return notes
