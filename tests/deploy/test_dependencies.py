"""What the package imports is what pyproject.toml declares, as a dependency or as an extra."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.support.deploy.composition import PROJECT

PROVIDER = re.compile(r"airflow\.providers\.(.+?)(\.aws|\.cloud|\.sdk|\.hooks|$)")
METADATA = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
DISTRIBUTIONS = packages_distributions()
NAMESPACES = {"google", "azure"}
"""Top-level packages that many distributions share, each named as what it adds: `google.auth` is of google-auth."""
NOT_IMPORTED = {"tzdata"}
"""Declared for zoneinfo, which looks for it by itself."""


def imported(tree: ast.AST) -> Iterator[str]:
    """The modules that are imported to run: not those of annotations."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)
        yield from imported(node)


def distribution_of(module: str) -> str:
    """The name of the distribution that a module is of; all of Airflow but its providers is apache-airflow."""
    top = module.partition(".")[0]
    if top in NAMESPACES:
        name = canonical(module.replace(".", "-"))
        return max((each for each in declared() if f"{name}-".startswith(f"{each}-")), key=len, default=module)
    if top != "airflow":
        (name,) = DISTRIBUTIONS.get(top, [top])  # of a cloud's library, which is not installed everywhere
        return canonical(name)
    provider = PROVIDER.match(module)
    return f"apache-airflow-providers-{provider[1].replace('.', '-')}" if provider else "apache-airflow"


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared() -> dict[str, str]:
    """Requirements by the name of their distribution."""
    lines = (
        *METADATA["dependencies"],
        *(each for extra in METADATA["optional-dependencies"].values() for each in extra),
    )
    return {canonical(re.match(r"[\w.-]+", line)[0]): line for line in lines}  # type: ignore[index]


def used() -> set[str]:
    package = PROJECT / "plugins" / "promo_reports"
    sources = (each for each in package.rglob("*.py") if "shipped" not in each.relative_to(package).parts)
    modules = {module for each in sources for module in imported(ast.parse(each.read_text()))}
    return {
        distribution_of(each)
        for each in modules
        if each.partition(".")[0] not in {*sys.stdlib_module_names, "promo_reports"}
    }


def test_everything_imported_is_declared_and_everything_declared_is_imported() -> None:
    by_name_alone = {"mysql-connector-python"}  # SQLAlchemy imports it, by the address
    assert used() == declared().keys() - NOT_IMPORTED - by_name_alone


@pytest.mark.parametrize("line", sorted(set(declared().values())))
def test_no_requirement_is_a_pin(line: str) -> None:
    assert "==" not in line
    assert "~=" not in line


def test_extras_say_where_they_are_needed() -> None:
    """A message that names an extra names one that there is."""
    extras = set(METADATA["optional-dependencies"])
    package = PROJECT / "plugins" / "promo_reports"
    texts = [
        each.read_text() for each in (*package.rglob("*.py"), *Path(package / "shipped" / "project").rglob("*.md"))
    ]
    named = {
        name for text in texts for found in re.findall(r"promo-reports\[([\w,]+)\]", text) for name in found.split(",")
    }
    assert named == extras
