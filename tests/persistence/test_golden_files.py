"""Model files of earlier versions load and predict what they predicted."""

import pytest
from golden_files import MODELS, TOLERANCE, difference


@pytest.mark.parametrize("name", MODELS)
def test_golden_files_predict_the_same(name):
    assert difference(name) <= TOLERANCE
