"""Write definitions as YAML: a report created on the page is the file that an engineer would have written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from promo_reports.definitions.inputs.yaml_scalars import implicit_kind


class _Dumper(yaml.SafeDumper):
    """Quotes every text that some YAML version would read as something else."""


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if implicit_kind(text) else None)


_Dumper.add_representer(str, _text)


def to_yaml(content: Mapping[str, Any]) -> str:
    """Return block-style YAML in the order of the mapping, one line per value; `yaml_reader` reads it back."""
    return yaml.dump(
        dict(content), Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=1_000_000
    )
