"""Workflows that ramp-workflow does not have."""
