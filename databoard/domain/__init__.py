"""Sums and rules: values in, values out; no clock, no files, no network, no hidden randomness.

Everything here can be read, tested and trusted alone. Modules import numpy, scipy, the standard
library and ``databoard.errors``.
"""
