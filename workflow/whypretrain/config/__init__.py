"""The configuration: options, methods, and the checks before anything runs.

Example:
    >>> from whypretrain.config.recipe import Recipe
    >>> Recipe.of({"stepz": 10}, "train.methods.mine")
    Traceback (most recent call last):
    whypretrain.errors.InputError: unknown key 'stepz' in train.methods.mine; did you mean 'steps'?
"""

from whypretrain.config.checks import check, places_of, remarks

__all__ = ["check", "places_of", "remarks"]
