"""A server of Google Cloud Storage's JSON API on loopback, for exports to a bucket without a cloud account.

    python -m devstack.google_storage [bucket ...]

makes the buckets, prints an Airflow connection to them, and ends with Ctrl-C. Objects are kept in memory.
docs/delivery.md ("The server of Google's API") lists what it knows of Google's reference, and what it leaves out.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import secrets
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import jwt
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from devstack.google_storage_objects import ACCOUNT, WRITABLE, GoogleStorage, Kept, Refused, Session, check

QUANTUM = 256 << 10
"""Bytes that every part of a resumable upload but the last is a multiple of."""
PAGE = 1000
AUDIENCE = "https://oauth2.googleapis.com/token"
"""What assertions are made for, whichever address they are sent to."""
TOKEN_SECONDS = 3600
SKEW_SECONDS = 300
_OBJECT = "/b/([^/]+)/o/([^/]+)"
_ROUTES = {
    "GET /storage/v1/b/([^/]+)/o": "_list",
    f"GET /storage/v1{_OBJECT}": "_get",
    f"GET /download/storage/v1{_OBJECT}": "_get",
    f"DELETE /storage/v1{_OBJECT}": "_delete",
    f"POST /storage/v1{_OBJECT}/rewriteTo{_OBJECT}": "_rewrite",
    "POST /upload/storage/v1/b/([^/]+)/o": "_insert",
    "PUT /upload/storage/v1/b/([^/]+)/o": "_part",
    "DELETE /upload/storage/v1/b/([^/]+)/o": "_cancel",
}


class GoogleStorageServer(GoogleStorage):
    """The server, on a thread of this process; `buckets` are its objects by bucket and name."""

    def __init__(self, port: int = 0) -> None:
        super().__init__()
        self._http = ThreadingHTTPServer(("127.0.0.1", port), type("Handler", (_Handler,), {"storage": self}))
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> GoogleStorageServer:
        self._thread = threading.Thread(target=self._http.serve_forever, name="google-storage", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def connection(self, endpoint: str = "") -> dict[str, Any]:
        """Return an Airflow connection with the key of the service account."""
        pem = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        key = {
            "type": "service_account",
            "project_id": "devstack",
            "private_key_id": "devstack",
            "private_key": pem.decode(),
            "client_email": ACCOUNT,
            "token_uri": f"{self.url}/token",
        }
        extra = {"keyfile_dict": key, "gcs.endpoint": endpoint or self.url}
        return {"conn_type": "google_cloud_platform", "extra": extra}


class _Handler(BaseHTTPRequestHandler):
    storage: GoogleStorageServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 - the names of http.server

    def log_message(self, *_: object) -> None:
        """Quietly."""

    def _answer(self) -> None:
        split = urlsplit(self.path)
        self.asked = dict(parse_qsl(split.query, keep_blank_values=True))
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            if fault := self.storage.fault(self.command, self.path):
                raise fault
            if split.path == "/token":
                return self._token()
            if "X-Goog-Signature" in self.asked:
                return self._signed(split.path)
            self._authorize()
            for pattern, name in _ROUTES.items():
                method, _, path = pattern.partition(" ")
                match = re.fullmatch(path, split.path)
                if match and self.command == method:
                    return getattr(self, name)(*map(unquote, match.groups()))  # type: ignore[no-any-return]
            raise Refused(404, "notFound", "Not Found")
        except Refused as refused:
            error = {"message": refused.text, "domain": "global", "reason": refused.reason}
            self._json({"error": {"code": refused.status, "message": refused.text, "errors": [error]}}, refused.status)

    def _send(self, status: int, content: bytes = b"", **headers: str) -> None:
        if status < 400 and self.storage.lost(self.command, self.path):
            status, content = 503, b""
        self.send_response_only(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def _json(self, values: Any, status: int = 200) -> None:
        self._send(status, json.dumps(values).encode(), Content_Type="application/json; charset=UTF-8")

    def _token(self) -> None:
        """Exchange an assertion that the service account has signed for an access token."""
        given = dict(parse_qsl(self.body.decode()))
        try:
            claims = jwt.decode(
                given["assertion"],
                self.storage.key.public_key(),
                ["RS256"],
                audience=AUDIENCE,
                leeway=SKEW_SECONDS,
            )
            wrong = "" if claims["iss"] == ACCOUNT else "Invalid grant: account not found"
        except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError):
            wrong = (
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
                "Check your iat and exp values in the JWT claim."
            )
        except (jwt.InvalidTokenError, KeyError):
            wrong = "Invalid JWT Signature."
        if wrong:
            return self._json({"error": "invalid_grant", "error_description": wrong}, 400)
        token = f"ya29.{secrets.token_urlsafe(32)}"
        self.storage.tokens[token] = time.time() + TOKEN_SECONDS
        return self._json({"access_token": token, "expires_in": TOKEN_SECONDS, "token_type": "Bearer"})

    def _authorize(self) -> None:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.storage.tokens.get(token, 0) < time.time():
            raise Refused(401, "authError", "Invalid Credentials")

    def _list(self, bucket: str) -> None:
        """Names after the page token in their order, folded at the delimiter behind the prefix."""
        prefix, delimiter = self.asked.get("prefix", ""), self.asked.get("delimiter", "")
        after, size = self.asked.get("pageToken", ""), min(int(self.asked.get("maxResults") or PAGE), PAGE)
        with self.storage.lock:
            objects = dict(self.storage.objects(bucket))
        found: dict[str, Kept | None] = {}
        for name in sorted(each for each in objects if each.startswith(prefix)):
            folder, cut, _ = name[len(prefix) :].partition(delimiter) if delimiter else ("", "", "")
            found[prefix + folder + cut if cut else name] = None if cut else objects[name]
        names = [each for each in found if each > after]
        page = names[:size]
        items = [kept.resource(bucket, each) for each in page if (kept := found[each]) is not None]
        prefixes = [each for each in page if found[each] is None]
        more = {"nextPageToken": page[-1]} if len(names) > size else {}
        self._json({"kind": "storage#objects", "items": items, "prefixes": prefixes, **more})

    def _get(self, bucket: str, name: str) -> None:
        with self.storage.lock:
            kept = self.storage.found(bucket, name, self.asked)
        if self.asked.get("alt") == "media":
            return self._media(kept)
        return self._json(kept.resource(bucket, name))

    def _media(self, kept: Kept, **headers: str) -> None:
        """Send content, or a range of it; 416 for one that begins behind its end."""
        size, status, content = len(kept.content), 200, kept.content
        described = {
            "Content-Type": kept.described["contentType"],
            "x-goog-generation": str(kept.generation),
            "x-goog-metageneration": str(kept.metageneration),
            "x-goog-hash": f"crc32c={kept.crc32c},md5={kept.md5}",
            "x-goog-stored-content-length": str(size),
            "ETag": f'"{kept.generation}"',
            **headers,
        }
        if match := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "")):
            first, last = int(match[1]), min(int(match[2] or size - 1), size - 1)
            if first >= size:
                raise Refused(416, "requestedRangeNotSatisfiable", "Request range not satisfiable")
            status, content = 206, kept.content[first : last + 1]
            described["Content-Range"] = f"bytes {first}-{last}/{size}"
        self._send(status, content, **described)

    def _delete(self, bucket: str, name: str) -> None:
        with self.storage.lock:
            self.storage.found(bucket, name, self.asked)
            del self.storage.buckets[bucket][name]
        self._send(204)

    def _insert(self, bucket: str) -> None:
        if self.asked.get("uploadType") == "multipart":
            resource, media_type, content = _parts(self.headers["Content-Type"], self.body)
            resource.setdefault("contentType", media_type)
            return self._json(self.storage.write(bucket, resource, content, self.asked))
        resource = json.loads(self.body or b"{}")
        resource.setdefault("contentType", self.headers.get("X-Upload-Content-Type"))
        with self.storage.lock:
            check(self.asked, self.storage.objects(bucket).get(str(resource.get("name"))))
        number = secrets.token_hex(16)
        self.storage.sessions[number] = Session(bucket, resource, self.asked)
        location = f"{self.storage.url}/upload/storage/v1/b/{quote(bucket)}/o?uploadType=resumable&upload_id={number}"
        return self._send(200, Location=location, X_GUploader_UploadID=number)

    def _part(self, bucket: str) -> None:
        """Take a part of a resumable upload, or tell how much there is; bytes that are there already are left out."""
        session = self.storage.sessions.get(self.asked.get("upload_id", ""))
        if session is None or session.bucket != bucket:
            raise Refused(404, "notFound", "The upload session does not exist, or has expired.")
        if session.done is not None:
            return self._json(session.done)
        match = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)", self.headers.get("Content-Range", ""))
        first = int(match[1] or 0) if match else 0
        if first > len(session.received) or (match and match[2] == "*" and len(self.body) % QUANTUM):
            raise Refused(400, "invalid", "Invalid request.")
        session.received += self.body[len(session.received) - first :] if self.body else b""
        self.storage.part_received(len(session.received))
        if match is None or match[2] == str(len(session.received)):
            session.done = self.storage.write(bucket, session.resource, bytes(session.received), session.asked)
            session.received.clear()
            return self._json(session.done)
        received = {"Range": f"bytes=0-{len(session.received) - 1}"} if session.received else {}
        return self._send(308, b"", **received)

    def _cancel(self, bucket: str) -> None:
        self.storage.sessions.pop(self.asked.get("upload_id", ""), None)
        self._send(499)

    def _rewrite(self, bucket: str, name: str, to_bucket: str, to_name: str) -> None:
        """Copy an object in one step, once as many requests were made as its size takes."""
        given = json.loads(self.body or b"{}")
        with self.storage.lock:
            source = self.storage.found(bucket, name, {"generation": self.asked.get("sourceGeneration")})  # type: ignore[dict-item]
            check(self.asked, source, "ifSource")
            size = len(source.content)
            done = int(self.asked.get("rewriteToken") or 0) + (self.storage.bytes_per_rewrite or size)
            answer = {"kind": "storage#rewriteResponse", "objectSize": str(size), "done": done >= size}
            if done < size:
                return self._json({**answer, "totalBytesRewritten": str(done), "rewriteToken": str(done)})
            described = {key: given[key] for key in WRITABLE if given.get(key) is not None} or source.described
            copied = self.storage.write(to_bucket, {**described, "name": to_name}, source.content, self.asked)
        return self._json({**answer, "totalBytesRewritten": str(size), "resource": copied})

    def _signed(self, path: str) -> None:
        """Send an object to whoever has a URL that the service account has signed (V4), until it expires."""
        bucket, _, name = unquote(path[1:]).partition("/")
        asked = dict(self.asked)
        signature = bytes.fromhex(asked.pop("X-Goog-Signature"))
        query = "&".join(f"{quote(key, safe='~')}={quote(value, safe='~')}" for key, value in sorted(asked.items()))
        canonical = f"{self.command}\n{path}\n{query}\nhost:{self.headers['Host']}\n\nhost\nUNSIGNED-PAYLOAD"
        account, scope = asked["X-Goog-Credential"].partition("/")[::2]
        hashed = hashlib.sha256(canonical.encode()).hexdigest()
        text = f"GOOG4-RSA-SHA256\n{asked['X-Goog-Date']}\n{scope}\n{hashed}"
        try:
            self.storage.key.public_key().verify(signature, text.encode(), padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            account = ""
        if account != ACCOUNT or asked["X-Goog-SignedHeaders"] != "host":
            raise Refused(403, "SignatureDoesNotMatch", "Access denied.")
        signed = datetime.strptime(asked["X-Goog-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        if datetime.now(UTC) > signed + timedelta(seconds=int(asked["X-Goog-Expires"])):
            raise Refused(400, "ExpiredToken", "The provided token has expired.")
        with self.storage.lock:
            kept = self.storage.found(bucket, name, {key: asked[key] for key in ("generation",) if key in asked})
        headers = {"Cache-Control": kept.described.get("cacheControl", "private, max-age=0")}
        if "response-content-disposition" in asked:
            headers["Content-Disposition"] = asked["response-content-disposition"]
        self._media(kept, **headers)


def _parts(content_type: str, body: bytes) -> tuple[Any, str, bytes]:
    """Return the parts of multipart/related: the resource in JSON, and the type and the bytes of the content."""
    found = re.search(r'boundary="?([^";]+)"?', content_type)
    boundary = (found[1] if found else "").encode()
    _, described, content, *_ = (b"\r\n" + body).split(b"\r\n--" + boundary)
    head, _, data = content.partition(b"\r\n\r\n")
    return json.loads(described.partition(b"\r\n\r\n")[2]), head.decode().partition(":")[2].strip(), data


if __name__ == "__main__":
    with GoogleStorageServer() as running, contextlib.suppress(KeyboardInterrupt):
        running.buckets.update({name: {} for name in sys.argv[1:]})
        print(json.dumps(running.connection()), flush=True)
        threading.Event().wait()
