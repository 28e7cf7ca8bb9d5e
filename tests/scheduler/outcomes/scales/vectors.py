"""The vectors that came with the published rules, by scale."""

import json
from pathlib import Path

VECTORS = json.loads((Path(__file__).parents[3] / "data" / "scoring_vectors.json").read_text())


def named(vector):
    """A short name of a vector for the list of tests."""
    return "".join("-" if answer is None else str(answer) for answer in answers_of(vector))


def answers_of(vector):
    """The items in order; the C-SSRS vectors name theirs."""
    questions = ("q1", "q2", "q3", "q4", "q5", "q6_life", "q6_3mo")
    return vector["items"] if "items" in vector else [vector[question] for question in questions]
