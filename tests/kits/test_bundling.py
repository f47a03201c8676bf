import io
import os
import zipfile

import pytest

from databoard.kits import bundling
from databoard.kits.loading import load_kit
from tests.kits import small_kits


def names(archive):
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        return opened.namelist()


def test_the_zip_of_a_ramp_kit_has_what_ramp_test_needs_and_no_data(problems_dir):  # checklist 17
    path = problems_dir / "flowers"
    small_kits.write(
        path,
        {
            "README.md": "# Flowers",
            "flowers_starting_kit.ipynb": "{}",
            "requirements.txt": "numpy",
            "external_imports/tools/a.py": "",
            "data/public/train.csv": "a",
            "submissions/starting_kit/training_output/fold_0/y.npy": "",
            "submissions/starting_kit/__pycache__/estimator.pyc": "",
        },
    )

    assert names(bundling.build_starting_kit(load_kit("flowers", problems_dir))) == [
        "README.md",
        "data/public/train.csv",
        "external_imports/tools/a.py",
        "flowers_starting_kit.ipynb",
        "problem.py",
        "requirements.txt",
        "submissions/starting_kit/estimator.py",
    ]


def test_the_zip_of_a_ramp_kit_has_the_modules_that_problem_py_imports(problems_dir):
    path = problems_dir / "flowers"
    text = f"import os.path\nfrom shapes.scoring import Overlap\n{small_kits.PROBLEM}"
    small_kits.write(
        path,
        {
            "problem.py": f"{text}\ndef later():\n    import colours, data.secret\n",
            "download_data.py": "",
            "make_private_split.py": "",
            "shapes/scoring.py": "from .boxes import area\nimport petals",
            "shapes/boxes.py": "",
            "shapes/names.json": "[]",
            "colours.py": "",
            "petals.py": "import problem, no-python",
            "data/secret.py": "",
        },
    )

    assert names(bundling.zip_starting_kit(path)) == [
        "colours.py",
        "download_data.py",
        "petals.py",
        "problem.py",
        "shapes/boxes.py",
        "shapes/names.json",
        "shapes/scoring.py",
        "submissions/starting_kit/estimator.py",
    ]


def test_the_zip_of_a_ramp_kit_has_nothing_private_of_what_problem_py_imports(problems_dir):
    small_kits.write(
        problems_dir / "flowers",
        {
            "problem.py": "import calendar, private.b, shapes.a\n" + small_kits.PROBLEM,
            "shapes/a.py": "",
            "shapes/private/labels.csv": "a",
            "shapes/raw/all.csv": "a",
            "private/b.py": "",
            "calendar/make.py": "",
            "calendar/all_rows.csv": "a",
        },
    )

    assert names(bundling.zip_starting_kit(problems_dir / "flowers")) == [
        "problem.py",
        "shapes/a.py",
        "submissions/starting_kit/estimator.py",
    ]


def test_the_zip_of_a_2016_problem_is_its_starting_kit(problems_dir, irises):
    small_kits.write(
        problems_dir / "irises",
        {"references/data_dictionary.md": "# Columns", "starting_kit/.hidden": ""},
    )

    assert names(bundling.zip_starting_kit(problems_dir / "irises")) == [
        "classifier.py",
        "data_dictionary.md",
        "irises_test_ramp_staring_kit.py",
        "user_test_submission.py",
    ]


def test_links_stay_out_of_the_zip(problems_dir, irises):
    path = problems_dir / "irises"
    (path / "starting_kit" / "test.csv").symlink_to(path / "data" / "raw" / "iris.csv")

    assert "test.csv" not in bundling.kit_files(path)


def test_the_same_files_make_the_same_zip(problems_dir):
    path = problems_dir / "flowers"
    first = bundling.zip_starting_kit(path)

    os.utime(path / "problem.py", (1, 1))
    (path / "problem.py").chmod(0o600)

    assert bundling.zip_starting_kit(path) == first


