"""deploy/cluster.yaml on top of docker-compose.yaml: hosts share buckets, and no volume. `make cluster` runs it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from promo_reports.settings import PREFIX, Settings
from tests.support.deploy.composition import PROJECT, environment, mounts, names, services

SHARED = {"staging", "downloads", "created", "logs"}


class Loader(yaml.SafeLoader):
    """YAML with the tag by which Compose replaces a list instead of adding to it."""


class Replaced(list[str]):
    """A list that takes the place of the one below it."""


def replaced(loader: yaml.SafeLoader, node: yaml.SequenceNode) -> Replaced:
    """Return the list that a tagged one is."""
    return Replaced(loader.construct_sequence(node))


Loader.add_constructor("!override", replaced)


@pytest.fixture(scope="module")
def overlay() -> dict[str, Any]:
    """The services of the overlay."""
    text = (PROJECT / "deploy" / "cluster.yaml").read_text()
    found: dict[str, Any] = yaml.load(text, Loader)["services"]
    return found


def test_it_changes_services_that_there_are(overlay: dict[str, Any]) -> None:
    assert overlay.keys() <= services().keys()


def test_no_two_hosts_share_a_volume(overlay: dict[str, Any]) -> None:
    for name in names():
        if SHARED & {source for source, _ in mounts(name).values()}:
            volumes = overlay[name]["volumes"]
            assert isinstance(volumes, Replaced)
            assert not [each for each in volumes if not each.startswith(("/", "./"))], name
    assert overlay["worker"]["deploy"]["replicas"] == 2


@pytest.mark.parametrize("name", ["init", "api-server", "dag-processor", "worker"])
def test_areas_are_buckets_that_are_made(overlay: dict[str, Any], name: str) -> None:
    told = environment(name) | overlay[name]["environment"]
    settings = Settings.from_environment({key: value for key, value in told.items() if key.startswith(PREFIX)})
    areas = settings.staging_area, settings.download_area, settings.store_area
    assert {each.name for each in areas} <= set(overlay["bucket"]["environment"]["BUCKETS"].split())
    assert {f"AIRFLOW_CONN_{each.connection.upper()}" for each in areas} <= told.keys()
    assert "storage" in overlay[name].get("networks", []) + services()[name]["networks"]
