"""One real stack for all end-to-end tests of a session: PostgreSQL, S3, api-server, scheduler and dag-processor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.end_to_end.live import Live

pytest.register_assert_rewrite("tests.end_to_end.real_airflow")


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The product, running."""
    from tests.support.end_to_end.live import Live

    product = Live(tmp_path_factory.mktemp("end-to-end"))
    try:
        product.start()
        yield product
    finally:
        product.stop()
