"""Clients of Google Cloud Storage with the credentials of an Airflow connection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from promo_reports.errors import DestinationRefused
from promo_reports.object_stores.advice import no_connection
from promo_reports.object_stores.signed_url import URL_SECONDS, content_disposition

if TYPE_CHECKING:
    from google.auth.credentials import Credentials
    from google.cloud.storage import Blob, Client

SECONDS_TO_CONNECT = 10
SECONDS_TO_READ = 60
"""Seconds in which a server sends the next bytes of its answer."""
SECONDS_OF_RETRIES = 60
"""Seconds for which a request is repeated that failed for a passing reason; a retry of the task follows."""
ENDPOINT = "gcs.endpoint"
"""Key of a connection's extra that names another address of the API, as for Airflow's own `gs://` paths."""


@dataclass(frozen=True)
class Connected:
    """A client with its credentials; `limits` are the time limits that are passed with each of its requests."""

    client: Client
    credentials: Credentials
    limits: Mapping[str, Any]

    def blob(self, bucket: str, key: str, **options: Any) -> Blob:
        """Return the handle of an object; nothing is contacted yet."""
        return self.client.bucket(bucket).blob(key, **options)

    def signed_url(self, blob: Blob, name: str, connection: str) -> str:
        """Return a URL that saves an object under a name, signed with the connection's key, or by Google for it.

        DestinationRefused if the credentials can do neither.
        """
        from google.auth.credentials import Signing
        from google.auth.exceptions import TransportError
        from google.auth.transport.requests import Request

        signer: dict[str, Any] = {"credentials": self.credentials}
        if not isinstance(self.credentials, Signing):
            if not getattr(self.credentials, "service_account_email", None):
                raise _cannot_sign(connection, "no key of a service account, and are not those of one")
            # A token is fetched with the first request; that of a metadata server also tells the account's address.
            if not self.credentials.valid:
                self.credentials.refresh(Request())
            signer = {
                "service_account_email": self.credentials.service_account_email,
                "access_token": self.credentials.token,
            }
        try:
            url: str = blob.generate_signed_url(
                version="v4",
                generation=blob.generation,
                expiration=timedelta(seconds=URL_SECONDS),
                response_disposition=content_disposition(name),
                **signer,
            )
        except TransportError as error:
            if "Error calling" not in str(error):  # how google-auth words an answer of the IAM API
                raise
            raise _cannot_sign(connection, "no key, and may not have Google sign for their service account") from None
        return url


ClientFactory = Callable[[], Connected]
"""Makes a client with fresh credentials each time it is called."""


def limits(connect: float, read: float, retries: float) -> Any:
    """Return the options of each request: seconds to connect and to read, and seconds for which it is repeated."""
    from google.cloud.storage.retry import DEFAULT_RETRY

    return {"timeout": (connect, read), "retry": DEFAULT_RETRY.with_timeout(retries)}


def through_airflow(connection: str) -> ClientFactory:
    """Clients with the credentials of the google provider's hook: a key, workload identity, or impersonation."""

    def client() -> Connected:
        try:
            from airflow.providers.common.compat.sdk import AirflowNotFoundException
            from airflow.providers.google.cloud.hooks.gcs import GCSHook
            from google.api_core.client_options import ClientOptions
            from google.api_core.exceptions import GoogleAPIError
            from google.auth.exceptions import RefreshError, TransportError
            from google.cloud.storage import Client
        except ModuleNotFoundError as missing:
            raise DestinationRefused(
                f"The client of Google Cloud Storage is not installed here: there is no module {missing.name!r}.",
                "Install promo-reports[airflow,google].",
            ) from None
        try:
            hook = GCSHook(gcp_conn_id=connection)
        except AirflowNotFoundException:
            raise no_connection(connection) from None
        try:
            credentials, project = hook.get_credentials_and_project_id()
            endpoint = hook.extras.get(ENDPOINT)
            made = Client(
                project=project or None,
                credentials=credentials,
                client_options=ClientOptions(api_endpoint=endpoint) if endpoint else hook.get_client_options(),
            )
        except (GoogleAPIError, RefreshError, TransportError):
            raise
        except Exception as error:
            # Whatever is wrong with a key: its text may hold the key, or a path.
            raise DestinationRefused(
                f"The Airflow connection {connection!r} has no credentials that can be used ({type(error).__name__}).",
                "Give it one of keyfile_dict, key_path and credential_config_file, or none of them where Google gives "
                "the host credentials (workload identity).",
            ) from None
        return Connected(made, credentials, limits(SECONDS_TO_CONNECT, SECONDS_TO_READ, SECONDS_OF_RETRIES))

    return client


def _cannot_sign(connection: str, why: str) -> DestinationRefused:
    return DestinationRefused(
        f"No URL can be signed with connection {connection!r}: its credentials have {why}.",
        "Give it the key of a service account, or grant its service account the role Service Account Token Creator "
        "on itself (docs/delivery.md).",
    )
