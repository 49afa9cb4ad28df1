"""Fixtures that more than one part's tests use."""

from tests.store.bucket import bucket, s3_port

__all__ = ["bucket", "s3_port"]


def pytest_addoption(parser):
    parser.addoption(
        "--update-golden", action="store_true", help="write the golden files of tests/render anew; look at the diff"
    )