def test_a_stale_zip_is_made_anew(problems_dir, irises):  # checklist 21, 22
    path = problems_dir / "irises"
    target = bundling.refresh_starting_kit(path)
    first = target.read_bytes()
    assert not bundling.is_stale(path)

    small_kits.write(path, {"starting_kit/public_train.csv": "a,b\n1,2\n"})

    assert bundling.is_stale(path)
    with zipfile.ZipFile(bundling.refresh_starting_kit(path)) as archive:
        assert archive.read("public_train.csv") == b"a,b\n1,2\n"
    assert target.read_bytes() != first
    assert [file.name for file in path.glob(".zip_*")] == []


def test_a_file_that_goes_makes_the_zip_stale(problems_dir, irises):
    path = problems_dir / "irises"
    bundling.refresh_starting_kit(path)

    (path / "starting_kit" / "user_test_submission.py").unlink()

    assert bundling.is_stale(path)


def test_a_zip_made_by_hand_is_kept_until_a_file_is_newer(problems_dir, irises):  # checklist 22
    path = problems_dir / "irises"
    with zipfile.ZipFile(path / "starting_kit.zip", "w") as archive:
        archive.writestr("starting_kit/classifier.py", "")
    made = (path / "starting_kit.zip").stat().st_mtime

    assert not bundling.is_stale(path)
    os.utime(path / "starting_kit" / "classifier.py", (made + 9, made + 9))
    assert bundling.is_stale(path)


def test_a_broken_zip_is_stale(problems_dir):
    (problems_dir / "flowers" / "starting_kit.zip").write_bytes(b"no zip")

    assert bundling.is_stale(problems_dir / "flowers")


@pytest.mark.parametrize("name", ["x_ramp_starting_kit.ipynb", "x_ramp_staring_kit.py"])
def test_both_spellings_of_the_notebook_are_found(tmp_path, name):  # checklist 13
    small_kits.write(tmp_path, {f"starting_kit/{name}": "", "starting_kit/a.py": ""})

    assert bundling.find_notebook(tmp_path, "x").name == name


def test_the_event_s_own_notebook_comes_first(tmp_path):
    kits = {f"starting_kit/{name}_ramp_starting_kit.ipynb": "" for name in ("a", "b")}
    small_kits.write(tmp_path, {**kits, "b_starting_kit.ipynb": ""})

    assert bundling.find_notebook(tmp_path, "b").name == "b_ramp_starting_kit.ipynb"
    assert bundling.find_notebook(tmp_path, "c").name == "a_ramp_starting_kit.ipynb"


def test_a_ramp_kit_s_notebook_is_found(tmp_path):
    kit = small_kits.write(
        tmp_path / "flowers", {"a.ipynb": "", "z_starting_kit.ipynb": "", "README.md": ""}
    )

    assert bundling.find_notebook(kit, "spring").name == "z_starting_kit.ipynb"
    assert bundling.find_notebook(tmp_path, "spring") is None


def test_a_problem_is_described_by_its_notebook_or_else_its_readme(problems_dir):
    path = problems_dir / "flowers"
    small_kits.write(
        path,
        {
            "README.md": "# Flowers\n\nTell two kinds of flower apart.\n",
            "references/data_dictionary.md": "| a | b |\n|---|---|\n| 1 | 2 |\n",
            "requirements.txt": "numpy\n",
            "flowers_starting_kit.ipynb": "no notebook",
        },
    )

    description = bundling.describe(load_kit("flowers", problems_dir))

    assert description.summary == "Tell two kinds of flower apart."
    assert "<h1>Flowers</h1>" in description.overview_html
    assert "<table>" in description.dictionary_html
    assert description.requirements == "numpy\n"


def test_a_bare_problem_has_an_empty_description(problems_dir):
    description = bundling.describe(load_kit("flowers", problems_dir))

    assert description == bundling.Description("", "", "", "")
