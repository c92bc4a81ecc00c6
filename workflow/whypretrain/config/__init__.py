"""The configuration: options, methods, and the checks before anything runs."""

from whypretrain.config.checks import check, places_of, remarks

__all__ = ["check", "places_of", "remarks"]
