"""Counts of pairs against a plain loop, the edges of the bins, and the two engines."""

import numpy as np
import pytest
from nested_pandas import NestedFrame

from skastro.feature_extraction import DmDt
from skastro.feature_extraction._pairs import Bins, count_pair_differences
from skastro.utils.ragged import flatten, nest

ENGINES = ("numpy", "numba")
DT = DmDt()._edges("dt_edges")
DM = DmDt()._edges("dm_edges")


def naive_map(time, value, dt_edges, dm_edges):
    counts = np.zeros((len(dm_edges) - 1, len(dt_edges) - 1))
    for i in range(len(time)):
        for j in range(i + 1, len(time)):
            dt, dm = time[j] - time[i], value[j] - value[i]
            for row in range(len(dm_edges) - 1):
                for column in range(len(dt_edges) - 1):
                    counts[row, column] += in_bin(dt, dt_edges, column) * in_bin(dm, dm_edges, row)
    return counts


def in_bin(number, edges, k):
    last = k == len(edges) - 2
    return edges[k] <= number < edges[k + 1] or (last and number == edges[-1])


def random_series(rng, lengths):
    """Return times on a grid of hours and values on a grid of 0.05, which meet the edges."""
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    time = rng.integers(0, 24 * 320, offsets[-1]) / 24
    time[::3] = rng.uniform(0, 320, len(time[::3]))
    value = rng.integers(-60, 60, offsets[-1]) * 0.05
    for a, b in zip(offsets[:-1], offsets[1:]):
        time[a:b].sort()
    return offsets, time, value


def test_edges_of_the_recipe():
    assert len(DT) == len(DM) == 25
    assert DT[[0, 1, 2, 3, -1]].tolist() == [0, 1 / 24, 4 / 24, 0.25, 300]
    assert DM[[0, 11, 12, 13, -1]].tolist() == [-4.5, -0.05, 0, 0.05, 4.5]
    np.testing.assert_array_equal(DM, -DM[::-1])


@pytest.mark.parametrize("engine", ENGINES)
def test_counts_are_those_of_a_plain_loop(engine):
    pytest.importorskip("numba") if engine == "numba" else None
    lengths = [0, 1, 2, 3, 17, 17, 40, 5, 0]
    offsets, time, value = random_series(np.random.default_rng(0), lengths)
    counts = count_pair_differences(
        offsets, time, value, Bins.from_edges(DT), Bins.from_edges(DM), engine
    )
    for i, (a, b) in enumerate(zip(offsets[:-1], offsets[1:])):
        np.testing.assert_array_equal(counts[i], naive_map(time[a:b], value[a:b], DT, DM))
    assert counts.sum() > 500


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("engine", ENGINES)
def test_any_edges(engine, seed):
    pytest.importorskip("numba") if engine == "numba" else None
    rng = np.random.default_rng(seed)
    offsets, time, value = random_series(rng, rng.integers(0, 400, 6))
    dt = np.unique(rng.choice(time, 9)) * rng.choice([1, 1e-9, 1e9])
    dm = np.unique(rng.choice(np.diff(value), 12))
    time = time * (dt[-1] / 320)
    counts = count_pair_differences(
        offsets, time, value, Bins.from_edges(dt), Bins.from_edges(dm), engine
    )
    for i, (a, b) in enumerate(zip(offsets[:-1], offsets[1:])):
        first, second = np.triu_indices(b - a, 1)
        x, y = (v[a:b][second] - v[a:b][first] for v in (time, value))
        np.testing.assert_array_equal(counts[i], np.histogram2d(y, x, [dm, dt])[0])


@pytest.mark.parametrize("widths", [[1.0], [1e-12, 5.0, 1e-12], [1e-300, 1.0], [3.0, 0.1, 7e5]])
def test_places_are_those_of_a_binary_search(widths):
    edges = np.cumsum([-2.0, *widths]) if min(widths) > 1e-200 else np.array([0.0, 1e-300, 1.0])
    bins = Bins.from_edges(edges)
    near = np.concatenate([np.nextafter(edges, -np.inf), edges, np.nextafter(edges, np.inf)])
    values = np.concatenate([near, [-1e300, 1e300, 0.0], np.linspace(edges[0], edges[-1], 999)])
    expected = np.searchsorted(edges, values, side="right")
    expected[values == edges[-1]] -= 1
    np.testing.assert_array_equal(bins.places(values), expected)


def test_long_light_curve_in_pieces():
    """Many more pairs than one buffer holds."""
    rng = np.random.default_rng(1)
    offsets, time, value = random_series(rng, [1500, 3])
    bins = Bins.from_edges(DT), Bins.from_edges([-100.0, 0, 100])
    counts = count_pair_differences(offsets, time, value, *bins, "numpy")
    x = time[None, :1500] - time[:1500, None]
    x = x[np.triu_indices(1500, 1)]
    np.testing.assert_array_equal(counts[0].sum(axis=0), np.histogram(x, DT)[0])


