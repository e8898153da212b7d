"""The retention DAG: what is older than the days that an export is kept goes, and nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path
from urllib.parse import unquote, urlsplit

from promo_reports.domain.layout import new_attempt_name, run_name
from tests.support.end_to_end.delivered import aged
from tests.support.end_to_end.live import Live, Run

DAG_ID = "promo_reports.retention"


class TestRetention:
    def test_old_exports_go_and_fresh_ones_stay(self, live: Live) -> None:
        (event,) = live.transactions("Retained", "fuel-points", "2026-10-01", "2026-10-31").succeed().events()
        fresh = Path(unquote(urlsplit(event["manifest"]).path)).parent
        old, nearly_old = (
            Path(shutil.copytree(fresh, live.downloads / name / fresh.name))
            for name in ("an_old_one", "a_nearly_old_one")
        )
        aged(old, 30.5)
        aged(nearly_old, 29.5)
        stale, new = (
            live.staging / "abandoned" / run_name(DAG_ID, name) / new_attempt_name() for name in ("stale", "new")
        )
        others = live.staging / "airflow" / "dag_bundles" / "promo-reports"
        for attempt in (stale, new, others):
            attempt.mkdir(parents=True)
            (attempt / "rows.csv").write_text("a,b\n")
        aged(stale, 3.5)
        aged(live.staging / "airflow", 3.5)
        before = live.everything_delivered()

        run_id = live.api.trigger(DAG_ID)
        run = Run(live, DAG_ID, run_id).succeed()

        assert not old.exists()
        assert (nearly_old / "manifest.json").exists()
        assert (fresh / "manifest.json").exists()
        gone = {path for path in before if path.startswith(f"{old}/")}
        assert len(gone) == 2
        assert live.everything_delivered() == {path: at for path, at in before.items() if path not in gone}
        assert (stale.exists(), new.exists(), (others / "rows.csv").exists()) == (False, True, True)
        assert "1 directories, 2 files" in run.log("sweep_downloads")
        shutil.rmtree(live.staging / "abandoned")
        shutil.rmtree(live.staging / "airflow")
