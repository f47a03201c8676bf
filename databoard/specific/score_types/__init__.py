"""Score types that ramp-workflow does not have."""
