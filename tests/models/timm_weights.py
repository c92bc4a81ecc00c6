"""Weights as others publish them."""

import timm
import torch


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
