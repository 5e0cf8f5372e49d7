"""Shares the planted panels of the impact tests."""

from tests.unit.impact.conftest import planted_panel

__all__ = ["planted_panel"]
