"""Partial light curves: which copies there are, and that each starts at the first observation."""

import numpy as np
import pytest
from nested_pandas import NestedFrame

from skastro.augmentation import draw_prefixes, take_prefixes
from skastro.testing import make_check_data
from skastro.utils.ragged import flatten, nest


def frame(*times):
    offsets = np.cumsum([0, *map(len, times)])
    time = np.array([t for own in times for t in own], float)
    X = NestedFrame({"z": np.arange(len(times)) / 10}, index=list("abcdefgh"[: len(times)]))
    rows = {"time": time, "flux": np.arange(len(time)), "band": np.resize(["g", "r"], len(time))}
    return X.assign(lightcurve=nest(offsets, rows, X.index))


def times(X):
    offsets, rows = flatten(X["lightcurve"])
    return [rows["time"][i:j].tolist() for i, j in zip(offsets[:-1], offsets[1:])]


def lengths_of(X):
    return np.diff(flatten(X["lightcurve"])[0])


class TestEveryPrefix:
    def test_of_each_object_in_order(self):
        X_new, objects = draw_prefixes(frame([1, 2, 3], [], [5]), "all")
        assert times(X_new) == [[1], [1, 2], [1, 2, 3], [], [5]]
        assert objects.tolist() == [0, 0, 0, 1, 2]
        assert X_new.index.tolist() == ["a", "a", "a", "b", "c"]
        assert X_new["z"].tolist() == [0, 0, 0, 0.1, 0.2]

    def test_observations_at_one_time_come_together(self):
        X_new, _ = draw_prefixes(frame([1, 1, 2, 2, 2, 3], [3, 3]), "all")
        assert times(X_new) == [[1, 1], [1, 1, 2, 2, 2], [1, 1, 2, 2, 2, 3], [3, 3]]

    def test_no_shorter_than_requested_but_for_short_objects(self):
        X_new, _ = draw_prefixes(frame([1, 2, 3, 4], [1]), "all", min_observations=3)
        assert times(X_new) == [[1, 2, 3], [1, 2, 3, 4], [1]]

    def test_nothing_but_empty_objects(self):
        X_new, objects = draw_prefixes(frame([], []), "all")
        assert times(X_new) == [[], []] and objects.tolist() == [0, 1]


class TestRandomPrefixes:
    X, _ = make_check_data()

    @pytest.mark.parametrize("n_prefixes", [0, 1, 5, 1000, "all"])
    def test_front_never_lost_and_the_whole_always_there(self, n_prefixes):
        X_new, objects = draw_prefixes(self.X, n_prefixes, random_state=0)
        whole = times(self.X)
        found = times(X_new)
        assert all(own == whole[i][: len(own)] and own for own, i in zip(found, objects))
        last = np.append(np.diff(objects) > 0, True)
        assert [own for own, end in zip(found, last) if end] == whole
        assert X_new.columns.tolist() == self.X.columns.tolist()

    def test_number_of_copies(self):
        size = lengths_of(self.X)
        for n in (0, 3, 25):
            _, objects = draw_prefixes(self.X, n, random_state=0)
            np.testing.assert_array_equal(np.bincount(objects), np.minimum(n + 1, size))

    def test_no_length_twice_and_rising(self):
        X_new, objects = draw_prefixes(self.X, 10, random_state=0)
        assert (np.diff(lengths_of(X_new))[np.diff(objects) == 0] > 0).all()

    def test_all_fields_are_cut_alike(self):
        X_new, objects = draw_prefixes(self.X, 3, random_state=0)
        for name in ("flux", "band", "photflag"):
            old = self.X["lightcurve"].iloc[objects[4]][name].tolist()
            new = X_new["lightcurve"].iloc[4][name].tolist()
            assert new == old[: len(new)]

    def test_same_seed_same_copies(self):
        first, again, other = (draw_prefixes(self.X, 2, random_state=seed)[0] for seed in (1, 1, 2))
        assert times(first) == times(again) != times(other)

    @pytest.mark.parametrize(
        "spacing, shares",
        [
            ("even", np.full(9, 1 / 9)),
            ("log", (1 / np.arange(1, 10)) / (1 / np.arange(1, 10)).sum()),
        ],
    )
    def test_lengths_follow_their_distribution(self, spacing, shares):
        X = frame(*[list(range(10))] * 4)
        X = NestedFrame(X.iloc[np.tile(np.arange(4), 2000)]).reset_index(drop=True)
        X_new, _ = draw_prefixes(X, 1, spacing=spacing, random_state=0)
        drawn = np.bincount(lengths_of(X_new))[1:10] / len(X)
        np.testing.assert_allclose(drawn, shares, atol=4 * np.sqrt(0.25 / len(X)))

    def test_the_input_stays_as_it_is(self):
        before = times(self.X)
        draw_prefixes(self.X, 3, random_state=0)
        assert times(self.X) == before


class TestRefusals:
    def test_unsorted_light_curves(self):
        with pytest.raises(ValueError, match="'time' of 'lightcurve' must be sorted"):
            draw_prefixes(frame([2, 1]))

    @pytest.mark.parametrize(
        "bad", [{"n_prefixes": -1}, {"n_prefixes": 1.5}, {"spacing": "x"}, {"min_observations": -1}]
    )
    def test_parameters(self, bad):
        with pytest.raises(ValueError, match="draw_prefixes"):
            draw_prefixes(frame([1, 2]), **bad)

    def test_missing_column_and_field(self):
        with pytest.raises(ValueError, match="'curve'"):
            draw_prefixes(frame([1]), column="curve")
        with pytest.raises(ValueError, match="'lightcurve'"):
            draw_prefixes(np.zeros((2, 2)))
        X = frame([1])
        X = X.assign(lightcurve=nest([0, 1], {"flux": [1.0]}, X.index))
        with pytest.raises(ValueError, match="no field 'time'"):
            draw_prefixes(X)

    @pytest.mark.parametrize("length", [-1, 3])
    def test_impossible_lengths(self, length):
        with pytest.raises(ValueError, match="length"):
            take_prefixes(np.array([0, 2]), {"x": np.arange(2)}, [0], [length])
