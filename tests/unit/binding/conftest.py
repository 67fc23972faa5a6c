"""Hypothesis for the tests of the rules: the same examples on every run, and a bounded number."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "binding",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=70,
    stateful_step_count=40,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("binding")
