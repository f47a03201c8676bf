import pytest

from databoard.kits.protocol import Element


@pytest.mark.parametrize(
    ("name", "type_", "filename"),
    [
        ("estimator", "code", "estimator.py"),
        ("helper.py", "code", "helper.py"),
        ("external_data.csv", "data", "external_data.csv"),
        ("weights.npz", "data", "weights.npz"),
        ("description.md", "text", "description.md"),
    ],
)
def test_an_element_is_read_from_its_name(name, type_, filename):
    element = Element.from_name(name)

    assert (element.type, element.filename) == (type_, filename)
    assert element.is_editable == (type_ != "data")
