"""The S3 protocol server of the demo and the tests."""

from __future__ import annotations

from pathlib import Path

from devstack.s3 import S3Server


def test_objects_come_back_as_they_were_put(s3: S3Server, bucket: str) -> None:
    client = s3.client()
    client.put_object(Bucket=bucket, Key="a/b.csv", Body=b"n\r\n1\r\n")
    assert client.get_object(Bucket=bucket, Key="a/b.csv")["Body"].read() == b"n\r\n1\r\n"


def test_every_test_gets_an_empty_bucket(s3: S3Server, bucket: str) -> None:
    assert s3.client().list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_buckets_are_made_at_each_start(tmp_path: Path) -> None:
    server = S3Server(log=tmp_path / "s3.log", port=0, buckets=["bi-exports"])
    for _ in range(2):
        with server:
            assert [found["Name"] for found in server.client().list_buckets()["Buckets"]] == ["bi-exports"]
        assert not server.running
