"""Fixtures that more than one part's tests use."""

from tests.store.bucket import bucket, s3_port

__all__ = ["bucket", "s3_port"]
