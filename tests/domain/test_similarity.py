"""Alike in errors, alike in code."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from databoard.domain import similarity
from databoard.domain.similarity import code_similarity, contained, numbered, shingles

CODE = """
from sklearn.ensemble import RandomForestClassifier


class Classifier:
    def fit(self, X, y):
        self.model = RandomForestClassifier(n_estimators=100, random_state=61)
        self.model.fit(X, y)

    def predict_proba(self, X):
        return self.model.predict_proba(X)
"""


def test_comments_layout_and_numbers_are_not_another_idea():
    disguised = CODE.replace("100", "173").replace("    ", "  ").replace("X, y)", "X,  # !\n   y)")

    assert code_similarity(shingles(CODE), shingles(disguised)) == 1


def test_another_model_is_another_idea():
    other = CODE.replace("RandomForestClassifier", "SVC").replace("predict_proba", "decision")

    assert code_similarity(shingles(CODE), shingles(other)) < 0.5


def test_code_of_a_million_words_holds_nobody_up():
    assert len(shingles("\n".join(f"x{i}" for i in range(10**6)))) < similarity.MAX_CHARACTERS


def test_the_starting_kit_proves_nothing():
    kit = shingles(CODE)
    first = shingles(CODE + "\ndef extra(a, b, c):\n    return a + b * c\n")
    second = shingles(CODE + "\nfor i in range(10):\n    print(i, i ** 2, 'x')\n")

    assert code_similarity(first, second) > 0.5
    assert code_similarity(first, second, kit) < 0.1
    assert code_similarity(kit, kit, kit) == 0


def test_what_was_taken_over_is_contained_one_way():
    large = (
        CODE
        + "\n"
        + "\n".join(f"def step_{i}(a):\n    return a + step_{i - 1}(a)" for i in range(30))
    )

    assert contained(shingles(CODE), shingles(large)) > 0.9
    assert contained(shingles(large), shingles(CODE)) < 0.5
    assert contained(shingles(CODE), shingles(large), shingles(CODE)) == 0


def test_what_is_no_python_is_compared_all_the_same():
    text = "this is (not python at all, it's prose"

    assert code_similarity(shingles(text), shingles(text)) == 1
    assert shingles("") == frozenset()
    assert shingles("x") == {("x",)}


@given(st.text(max_size=200), st.text(max_size=200))
def test_code_similarity_is_symmetric_and_a_share(first, second):
    a, b = shingles(first), shingles(second)

    assert 0 <= code_similarity(a, b) == code_similarity(b, a) <= 1


@given(st.lists(st.text("ab=+ \n", max_size=60), min_size=1, max_size=5), st.text("ab=+ \n"))
def test_all_pairs_at_once_are_as_alike_as_one_by_one(sources, kit):
    codes, known = [shingles(source) for source in sources], shingles(kit)

    found = similarity.code_similarities([numbered(code) for code in codes], numbered(known))

    for i, first in enumerate(codes):
        for j, second in enumerate(codes):
            assert found[i, j] == code_similarity(first, second, known)


@given(hnp.arrays(np.float64, (4, 5, 2), elements=st.floats(-100, 100)))
def test_prediction_similarity_is_a_symmetric_cosine(y_preds):
    found = similarity.prediction_similarity(y_preds, np.zeros((5, 2)))

    np.testing.assert_allclose(found, found.T, atol=1e-12)
    assert (np.abs(found) <= 1).all()
    assert (np.diag(found) == 1).all()


def test_errors_tell_a_copy_from_a_colleague():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=2000)
    own, other = truth + rng.normal(0, 0.1, (2, 2000))
    copy = own + rng.normal(0, 0.005, 2000)

    found = similarity.prediction_similarity(np.array([own, copy, other]), truth)

    assert found[0, 1] > 0.99
    assert abs(found[0, 2]) < 0.1


def test_near_duplicates_are_pairs_of_different_teams():
    alike = np.array([[1, 0.99, 0.97], [0.99, 1, 0.2], [0.97, 0.2, 1]])

    assert similarity.near_duplicates(alike, ["a", "a", "b"], 0.9) == [(0, 2, 0.97)]
    assert similarity.near_duplicates(alike, ["a", "c", "b"], 0.9) == [(0, 1, 0.99), (0, 2, 0.97)]
