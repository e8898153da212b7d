"""The example of a downstream DAG: the asset event starts it, and it fails where files and manifest disagree."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.support.end_to_end.live import BUCKET, EXAMPLE, Live, Run, to, until


def started_by(live: Live, export: Run) -> Run:
    """The example's run that an export's event has started."""

    def found() -> list[Run]:
        return [run for run in live.runs(EXAMPLE) if export.run_id in sources(live, run)]

    (run,) = until(found, "the example's run")
    return run  # type: ignore[no-any-return]


def sources(live: Live, run: Run) -> set[str]:
    """The runs whose events started a run."""
    events = live.api.call("GET", f"{run.path}/upstreamAssetEvents")["asset_events"]
    return {event["source_run_id"] for event in events}


class TestDownstream:
    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def listening(cls, live: Live) -> Iterator[None]:
        """The example's DAG is not paused."""
        live.api.set_paused(EXAMPLE, paused=False)
        yield
        live.api.set_paused(EXAMPLE, paused=True)

    def test_reconciles_and_notices_a_file_that_was_changed(self, live: Live) -> None:
        export = live.transactions("Downstream", "fuel-points", "2026-10-01", "2026-10-31").succeed()
        (event,) = export.events()
        run = started_by(live, export).succeed()
        said = live.api.call("GET", f"{run.path}/taskInstances/reconcile/xcomEntries/return_value")["value"]
        points = live.stack.postgres.execute(
            "SELECT count(*) || ' rows and ' || sum(points) || ' points' FROM wallet_transactions"
            " WHERE wallet_id = 'fuel-points' AND occurred_at < '2026-11-01T04:00:00Z'"
            " AND occurred_at >= '2026-10-01T04:00:00Z'",
            database=live.stack.promo.name,
        )
        assert event["event_key"] in str(said)
        assert f"Downstream: {points[0][0]}" in str(said)

        file = Path(unquote(urlsplit(event["files"][0]).path))
        file.write_bytes(file.read_bytes().replace(b",credit,api,7.50,", b",credit,api,7.51,", 1))
        run.clear()
        assert run.wait() == "failed"
        assert "is damaged" in run.log("reconcile")

    def test_reads_a_zip_from_the_bucket(self, live: Live) -> None:
        export = live.transactions("In parts", "grocery-rewards", "2026-08-01", "2026-10-31", delivery=[to(BUCKET)])
        (event,) = export.succeed().events()
        assert event["files"][0].endswith(".zip")
        run = started_by(live, export).succeed()
        said = live.api.call("GET", f"{run.path}/taskInstances/reconcile/xcomEntries/return_value")["value"]
        assert "In parts: 2576 rows and " in str(said)
