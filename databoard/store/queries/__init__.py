"""Questions about the store, one module per noun; the only place that says ``select``."""
