"""The page of one object."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline

from skastro.datasets import make_spectra
from skastro.exceptions import ObjectError
from skastro.feature_extraction import SpectrumPixels
from skastro.hierarchy import ParallelBinaryClassifier
from skastro.inspection import SpectrumReportDisplay
from skastro.preprocessing import make_spectrum_preprocessing
from skastro.utils.ragged import flatten, nest

mpl.use("Agg")


@pytest.fixture
def supernovae():
    X, y = make_spectra(20, classes=["Ia", "II"], random_state=0)
    rows = {"time": [1.0, 2.0, 3.0], "band": ["g", "r", "g"], "flux": [1.0, 2.0, 3.0]}
    rows["flux_err"] = [0.1] * 3
    return X.assign(lightcurve=nest([0, 3] + [3] * 19, rows, X.index)), y


def test_page_shows_spectrum_lines_and_scores(supernovae):
    X, _ = supernovae
    page = SpectrumReportDisplay.from_scores(
        X, X.index[0], {"Ia": 0.9, "II": 0.3}, errors={"II": 0.1}, lines={"H": [6563.0, 50000.0]}
    )
    drawn, line = page.axes_["spectrum"].lines
    rows = flatten(X.iloc[[0]]["spectrum"])[1]
    np.testing.assert_array_equal(drawn.get_xdata(), np.sort(rows["wavelength"]))
    assert line.get_xdata()[0] == pytest.approx(6563 * (1 + X["redshift"].iloc[0]))
    assert [bar.get_width() for bar in page.axes_["scores"].patches] == [0.9, 0.3]
    assert set(page.axes_["lightcurve"].get_legend_handles_labels()[1]) == {"g", "r"}


def test_without_light_curve_or_redshift(supernovae):
    X, _ = supernovae
    X = X.assign(redshift=np.nan)
    page = SpectrumReportDisplay.from_scores(X, X.index[1], pd.Series({"Ia": np.nan, "II": np.nan}))
    assert "lightcurve" not in page.axes_
    assert len(page.axes_["spectrum"].lines) == 1
    assert "z unknown" in page.axes_["spectrum"].get_title()


@pytest.mark.parametrize("parallel", [True, False])
def test_scores_are_those_of_the_classifier(supernovae, parallel):
    X, y = supernovae
    classifier = ParallelBinaryClassifier(GaussianNB()) if parallel else GaussianNB()
    model = make_pipeline(make_spectrum_preprocessing(), SpectrumPixels(), classifier).fit(X, y)
    page = SpectrumReportDisplay.from_estimator(model, X, X.index[4])
    assert page.label == str(model.predict(X.iloc[[4]])[0])
    rows = model[:-1].transform(X.iloc[[4]])
    expected = model[-1].predict_scores(rows)[0] if parallel else model[-1].predict_proba(rows)
    np.testing.assert_allclose(page.scores.to_numpy(), expected[0])
    assert list(page.scores.index) == list(model.classes_)


def test_unknown_and_repeated_objects_are_refused(supernovae):
    X, _ = supernovae
    with pytest.raises(KeyError, match="no object"):
        SpectrumReportDisplay.from_scores(X, "nothing", {"Ia": 1.0})
    twice = X.iloc[[0, 0]]
    with pytest.raises(ObjectError, match="several"):
        SpectrumReportDisplay.from_scores(twice, X.index[0], {"Ia": 1.0})
