"""Problem folders: reading, checking and bundling them, and reading what teams deposit.

Pure Python over files: no database, no web. Kits that RAMP organisers wrote before pandas 3 expect
its text columns to be plain objects, so every process that imports this package asks for that;
``PANDAS_FUTURE_INFER_STRING=1`` in the environment asks for pandas' own new default.
"""

import os

os.environ.setdefault("PANDAS_FUTURE_INFER_STRING", "0")
