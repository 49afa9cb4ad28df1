"""A place is a folder, or an object store with a copy of it in a folder of one's own."""

import stat
from pathlib import Path

import pytest

from harness.errors import StoreError, WrongUse
from harness.store import Place


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    return tmp_path


def test_a_folder_is_itself():
    place = Place.of("reports/mine")
    assert place == Place.of(Path("reports/mine")) == Place.of(place)
    assert place.folder == Path("reports/mine")
    assert not place.remote
    assert place.shown(Path("reports/mine/runs")) == str(place.folder / "runs")
    assert place.made() == place
    assert not place.folder.exists()


def test_an_object_store_has_a_copy_that_only_its_owner_reads(state):
    place = Place.of("s3://bucket/evals/nightly/").made()
    assert place.remote
    assert str(place) == "s3://bucket/evals/nightly"
    assert place.folder.is_relative_to(state / "llm-harness" / "places")
    assert stat.S_IMODE(place.folder.stat().st_mode) == 0o700
    assert place.shown(place.folder / "runs" / "one") == "s3://bucket/evals/nightly/runs/one"
    assert Place.of(Path("s3://bucket/evals/nightly")) == place, "a path makes one slash of two"
    assert Place.of("s3://bucket/evals") != place


def test_a_copy_knows_whose_it_is_and_a_local_run_that_it_is_none(tmp_path):
    place = Place.of("s3://bucket/evals").made()
    assert Place.holding(place.folder / "runs" / "one") == place
    assert Place.holding(place.folder / "latest") == place
    assert not Place.holding(tmp_path / "reports" / "runs" / "one").remote


def test_the_same_name_at_another_endpoint_is_another_place(monkeypatch):
    at_home = Place.of("s3://bucket/evals").made()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9000")
    assert Place.of("s3://bucket/evals").folder != at_home.folder
    with pytest.raises(StoreError, match="of another AWS_ENDPOINT_URL than the environment has: set that one"):
        Place.holding(at_home.folder / "runs" / "one")


@pytest.mark.parametrize("address", ["s3://key:hidden@bucket/evals", "s3://bucket/evals?secret_key=hidden"])
def test_credentials_in_an_address_are_refused_and_not_repeated(address):
    with pytest.raises(WrongUse, match="neither credentials nor options") as error:
        Place.of(address)
    assert "hidden" not in str(error.value)


@pytest.mark.parametrize("address", ["gs://bucket/evals", "https://host/evals", "s3://", Path("gs://bucket")])
def test_other_addresses_are_refused(address):
    with pytest.raises(WrongUse, match=r"is no place for runs: a folder is one, or s3://bucket/prefix"):
        Place.of(address)


def test_without_a_folder_for_state_it_is_in_the_home_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Place.of("s3://bucket").folder.is_relative_to(tmp_path / ".local" / "state" / "llm-harness")


def test_a_copy_that_cannot_be_made_says_what_to_set(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with pytest.raises(StoreError, match="XDG_STATE_HOME names another folder"):
        Place.of("s3://bucket").made()
