"""whypretrain: what pre-training gave a model, and what fine-tuning kept, forgot and added."""

__version__ = "0.2.0"
