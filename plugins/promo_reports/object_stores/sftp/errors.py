"""Translate errors of SFTP: who has to act, and whether a retry can help.

Messages contain the server's name, the connection, what was asked for and its path only. The server's own text is left
out, and so is that of the library, which may show parts of keys.
"""

from __future__ import annotations

from promo_reports.errors import DestinationRefused, DestinationUnavailable, PromoReportsError
from promo_reports.object_stores.bucket_access import Answer

_MISSING = ("SFTPNoSuchFile", "SFTPNoSuchPath", "SFTPNotADirectory")

# An error, what happened, and what to do, by the name of a cause's class.
_Said = tuple[type[DestinationRefused] | type[DestinationUnavailable], str, str]
_CLOSED: _Said = (
    DestinationRefused,
    "{where} does not permit this user to {asked}.",
    "Grant the permissions in docs/delivery.md, or correct the prefix.",
)
_GONE: _Said = (
    DestinationRefused,
    "{where} cannot {asked}: there is no such file or directory.",
    "Create the directory, or correct the prefix in include/account.yaml.",
)
_OCCUPIED: _Said = (
    DestinationRefused,
    "{where} cannot {asked}: there is a file of that name.",
    "Remove it, or correct the prefix in include/account.yaml.",
)
_FULL: _Said = (
    DestinationUnavailable,
    "{where} cannot {asked}: its disk or the user's quota is full.",
    "Make room on the server.",
)
_LOST: _Said = (DestinationUnavailable, "The connection to {where} was lost when it was asked to {asked}.", "")
_FAILED: _Said = (
    DestinationUnavailable,
    "{where} failed to {asked} ({code}).",
    "If it lasts, look at the server's log, at its free space and at the user's quota.",
)
_ASKED: dict[str, _Said] = {
    **dict.fromkeys(_MISSING, _GONE),
    "NotADirectoryError": _OCCUPIED,
    **dict.fromkeys(("SFTPPermissionDenied", "SFTPWriteProtect", "SFTPCannotDelete"), _CLOSED),
    **dict.fromkeys(("SFTPNoSpaceOnFilesystem", "SFTPQuotaExceeded"), _FULL),
    **dict.fromkeys(("SFTPConnectionLost", "SFTPNoConnection"), _LOST),
    "SFTPOpUnsupported": (DestinationRefused, "{where} cannot {asked}: it does not implement that.", ""),
    "TimeoutError": (DestinationUnavailable, "{where} did not answer in time when asked to {asked}.", ""),
}

_UNTRUSTED: _Said = (
    DestinationRefused,
    "{where} shows a host key that is not trusted ({code}): it is unknown, or another one than before.",
    "Ask whoever runs the server for its key by another way, and set host_key in the extra of connection "
    "{connection!r}.",
)
_UNREADABLE: _Said = (
    DestinationRefused,
    "{where} cannot be used: the private key, its passphrase or the host key of the connection cannot be read "
    "({code}).",
    "Correct the extra of connection {connection!r}.",
)
_NO_FILE: _Said = (
    DestinationRefused,
    "{where} cannot be used: this host cannot read the key file or the known_hosts file of the connection.",
    "Correct key_file or known_hosts in the extra of connection {connection!r}, on every worker.",
)
_AWAY: _Said = (
    DestinationUnavailable,
    "{where} cannot be reached ({code}).",
    "Check the network, and host and port of connection {connection!r}.",
)
_CONNECTED: dict[str, _Said] = {
    **dict.fromkeys(("HostKeyNotVerifiable", "KeyExchangeFailed"), _UNTRUSTED),
    **dict.fromkeys(
        ("KeyImportError", "KeyEncryptionError", "UnsupportedAlgorithm", "ValueError", "Error", "AirflowException"),
        _UNREADABLE,
    ),
    "PermissionDenied": (
        DestinationRefused,
        "{where} does not accept the user with the password or key of the connection; a password may have expired.",
        "Renew the credentials in the Airflow connection {connection!r}.",
    ),
    "ChannelOpenError": (
        DestinationRefused,
        "{where} offers this user no SFTP.",
        "Have the subsystem sftp enabled for the user.",
    ),
}


class Fault(Exception):
    """What a server, the way to it or the library answers to a request: the operation, its path, and the cause."""

    def __init__(self, operation: str, path: str, cause: BaseException) -> None:
        super().__init__(operation, path)
        self.operation = operation
        self.path = path
        self.cause = cause

    @property
    def code(self) -> str:
        """The name of the cause's class: the library has one for each code of SFTP."""
        return type(self.cause).__name__

    @property
    def missing(self) -> bool:
        """Whether there is no such file or directory."""
        return self.code in _MISSING


class NoRoom(Exception):
    """A file system has fewer bytes free than are needed."""

    def __init__(self, path: str, needed: int, free: int) -> None:
        super().__init__(path, needed, free)
        self.path, self.needed, self.free = path, needed, free


def answer(error: BaseException) -> Answer | None:
    """Return the server's answer to a request, or None if there was none."""
    if isinstance(error, Fault) and error.code.startswith("SFTP"):
        return Answer(error.code, int(getattr(error.cause, "code", 0)), error.operation)
    return None


def meaning(error: Exception, *, bucket: str, connection: str) -> PromoReportsError | None:
    """Return the error of the product, or None for what does not concern the server."""
    where = f"SFTP server {bucket!r} of connection {connection!r}"
    if isinstance(error, NoRoom):
        return DestinationUnavailable(
            f"{where} has no room for {error.path!r}: {error.needed:,} bytes are needed and {error.free:,} are free.",
            "Make room on the server.",
        )
    if not isinstance(error, Fault):
        return None
    if error.operation == "connect":
        no_file = isinstance(error.cause, OSError) and error.cause.filename is not None
        said = _NO_FILE if no_file else _CONNECTED.get(error.code, _AWAY)
    else:
        said = _ASKED.get(error.code, _FAILED if error.code.startswith("SFTP") else _LOST)
    kind, *texts = said
    known = {"where": where, "asked": f"{error.operation} {error.path!r}", "code": error.code, "connection": connection}
    return kind(*(text.format(**known) for text in texts))
