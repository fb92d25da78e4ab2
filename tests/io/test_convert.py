"""Conversion of a tree of SNANA files: nothing lost, nothing half, nothing twice."""

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import skastro.io._convert as conversion
from skastro.exceptions import ObjectError
from skastro.io import (
    convert,
    count_parquet,
    find_heads,
    iter_parquet,
    read_parquet,
    read_snana,
    write_snana,
)
from skastro.io._convert_plan import plan_jobs
from skastro.io._parquet import read_source
from skastro.testing import make_check_data
from skastro.utils.ragged import flatten

MODELS = ("KN_B19", "SLSN-I+host", "uLens-Single_PyLIMA")
LABEL = r"TRAIN_02_([^/]+)/"


def assert_same(X, Y):
    names = [name for name in X.columns if name != "lightcurve"]
    assert list(X.columns) == list(Y.columns)
    pd.testing.assert_frame_equal(X[names], Y[names], check_index_type=False)
    (i, rows), (j, others) = flatten(X["lightcurve"]), flatten(Y["lightcurve"])
    np.testing.assert_array_equal(i, j)
    assert list(rows) == list(others)
    for name in rows:
        np.testing.assert_array_equal(np.asarray(rows[name]), np.asarray(others[name]))


@pytest.fixture
def raw(tmp_path):
    """Three models, two files each, five objects per file."""
    X, _ = make_check_data(30)
    for i, part in enumerate(np.split(np.arange(30), 6)):
        model = f"TRAIN_02_{MODELS[i // 2]}"
        prefix = tmp_path / "raw" / model / f"{model}-000{i % 2 + 1}"
        write_snana(X.iloc[part], prefix, survey="LSST", compress=i % 2 == 0)
    return tmp_path / "raw"


def sources(folder):
    return {path: read_source(path) for path in folder.rglob("*.parquet")}


def run(raw, tmp_path, **options):
    return convert(raw, tmp_path / "new", **{"survey": "LSST", "progress": False, **options})


