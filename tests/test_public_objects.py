"""Every public object has a docstring with an example, and importing the package is silent."""

import inspect
import warnings

import pytest
from public_objects import PUBLIC, public_modules


@pytest.mark.parametrize("name", PUBLIC)
def test_public_objects_have_a_docstring_with_an_example(name):
    doc = inspect.getdoc(PUBLIC[name]) or ""
    assert len(doc.splitlines()[0]) > 10, f"{name} has no summary line"
    assert ">>>" in doc, f"{name} has no example"


def test_importing_every_module_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        public_modules()
