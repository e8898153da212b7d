"""The folder of an export, `<name>/<window_key>` below the root of a destination, and the DAG that owns it.

A bucket's patterns may place exports elsewhere (`domain.places`); who owns one is told in the same way.

The folder of a report belongs to the report: any of its runs replaces the window's export. The folder of an export on
demand belongs to one run, and no caller's choice of names and run ids leads into that of another (reliability, P17).
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass

from promo_reports.domain.dag_ids import report_id_of, report_type_of
from promo_reports.domain.layout import run_name
from promo_reports.domain.manifest import Manifest
from promo_reports.domain.places.export_place import ExportPlace

_SHORT_HASH = re.compile(r"-[0-9a-f]{8}$")


@dataclass(frozen=True)
class ExportFolder:
    """The folder of one export, told from its DAG and run."""

    dag_id: str
    run_id: str
    report_id: str
    window_key: str

    @classmethod
    def of(cls, manifest: Manifest) -> ExportFolder:
        """Return the folder that an export is published in."""
        return cls(manifest.dag_id, manifest.run_id, manifest.report_id, manifest.window_key)

    @property
    def on_demand(self) -> bool:
        """Whether it belongs to one run of a report type's DAG."""
        return report_type_of(self.dag_id) is not None

    @property
    def name(self) -> str:
        """The report's id, or `<report type>.<words of the name>-<run_name>`: a report's id has no dot."""
        report_type = report_type_of(self.dag_id)
        if report_type is None:
            return self.report_id
        return f"{report_type}.{_SHORT_HASH.sub('', self.report_id)}-{run_name(self.dag_id, self.run_id)}"

    @property
    def export_id(self) -> str:
        """32 hexadecimal digits: of DAG and run on demand, else of report and window, so that re-runs have the same."""
        if self.on_demand:
            return run_name(self.dag_id, self.run_id)
        return hashlib.sha256(json.dumps([self.report_id, self.window_key]).encode()).hexdigest()[:32]

    @property
    def place(self) -> ExportPlace:
        """Its place without patterns; ValueError if its name or window could lead elsewhere."""
        return ExportPlace((self.name, self.window_key))

    @property
    def earlier_places(self) -> tuple[ExportPlace, ...]:
        """Where earlier releases published it instead; such a place is read only."""
        return tuple(ExportPlace((name, self.window_key)) for name in self.names[1:])

    @property
    def names(self) -> tuple[str, ...]:
        """`name`, and where earlier releases published exports on demand: under the report's id, which is read only."""
        return (self.name, self.report_id) if self.on_demand else (self.name,)

    def owns(self, manifest: Manifest) -> bool:
        """Return whether a manifest is one that may be replaced by this export, and read in its place.

        It is of the same report and window; and, on demand, of the same DAG and run. The command line exports as the
        report itself, without a DAG.
        """
        same_place = (manifest.report_id, manifest.window_key) == (self.report_id, self.window_key)
        return same_place and _owner(manifest.dag_id, manifest.run_id) == _owner(self.dag_id, self.run_id)


def _owner(dag_id: str, run_id: str) -> tuple[str, str]:
    if report_type_of(dag_id) is not None:
        return dag_id, run_id
    return report_id_of(dag_id) or dag_id, ""
