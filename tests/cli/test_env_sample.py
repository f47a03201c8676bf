"""env.sample names every variable that code and scripts read, and no other."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAME = re.compile(
    r"\b(DATABOARD_[A-Z][A-Z_]*[A-Z]|DATARUN_[A-Z]+|SCIENCEFS_LOGIN|WTF_CSRF_ENABLED)\b"
)


def read(*patterns):
    paths = [path for pattern in patterns for path in ROOT.glob(pattern)]
    assert paths
    return "\n".join(path.read_text() for path in paths if "node_modules" not in path.parts)


# checklist 81
def test_env_sample_names_what_is_read_and_nothing_else():
    used = set(
        NAME.findall(read("*.py", "databoard/**/*.py", "tools/**/*.sh", "Makefile", ".ci/*"))
    )
    sample = read("env.sample")
    offered = set(re.findall(r"^#?([A-Z][A-Z_]+)=", sample, re.MULTILINE))
    # Providers of sign-in have names of the operator's choice; the sample shows one.
    providers = {name for name in offered if name.startswith("DATABOARD_OIDC_")}

    assert offered - providers == used
    assert {name.rpartition("GOOGLE_")[2] for name in providers} == {
        "ISSUER",
        "CLIENT_ID",
        "CLIENT_SECRET",
        "LABEL",
    }


def test_every_variable_is_explained():
    lines = read("env.sample").splitlines()

    for above, line in itertools.pairwise(lines):
        if re.match(r"#?[A-Z_]+=", line):
            assert above.startswith("#"), f"nothing above {line}"
