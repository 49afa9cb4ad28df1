"""An object appears whole or not at all, and every refusal is said in plain words, without what is secret."""

import socket

import pytest

from harness.errors import StoreError, WrongUse
from harness.store.objects import objects_at
from tests.store import s3

SEVERAL_PARTS = 12 << 20


@pytest.fixture
def objects(bucket):
    return objects_at(f"{bucket.name}/evals")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "content"
    path.write_bytes(b"all of it")
    return path


def large(path):
    path.write_bytes(bytes(range(256)) * (SEVERAL_PARTS // 256))
    return path


def test_what_is_put_is_read_fetched_listed_and_removed(objects, file, tmp_path):
    objects.put("runs/a", file)
    objects.put("runs/b/c", large(file))
    file.write_bytes(b"")
    objects.put("runs/empty", file)
    assert objects.read("runs/a") == b"all of it"
    copy = tmp_path / "new" / "copy"
    assert objects.get("runs/b/c", copy)
    assert copy.stat().st_size == SEVERAL_PARTS
    assert {name: one.size for name, one in objects.below("runs").items()} == {
        "runs/a": 9, "runs/b/c": SEVERAL_PARTS, "runs/empty": 0,
    }  # fmt: skip
    objects.remove("runs/a")
    objects.remove("runs/a")
    assert objects.read("runs/a") is None


def test_what_is_not_there_is_none(objects, tmp_path):
    assert objects.read("nothing") is None
    assert not objects.get("nothing", tmp_path / "copy")
    assert list(tmp_path.glob("copy*")) == []
    assert objects.below("nothing") == {}


@pytest.mark.parametrize("part", ["partNumber=1", "partNumber=2", "uploadId"])
def test_an_upload_that_fails_in_the_middle_publishes_nothing(bucket, objects, file, part):
    bucket.proxy.fault = lambda method, path: 500 if method in {"PUT", "POST"} and part in path else None
    with pytest.raises(StoreError, match="evals/big cannot be written: the server failed: try again later"):
        objects.put("big", large(file))
    assert bucket.objects == []


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (403, "access denied: the credentials in the environment do not allow it"),
        (500, "the server failed: try again later"),
        (503, "try again later"),
    ],
)
def test_what_a_server_answers_is_said_plainly(bucket, objects, file, tmp_path, status, reason):
    objects.put("here", file)
    bucket.proxy.fault = lambda method, path: status
    for failing in (
        lambda: objects.put("here", file),
        lambda: objects.read("here"),
        lambda: objects.get("here", tmp_path / "copy"),
        lambda: objects.below("runs"),
        lambda: objects.remove("here"),
    ):
        with pytest.raises(StoreError) as error:
            failing()
        assert str(error.value).startswith(f"s3://{bucket.name}/evals/")
        assert reason in str(error.value)
        assert not s3.is_secret_in(str(error.value))
    bucket.proxy.fault = lambda method, path: None
    assert objects.read("here") == b"all of it"
    assert len(bucket.proxy.asked) < 60, "tries are bounded"


def test_a_bucket_that_has_vanished_is_told_from_an_object_that_is_not_there(bucket, objects, file, tmp_path):
    bucket.vanish()
    for failing in (
        lambda: objects.put("a", file),
        lambda: objects.read("a"),
        lambda: objects.get("a", tmp_path / "copy"),
        lambda: objects.below("runs"),
    ):
        with pytest.raises(StoreError, match="there is no such bucket: create it"):
            failing()


def test_without_a_network_it_says_so(bucket, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    with pytest.raises(StoreError, match="no connection: check the network and AWS_ENDPOINT_URL"):
        objects_at(bucket.name).read("a")


def test_credentials_come_from_the_environment_or_not_at_all(bucket, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(WrongUse, match="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"):
        objects_at(bucket.name)


def test_a_reason_that_nobody_knows_is_passed_on_without_secrets(bucket, objects):
    bucket.proxy.fault = lambda method, path: 418
    with pytest.raises(StoreError) as error:
        objects.below("runs")
    assert "418" in str(error.value)
    assert not s3.is_secret_in(str(error.value))
