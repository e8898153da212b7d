"""One real stack for all end-to-end tests of a session: PostgreSQL, S3, api-server, scheduler and dag-processor."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.register_assert_rewrite("tests.end_to_end.delivered", "tests.end_to_end.live", "tests.end_to_end.real_airflow")

from tests.end_to_end.live import Live


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The product, running."""
    product = Live(tmp_path_factory.mktemp("end-to-end"))
    try:
        product.start()
        yield product
    finally:
        product.stop()
