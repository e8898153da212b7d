"""A server of the S3 protocol that discards what it gets: `python -m benchmarks.uploads.discarding_s3`.

It answers uploads, `HeadObject` and deletions. The checksum that it tells of an object is the one that was sent along,
since it looks at no content.
"""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import uuid4

from benchmarks.uploads.discarding import LONG_AGO, Discarding, serve

_ETAG = '"0123456789abcdef0123456789abcdef"'


class DiscardingS3(Discarding):
    """One connection."""

    uploads: ClassVar[dict[str, dict[str, Any]]] = {}
    objects: ClassVar[dict[str, dict[str, Any]]] = {}

    def do_POST(self) -> None:
        """Begin or complete an upload in parts."""
        key, query = self.asked()
        self.discard()
        if "uploads" in query:
            name, answer = uuid4().hex, "InitiateMultipartUploadResult"
            self.uploads[name] = {"size": 0, "headers": self._metadata()}
            self._answer_xml(f"<{answer}><UploadId>{name}</UploadId></{answer}>")
        else:
            self.objects[key] = self.uploads.pop(query["uploadId"])
            answer = "CompleteMultipartUploadResult"
            self._answer_xml(f"<{answer}><Key>x</Key><ETag>{_ETAG}</ETag></{answer}>")

    def do_PUT(self) -> None:
        """Take an object, or a part of one."""
        key, query = self.asked()
        size = self.discard()
        if "uploadId" in query:
            self.uploads[query["uploadId"]]["size"] += size
        else:
            self.objects[key] = {"size": size, "headers": self._metadata()}
        self._answer_xml("", ETag=_ETAG)

    def do_HEAD(self) -> None:
        """Tell what was sent along with an object."""
        found = self.objects.get(self.asked()[0])
        if found is None:
            return self.answer(404)
        size = str(found["size"])
        return self.answer(Content_Length=size, ETag=_ETAG, Last_Modified=LONG_AGO, **found["headers"])

    def do_DELETE(self) -> None:
        """Forget an object or an upload."""
        key, query = self.asked()
        self.uploads.pop(query.get("uploadId", ""), None)
        self.objects.pop(key, None)
        self.answer(204)

    def _metadata(self) -> dict[str, str]:
        sent = {name.lower(): value for name, value in self.headers.items()}
        kept = {name: value for name, value in sent.items() if name.startswith("x-amz-meta-")}
        checksum = sent.get("x-amz-checksum-sha256") or kept.get("x-amz-meta-sha256-composite")
        return {**kept, **({"x-amz-checksum-sha256": checksum} if checksum else {})}

    def _answer_xml(self, text: str, **headers: str) -> None:
        self.answer(200, text, Content_Type="application/xml", **headers)


def connection(url: str) -> dict[str, Any]:
    """Return the Airflow connection that leads to the server at a URL."""
    extra = {"endpoint_url": url, "region_name": "us-east-1"}
    return {"conn_type": "aws", "login": "any", "password": "any", "extra": extra}


if __name__ == "__main__":
    serve(DiscardingS3, connection)
