"""A server of Google Cloud Storage that discards what it gets: `python -m benchmarks.uploads.discarding_google`.

It answers resumable uploads, which the product has for more than 8 MiB, and looks at an object. The MD5 that it tells
of an object is the one that was sent along, since it looks at no content.
"""

from __future__ import annotations

import json
from typing import Any, ClassVar
from urllib.parse import unquote
from uuid import uuid4

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from benchmarks.uploads.discarding import Discarding, serve


class DiscardingGoogle(Discarding):
    """One connection; an object is the description that the API gives of it."""

    uploads: ClassVar[dict[str, dict[str, Any]]] = {}
    objects: ClassVar[dict[str, dict[str, Any]]] = {}

    def do_POST(self) -> None:
        """Begin a resumable upload, or give an access token."""
        path, _ = self.asked()
        described = self.body()
        if path == "/token":
            return self._answer_json({"access_token": "any", "expires_in": 3600, "token_type": "Bearer"})
        number = uuid4().hex
        self.uploads[number] = {"generation": "1", "metageneration": "1", **json.loads(described)}
        place = f"http://{self.headers['Host']}{path}?uploadType=resumable&upload_id={number}"
        return self.answer(Location=place)

    def do_PUT(self) -> None:
        """Take a part of a resumable upload; the last one makes the object."""
        _, query = self.asked()
        self.discard()
        sent, _, whole = self.headers["Content-Range"].removeprefix("bytes ").partition("/")
        last = sent.partition("-")[2]
        if int(last) + 1 < int(whole):
            return self.answer(308, Range=f"bytes=0-{last}")
        upload = self.uploads.pop(query["upload_id"])
        self.objects[upload["name"]] = {**upload, "size": whole}
        return self._answer_json(self.objects[upload["name"]])

    def do_GET(self) -> None:
        """Describe an object."""
        found = self.objects.get(unquote(self.asked()[0].partition("/o/")[2]))
        if found is None:
            error = {"message": "No such object", "domain": "global", "reason": "notFound"}
            return self._answer_json({"error": {"code": 404, "message": "No such object", "errors": [error]}}, 404)
        return self._answer_json(found)

    def _answer_json(self, values: dict[str, Any], status: int = 200) -> None:
        self.answer(status, json.dumps(values), Content_Type="application/json")


def connection(url: str) -> dict[str, Any]:
    """Return the Airflow connection that leads to the server at a URL, with a key that nobody checks."""
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    key = {
        "type": "service_account",
        "project_id": "benchmark",
        "private_key": rsa.generate_private_key(65537, 2048).private_bytes(*form).decode(),
        "client_email": "benchmark@example.com",
        "token_uri": f"{url}/token",
    }
    return {"conn_type": "google_cloud_platform", "extra": {"keyfile_dict": key, "gcs.endpoint": url}}


if __name__ == "__main__":
    serve(DiscardingGoogle, connection)
