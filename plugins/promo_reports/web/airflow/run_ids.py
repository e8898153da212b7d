"""Prefixes of the ids of runs that the page or its API starts."""

PAGE_RUN = "page__"
AGAIN_RUN = f"{PAGE_RUN}again_"
"""Prefix of runs that Retry starts in place of another run, whose `dag_run.id` follows."""
