"""Metrics of lm-eval's figures, by hand-counted cases."""

from __future__ import annotations

import math

import pytest

from tests.metrics.made import scored, whole


def test_the_likelihood_of_a_byte_is_the_inverse_of_the_perplexity() -> None:
    # 12 nats over 8 bytes: perplexity e^1.5.
    assert whole("byte_likelihood", scored("text", -12 / 8)) == [pytest.approx(math.exp(-1.5))]
    assert whole("byte_likelihood", scored("text", -1e9), scored("text", -1e-9)) == [0.0, pytest.approx(1.0)]


def test_lm_evals_own_figure_is_taken_as_it_is() -> None:
    assert whole("lm_eval_score", scored("text", 0.25), scored("text", 1)) == [0.25, 1.0]
