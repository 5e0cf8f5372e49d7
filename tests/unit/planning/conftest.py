"""The planted panels of the impact tests, for what is planned with them."""

from tests.unit.impact.conftest import planted_panel

__all__ = ["planted_panel"]
