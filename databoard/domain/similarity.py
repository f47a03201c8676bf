"""How alike two submissions are: in what they get wrong, and in how they are written.

Both serve credit suggestions and the search for near-duplicates across teams. Alike is not
copied: a person looks at the pair.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
Shingle = tuple[str, ...]

SHINGLE = 6
#: More than anybody writes by hand; to cut 1 MB into tokens takes 6 s and 500 MB.
MAX_CHARACTERS = 2**16
NOTHING = np.empty(0, dtype=np.int64)
_LAYOUT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}
_WORD = re.compile(r"\w+|[^\w\s]")


def prediction_similarity(y_preds: FloatArray, y_true: FloatArray) -> FloatArray:
    """Compare errors: the cosine between residuals.

    Good submissions agree where they are right; what tells is whether they err alike.

    Parameters
    ----------
    y_preds : ndarray of shape (n_submissions, n_samples[, n_columns])
    y_true : ndarray of shape (n_samples[, n_columns])
        In the form of predictions.

    Returns
    -------
    ndarray of shape (n_submissions, n_submissions)
        1 for the same predictions, about 0 for unrelated errors, -1 for opposite ones; 1 on the
        diagonal and between submissions without error.

    Examples
    --------
    >>> y_preds = np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0]])
    >>> prediction_similarity(y_preds, np.zeros(2))
    array([[1., 1., 0.],
           [1., 1., 0.],
           [0., 0., 1.]])
    """
    residuals = (y_preds - y_true).reshape(len(y_preds), -1)
    norms = np.linalg.norm(residuals, axis=1)
    units = residuals / np.where(norms == 0, 1.0, norms)[:, None]
    cosines = np.clip(units @ units.T, -1, 1)
    is_perfect = norms == 0
    cosines[np.ix_(is_perfect, is_perfect)] = 1.0
    np.fill_diagonal(cosines, 1.0)
    return np.asarray(cosines)


def shingles(source: str, size: int = SHINGLE) -> frozenset[Shingle]:
    """Cut code into overlapping runs of tokens, without comments, layout and literal values.

    Parameters
    ----------
    source : str
        Python; anything else is cut into words and signs. Of a long one the beginning counts.
    size : int
        Tokens in a run.

    Returns
    -------
    frozenset of tuple of str
        The only run of a source that is shorter is all of it.
    """
    tokens = _tokens(source[:MAX_CHARACTERS])
    runs = range(max(1, len(tokens) - size + 1)) if tokens else range(0)
    return frozenset(tuple(tokens[i : i + size]) for i in runs)


def _tokens(source: str) -> list[str]:
    try:
        stream = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError):
        return _WORD.findall(source)
    return [_normalised(token) for token in stream if token.type not in _LAYOUT]


def _normalised(token: tokenize.TokenInfo) -> str:
    """Blank out literals: another seed or depth is not another idea."""
    if token.type == tokenize.NUMBER:
        return "0"
    if token.type == tokenize.STRING:
        return '""'
    return token.string


def code_similarity(
    first: frozenset[Shingle], second: frozenset[Shingle], known: Iterable[Shingle] = ()
) -> float:
    """Compare code: the runs of tokens that both have, among those that either has (Jaccard).

    Parameters
    ----------
    first, second : frozenset
        From `shingles`; unite the files of a submission.
    known : iterable, optional
        Runs that prove nothing: those of the starting kit.

    Returns
    -------
    float
        Between 0 and 1; 0 if nothing but known runs is left.

    Examples
    --------
    >>> a, b = shingles("x = f(1) + g(y)"), shingles("x = f(2) + g(y)  # tuned")
    >>> code_similarity(a, b)
    1.0
    """
    common = frozenset(known)
    first, second = first - common, second - common
    union = len(first | second)
    return len(first & second) / union if union else 0.0


def numbered(runs: Iterable[Shingle]) -> IntArray:
    """Keep runs as numbers, a tenth of their size and as good for `code_similarities`.

    The numbers are hashes: of this process only, and two runs share one once in 2^64.

    Returns
    -------
    ndarray of int64 of shape (n_runs,)
        Ascending.
    """
    return np.unique(np.fromiter(map(hash, runs), np.int64))


def code_similarities(codes: Sequence[IntArray], known: IntArray = NOTHING) -> FloatArray:
    """Compare the code of all with that of all, as `code_similarity` does it for two.

    Parameters
    ----------
    codes : sequence of ndarray
        From `numbered`.
    known : ndarray, optional
        Runs that prove nothing: those of the starting kit.

    Returns
    -------
    ndarray of shape (n_submissions, n_submissions)

    Examples
    --------
    >>> a, b = numbered(shingles("x = f(1) + g(y)")), numbered(shingles("y = 7"))
    >>> code_similarities([a, b])
    array([[1., 0.],
           [0., 1.]])
    """
    own = [np.setdiff1d(code, known, assume_unique=True) for code in codes]
    numbers, columns = np.unique(np.concatenate([NOTHING, *own]), return_inverse=True)
    starts = np.cumsum([0, *map(len, own)])
    has = sparse.csr_array(
        (np.ones(len(columns)), columns, starts), shape=(len(own), max(1, len(numbers)))
    )
    shared = (has @ has.T).toarray()
    sizes = np.diff(starts).astype(np.float64)
    unions = sizes[:, None] + sizes - shared
    return np.asarray(shared / np.where(unions == 0, 1.0, unions))


def contained(
    part: frozenset[Shingle], whole: frozenset[Shingle], known: Iterable[Shingle] = ()
) -> float:
    """Return the share of one submission's code that is found in another's.

    The direction matters: what a large submission took over of a small one is all of the small
    one and little of the large.

    Parameters
    ----------
    part, whole : frozenset
        From `shingles`.
    known : iterable, optional
        Runs that prove nothing.

    Returns
    -------
    float
        Between 0 and 1.
    """
    own = part - frozenset(known)
    return len(own & whole) / len(own) if own else 0.0


def near_duplicates(
    similarity: FloatArray, teams: Sequence[int | str], threshold: float
) -> list[tuple[int, int, float]]:
    """List pairs of different teams that are at least so alike, most alike first.

    Parameters
    ----------
    similarity : ndarray of shape (n_submissions, n_submissions)
        Symmetric.
    teams : sequence of length n_submissions
    threshold : float

    Returns
    -------
    list of tuple
        Two indices, the smaller first, and the similarity.
    """
    rows, columns = np.nonzero(np.triu(similarity >= threshold, 1))
    pairs = [
        (i, j, float(similarity[i, j]))
        for i, j in zip(rows.tolist(), columns.tolist(), strict=True)
        if teams[i] != teams[j]
    ]
    return sorted(pairs, key=lambda pair: -pair[2])
