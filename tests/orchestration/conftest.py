"""A project of its own for each test, and the supervisor of a task."""

from tests.support.airflow.supervisor import supervisor
from tests.support.project import home, registry

__all__ = ["home", "registry", "supervisor"]
