"""The programming interface, /api/v1: what pages show and take, for programs with a token."""
