import pytest

from promo_reports.domain.delivery import Destination, Download, PartnerExport, matrix_problem

BUCKET = PartnerExport("amazon_s3", "bi-exports")


@pytest.mark.parametrize(
    ("recurring", "destinations", "problem"),
    [
        (False, [Download()], None),
        (False, [BUCKET], None),
        (False, [Download(), BUCKET], None),
        (True, [BUCKET], None),
        (True, [Download(), BUCKET], None),
        (True, [Download()], "a recurring report needs a partner_export; download alone is for one-time reports"),
        (False, [], "needs at least one of: download, partner_export"),
        (True, [], "needs at least one of: download, partner_export"),
        (False, [BUCKET, BUCKET], "names the same destination twice"),
        (False, [BUCKET, PartnerExport("amazon_s3", "bi-exports", "daily")], None),
    ],
)
def test_delivery_matrix(recurring: bool, destinations: list[Destination], problem: str | None) -> None:
    assert matrix_problem(recurring=recurring, destinations=destinations) == problem


def test_destinations_name_themselves() -> None:
    assert str(Download()) == "download"
    assert str(BUCKET) == "amazon_s3:bi-exports"
    assert str(PartnerExport("amazon_s3", "bi-exports", "daily")) == "amazon_s3:bi-exports/daily"
