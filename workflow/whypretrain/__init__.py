"""whypretrain: what pre-training gave a model, and what fine-tuning kept, forgot and added."""