def files_below(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


class TestWhatIsWritten:
    @pytest.mark.parametrize("n_jobs", [1, 2])
    def test_same_objects_as_the_fits_files(self, raw, tmp_path, n_jobs):
        paths = run(raw, tmp_path, n_jobs=n_jobs)
        model = f"TRAIN_02_{MODELS[0]}"
        assert paths[0] == tmp_path / "new" / model / f"{model}-0001.parquet"
        assert len(paths) == 6 and count_parquet(tmp_path / "new") == 30
        assert_same(read_snana(raw, survey="LSST"), read_parquet(paths))

    def test_heads_at_every_depth_are_taken(self, raw, tmp_path):
        X, _ = make_check_data(2)
        write_snana(X.set_axis(["top1", "top2"]), raw / "TOP")
        assert [path.name for path in run(raw, tmp_path)].count("TOP.parquet") == 1
        assert count_parquet(tmp_path / "new") == 32
        assert len(find_heads(raw)) == 1 and len(find_heads(raw, recursive=True)) == 7

    def test_label_from_the_folder(self, raw, tmp_path):
        X = read_parquet(run(raw, tmp_path, label=LABEL))
        assert X["type"].tolist() == np.repeat(MODELS, 10).tolist()
        assert X.columns[-1] == "lightcurve"
        whole = convert(raw, tmp_path / "whole", label="folder", progress=False)
        assert read_parquet(whole[0])["type"].unique().tolist() == [f"TRAIN_02_{MODELS[0]}"]

    def test_label_from_the_readme(self, real_data, tmp_path):
        for name in ("DES_Ia-0001_HEAD.FITS", "DES_Ia-0001_PHOT.FITS", "DES_sim.README"):
            shutil.copy(real_data / "snana" / name, tmp_path)
        paths = convert(tmp_path, tmp_path / "new", progress=False)
        assert set(read_parquet(paths)["type"]) == {"SALT3.DOVEKIE"}

    def test_identifiers_of_the_file_and_the_number_in_it(self, raw, tmp_path):
        X = read_parquet(run(raw, tmp_path, prefix_ids=True))
        model = f"TRAIN_02_{MODELS[0]}"
        assert X.index[0] == f"{model}/{model}-0001:SN000"
        assert X.index.name == "object_id" and X.index.is_unique

    def test_real_files_with_chosen_columns(self, real_data, tmp_path):
        for i, name in enumerate(("survey_bench/LSST_TRAIN-0001", "snana/DES_Ia-0001")):
            (tmp_path / f"M{i}").mkdir()
            for file in real_data.glob(f"{name}_*"):
                shutil.copy(file, tmp_path / f"M{i}")
        elasticc = ["HOSTGAL_SPECZ", "HOSTGAL_PHOTOZ"]
        paths = convert(tmp_path / "M0", tmp_path / "new", columns=elasticc, progress=False)
        assert_same(read_snana(tmp_path / "M0", columns=elasticc), read_parquet(paths))
        both = convert([tmp_path / "M0", tmp_path / "M1"], tmp_path / "all", progress=False)
        assert [len(X) for X in iter_parquet(both)] == [65, 40]


@pytest.mark.slow
class TestResume:
    def test_finished_files_are_not_touched(self, raw, tmp_path):
        paths = run(raw, tmp_path)
        before = [path.stat().st_mtime_ns for path in paths]
        paths[1].unlink()
        assert run(raw, tmp_path) == paths
        after = [path.stat().st_mtime_ns for path in paths]
        assert after[:1] + after[2:] == before[:1] + before[2:] and paths[1].exists()

    def test_a_source_that_changed_is_converted_again(self, raw, tmp_path):
        paths = run(raw, tmp_path)
        head = find_heads(raw)[3]
        later = time.time() + 10
        os.utime(head, (later, later))
        before = [path.stat().st_mtime_ns for path in paths]
        run(raw, tmp_path)
        changed = [p.stat().st_mtime_ns != old for p, old in zip(paths, before)]
        assert changed == [False, False, False, True, False, False]

    def test_a_source_replaced_by_an_older_one_is_converted_again(self, raw, tmp_path):
        run(raw, tmp_path)
        head = find_heads(raw)[0]
        X, _ = make_check_data(5)
        write_snana(X.set_axis(list("abcde")), str(head)[: -len("_HEAD.FITS.gz")], compress=True)
        for path in (head, head.with_name(head.name.replace("HEAD", "PHOT"))):
            os.utime(path, (1e9, 1e9))
        assert read_parquet(run(raw, tmp_path)[0]).index.tolist() == list("abcde")

    def test_what_it_was_made_of_is_in_the_file(self, raw, tmp_path):
        head, path = find_heads(raw)[0], run(raw, tmp_path)[0]
        source = read_source(path)
        assert source[head.name] == [head.stat().st_size, head.stat().st_mtime_ns]
        assert len(source) == 2 and "source" not in read_parquet(path).attrs

    def test_two_conversions_at_once(self, raw, tmp_path):
        code = (
            "import sys, skastro.io as io\n"
            "io.convert(sys.argv[1], sys.argv[2], survey='LSST', progress=False)\n"
        )
        command = [sys.executable, "-c", code, str(raw), str(tmp_path / "new")]
        both = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
        told = [process.communicate()[1] for process in both]
        assert [process.returncode for process in both] == [0, 0], told
        assert_same(read_snana(raw, survey="LSST"), read_parquet(run(raw, tmp_path)))
        assert len(files_below(tmp_path / "new")) == 7

    def test_partial_files_of_a_running_process_stay(self, raw, tmp_path):
        folder = tmp_path / "new" / f"TRAIN_02_{MODELS[0]}"
        folder.mkdir(parents=True)
        name = f"TRAIN_02_{MODELS[0]}-0001.parquet.{socket.gethostname()}"
        running, ended = (folder / f"{name}.{pid}.partial" for pid in (os.getppid(), 2**22 + 1))
        for path in (running, ended):
            path.touch()
        run(raw, tmp_path)
        assert running.exists() and not ended.exists()

    @pytest.mark.parametrize(
        "other", [{"label": "folder"}, {"survey": None}, {"prefix_ids": True}, {"types": {1: "x"}}]
    )
    def test_other_options_do_not_mix_with_finished_files(self, raw, tmp_path, other):
        run(raw, tmp_path)
        with pytest.raises(ValueError, match=f"other options: {next(iter(other))}=.*another"):
            run(raw, tmp_path, **other)

    def test_interrupt_leaves_nothing_half_behind(self, raw, tmp_path, monkeypatch):
        def stop(X, path, **options):
            path.write_text("half")
            raise KeyboardInterrupt

        monkeypatch.setattr(conversion, "write_parquet", stop)
        with pytest.raises(KeyboardInterrupt):
            run(raw, tmp_path)
        assert files_below(tmp_path / "new") == ["convert.json"]
        monkeypatch.undo()
        assert count_parquet(run(raw, tmp_path)) == 30

    def test_a_killed_process_leaves_nothing_that_counts_as_finished(self, raw, tmp_path):
        code = (
            "import os, signal, sys, skastro.io._convert as c\n"
            "write, done = c.write_parquet, []\n"
            "def kill_at_the_third(X, path, **options):\n"
            "    done.append(write(X, path, **options))\n"
            "    if len(done) == 3:\n"
            "        os.truncate(path, path.stat().st_size // 2)\n"
            "        os.kill(os.getpid(), signal.SIGKILL)\n"
            "c.write_parquet = kill_at_the_third\n"
            "c.convert(sys.argv[1], sys.argv[2], survey='LSST', progress=False)\n"
        )
        new = tmp_path / "new"
        killed = subprocess.run([sys.executable, "-c", code, str(raw), str(new)], check=False)
        assert killed.returncode == -9
        assert len(list(new.rglob("*.parquet"))) == 2
        assert len(list(new.rglob("*.partial"))) == 1
        kept = {path: path.stat().st_mtime_ns for path in new.rglob("*.parquet")}
        paths = run(raw, tmp_path)
        assert_same(read_snana(raw, survey="LSST"), read_parquet(paths))
        assert {path: path.stat().st_mtime_ns for path in kept} == kept
        assert len(files_below(new)) == 7


class TestFaults:
    @pytest.mark.parametrize("n_jobs", [1, 2])
    def test_bad_files_are_told_together_and_the_others_are_there(self, raw, tmp_path, n_jobs):
        heads = find_heads(raw)
        phots = [head.with_name(head.name.replace("HEAD", "PHOT")) for head in heads]
        phots[0].write_bytes(phots[0].read_bytes()[:900])
        phots[3].unlink()
        heads[4].write_bytes(b"garbage")
        with pytest.raises(RuntimeError, match="3 of 6 files failed") as caught:
            run(raw, tmp_path, n_jobs=n_jobs)
        lines = str(caught.value).splitlines()[1:]
        assert [str(heads[i]) in line for i, line in zip((0, 3, 4), lines)] == [True] * 3
        assert len(list((tmp_path / "new").rglob("*.parquet"))) == 3
        assert not list((tmp_path / "new").rglob("*.partial"))

    def test_any_error_of_a_file_is_told(self, raw, tmp_path, monkeypatch):
        def full(X, path, **options):
            raise MemoryError("no space")

        monkeypatch.setattr(conversion, "write_parquet", full)
        with pytest.raises(RuntimeError, match="6 of 6.*\n.*MemoryError: no space"):
            run(raw, tmp_path)

    def test_the_repaired_file_alone_is_converted(self, raw, tmp_path):
        bad = find_heads(raw)[2]
        content = bad.read_bytes()
        bad.write_bytes(content[: len(content) // 2])
        with pytest.raises(RuntimeError, match="1 of 6"):
            run(raw, tmp_path)
        before = {p: p.stat().st_mtime_ns for p in (tmp_path / "new").rglob("*.parquet")}
        bad.write_bytes(content)
        assert count_parquet(run(raw, tmp_path)) == 30
        assert {p: p.stat().st_mtime_ns for p in before} == before

    def test_identifiers_of_two_files_that_meet(self, raw, tmp_path):
        X, _ = make_check_data(5)
        write_snana(X.set_axis(["new1", "SN004", "new2", "SN028", "new3"]), raw / "Z" / "Z")
        with pytest.raises(ObjectError, match="0001.parquet and Z.parquet.*'SN004'"):
            run(raw, tmp_path)
        assert count_parquet(tmp_path / "new") == 35
        unique = convert(raw, tmp_path / "unique", prefix_ids=True, progress=False)
        assert read_parquet(unique).index.is_unique

    @pytest.mark.parametrize(
        "label, text",
        [
            ("no_([^/]+)/", "does not match"),
            ("KN", "one group"),
            ("(a)(b)", "group"),
            ("(a)(b", "label='\\(a\\)\\(b' is not a regular expression"),
        ],
    )
    def test_labels_that_cannot_be_found(self, raw, tmp_path, label, text):
        with pytest.raises(ValueError, match=text):
            run(raw, tmp_path, label=label)
        assert not (tmp_path / "new").exists()

    def test_files_that_would_meet_are_refused(self, raw, tmp_path):
        shutil.copytree(raw / f"TRAIN_02_{MODELS[0]}", tmp_path / "copy")
        with pytest.raises(ValueError, match="several files.*0001"):
            run([raw, tmp_path / "copy"], tmp_path)

    def test_folders_are_listed_once(self, raw, tmp_path, monkeypatch):
        """Time to plan grows with the number of files and not with its square."""
        listed = []
        iterdir = Path.iterdir
        monkeypatch.setattr(Path, "iterdir", lambda path: listed.append(path) or iterdir(path))
        plan_jobs(find_heads(raw, recursive=True), raw, tmp_path, None, False)
        assert len(listed) == len(set(listed)) == 3

    def test_options_that_are_not_options(self, raw, tmp_path):
        (tmp_path / "new").mkdir()
        (tmp_path / "new" / "convert.json").write_text("[1")
        with pytest.raises(ValueError, match="convert.json: not the options of a conversion"):
            run(raw, tmp_path)

    def test_nothing_there(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="HEAD"):
            run(tmp_path, tmp_path)


def test_progress_bar_counts_what_is_done_already(raw, tmp_path, capsys):
    run(raw, tmp_path)[0].unlink()
    run(raw, tmp_path, progress=True)
    assert "6/6" in capsys.readouterr().err


def test_a_file_without_objects(raw, tmp_path):
    X, _ = make_check_data(2)
    write_snana(X.iloc[:0], raw / "TRAIN_02_empty" / "E")
    paths = run(raw, tmp_path)
    assert count_parquet(paths) == 30 and len(paths) == 7
