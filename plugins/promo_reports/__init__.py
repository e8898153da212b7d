"""Promo Reports: promotion ledgers as files that can be trusted, on Apache Airflow.

Layers, each importing only those below it (import-linter holds this)::

    cli
    orchestration              DAG factory, bundle, timetable, operators
    pipeline | delivery        extract, split, package, verify, manifest | destinations, retention
    definitions | sql          YAML to domain with located errors | sandboxed templates and binds
    settings                   PROMO_REPORTS_*, read once
    domain                     report type, filter, window, schedule, delivery, definition
    errors                     one tree of exceptions
"""
