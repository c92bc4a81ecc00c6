"""The sparsest split of a score into AND and OR interactions."""

from whypretrain.interactions.and_or.split import AndOr, and_or, error_bound

__all__ = ["AndOr", "and_or", "error_bound"]
