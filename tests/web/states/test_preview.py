"""What a preview shows of personal data, by what the person may read in Airflow and where the export would go."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from devstack.databases import PromoDatabase
from tests.support.web.airflow_app import AirflowApp

BUCKET = {"partner_export": {"partner": "amazon_s3", "bucket": "bi-exports"}}
BODY: dict[str, Any] = {
    "name": "Credits of June",
    "report_type": "wallet_transactions",
    "filters": {"wallet": "gold", "transaction_type": ["credit"]},
    "frequency": "one_time",
    "date_range": {"first": "2026-06-01", "last": "2026-06-30"},
    "delivery": [BUCKET],
}
CLEAR, MASKED = ["member-1234", "né"], ["****1234", "****"]
SECRET = "a key of the tests, which nobody uses"


@pytest.fixture(autouse=True)
def _database(promo_database: Callable[[], PromoDatabase], monkeypatch: pytest.MonkeyPatch) -> None:
    import psycopg2

    made = promo_database()
    monkeypatch.setenv("AIRFLOW_CONN_PROMO_DB", made.reader_url)
    with contextlib.closing(psycopg2.connect(made.owner_url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO wallets VALUES ('gold', 'Gold', 'points', 'active', '2026-01-01Z');"
            "INSERT INTO wallet_transactions (transaction_id, occurred_at, recorded_at, user_id, wallet_id,"
            " transaction_type, transaction_source, points, balance_after) SELECT n, at, at, name, 'gold', 'credit',"
            " 'api', 1, n FROM unnest(ARRAY['member-1234', 'né']) WITH ORDINALITY AS given (name, n),"
            " LATERAL (SELECT timestamptz '2026-06-03 12:00Z' + n * interval '1 minute') AS times (at)"
        )


def preview(app: AirflowApp, role: str, **changes: Any) -> dict[str, Any]:
    """The preview of somebody with a role."""
    answer = app.client("paula", role).post("/promo-reports/api/drafts/preview", json=BODY | changes)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def users(seen: dict[str, Any]) -> tuple[list[str], str | None]:
    """The cells of `user_id`, and the mask that its column says it has."""
    names = [each["name"] for each in seen["columns"]]
    place = names.index("user_id")
    assert [each["name"] for each in seen["columns"] if each["mask"]] in ([], ["user_id"])
    return [row[place] for row in seen["rows"]], seen["columns"][place]["mask"]


@pytest.mark.parametrize(
    ("role", "delivery", "expected"),
    [
        ("user", [BUCKET], (MASKED, "last_four")),
        ("op", [BUCKET], (CLEAR, None)),
        ("admin", [BUCKET], (CLEAR, None)),
        ("user", ["download"], (CLEAR, None)),
        ("user", ["download", BUCKET], (CLEAR, None)),
    ],
)
def test_clear_personal_data_is_shown_to_whoever_may_read_it(
    app: AirflowApp, role: str, delivery: list[object], expected: tuple[list[str], str | None]
) -> None:
    seen = preview(app, role, delivery=delivery)
    assert users(seen) == expected
    assert seen["counted"] == 2


@pytest.mark.parametrize("role", ["user", "op"])
def test_a_mask_of_the_definition_is_shown_to_everybody(
    app: AirflowApp, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert users(preview(app, role, personal_data={"user_id": "last_four"})) == (MASKED, "last_four")
    key = json.dumps({"conn_type": "generic", "password": SECRET})
    monkeypatch.setenv("AIRFLOW_CONN_PROMO_REPORTS_HASH_KEY", key)
    cells, mask = users(preview(app, role, personal_data={"user_id": "hashed"}))
    assert (len(set(cells)), {len(each) for each in cells}, mask) == (2, {37}, "hashed")
    dropped = preview(app, role, personal_data={"user_id": "dropped"})
    assert "user_id" not in [each["name"] for each in dropped["columns"]]
    assert "1234" not in json.dumps(dropped["rows"])


def test_a_missing_key_is_told_before_the_database_is_asked(app: AirflowApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_PROMO_DB")
    answer = app.client("paula", "op").post(
        "/promo-reports/api/drafts/preview", json=BODY | {"personal_data": {"user_id": "hashed"}}
    )
    assert answer.status_code == 503
    assert "secret" not in answer.text


def test_what_a_bucket_may_not_receive_is_told_beside_it(app: AirflowApp) -> None:
    answer = app.client("paula", "op").post(
        "/promo-reports/api/drafts/preview", json=BODY | {"personal_data": {"points": "hashed"}}
    )
    assert [each["path"] for each in answer.json()["error"]["problems"]] == ["personal_data.points"]