def test_against_light_curve_package():
    light_curve = pytest.importorskip("light_curve")
    rng = np.random.default_rng(2)
    offsets, time, value = random_series(rng, [60, 2, 90])
    time, value = time + rng.uniform(0, 1e-3, len(time)), rng.normal(size=len(value))
    for a, b in zip(offsets[:-1], offsets[1:]):
        time[a:b].sort()
    other = light_curve.DmDt(DT, DM, dt_type="asis", dm_type="asis", norm=[], n_jobs=1)
    counts = count_pair_differences(offsets, time, value, Bins.from_edges(DT), Bins.from_edges(DM))
    for i, (a, b) in enumerate(zip(offsets[:-1], offsets[1:])):
        np.testing.assert_array_equal(counts[i], other.points(time[a:b], value[a:b]).T)


def test_bands_and_magnitudes(light_curves):
    """Object a has g at days 40 and 120 of flux 0 and 2, r alone; d has g of flux 4 and 5."""
    dmdt = DmDt([0, 2, 100], [-1, 0, 1], total=None).fit(light_curves)
    assert dmdt.bands_ == ["g", "i", "r"]
    maps = dmdt.transform(light_curves).reshape(4, *dmdt.output_shape_)
    expected = np.zeros((4, 3, 2, 2))
    expected[3, 0, 0, 0] = 1
    np.testing.assert_array_equal(maps, expected)
    as_flux = DmDt([0, 2, 100], [-1, 0, 2], total=None, as_magnitude=False).fit(light_curves)
    expected[:] = 0
    expected[3, 0, 1, 0] = expected[0, 0, 1, 1] = 1
    np.testing.assert_array_equal(as_flux.transform(light_curves).ravel(), expected.ravel())


def test_normalisation_and_missing_bands(light_curves):
    maps = DmDt(bands=["g", "Y"], as_magnitude=False).fit_transform(light_curves)
    sums = maps.reshape(4, 2, -1).sum(axis=2)
    np.testing.assert_allclose(sums, [[625, 0], [0, 0], [0, 0], [625, 0]], rtol=1e-6)


def test_min_snr_keeps_detections(light_curves):
    options = {"as_magnitude": False, "total": None}
    loose = DmDt(**options, min_snr=-1).fit_transform(light_curves).sum(axis=1)
    strict = DmDt(**options, min_snr=7).fit_transform(light_curves).sum(axis=1)
    assert loose.tolist() == [1, 0, 0, 1]
    assert strict.tolist() == [0, 0, 0, 1]


def test_map_of_a_spectrum():
    wavelength = np.arange(4000.0, 4010.0)
    flux = np.sin(wavelength)
    X = NestedFrame({"z": [0.1]}).assign(
        spectrum=nest([0, 10], {"wavelength": wavelength[::-1], "flux": flux[::-1]})
    )
    dt, dm = [0, 2, 5, 20], [-2, -0.5, 0, 0.5, 2]
    dmdt = DmDt(
        dt, dm, column="spectrum", time="wavelength", band=None, as_magnitude=False, total=None
    )
    maps = dmdt.fit_transform(X)
    assert dmdt.output_shape_ == (1, 4, 3)
    np.testing.assert_array_equal(maps.ravel(), naive_map(wavelength, flux, dt, dm).ravel())
    assert len(dmdt.get_feature_names_out()) == 12


def test_reversed_magnitudes_mirror_the_map(light_curves):
    offsets, rows = flatten(light_curves["lightcurve"])
    rng = np.random.default_rng(0)
    rows = {**rows, "mag": rng.normal(18, 1, offsets[-1])}
    mirrored = {**rows, "mag": -rows["mag"]}
    options = {"field": "mag", "as_magnitude": False}
    maps = [
        DmDt(**options).fit_transform(
            light_curves.assign(lightcurve=nest(offsets, r, list("abcd")))
        )
        for r in (rows, mirrored)
    ]
    maps = [m.reshape(4, 3, 24, 24) for m in maps]
    np.testing.assert_array_equal(maps[0], maps[1][:, :, ::-1])


@pytest.mark.parametrize(
    ("parameters", "word"),
    [
        ({"dt_edges": [0]}, "dt_edges"),
        ({"dm_edges": [0, 1, 1]}, "dm_edges"),
        ({"dm_edges": [0, np.inf]}, "dm_edges"),
        ({"total": 0}, "total"),
        ({"engine": "rust"}, "engine"),
        ({"bands": "gr"}, "bands"),
        ({"bands": ["g", "g"]}, "bands"),
    ],
)
def test_invalid_parameters(light_curves, parameters, word):
    with pytest.raises(ValueError, match=f"DmDt.*{word}|{word}.*DmDt"):
        DmDt(**parameters).fit(light_curves)
