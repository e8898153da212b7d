# Make the cluster and run /docker-entrypoint-initdb.d where the volume is empty, then the command of the container.
set -euo pipefail
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    read -ra options <<<"${POSTGRES_INITDB_ARGS:-}"
    initdb --username postgres --pwfile <(printf '%s' "$POSTGRES_PASSWORD") --auth trust "${options[@]}"
    echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
    echo "listen_addresses = '*'" >>"$PGDATA/postgresql.conf"
    pg_ctl start --wait --options "-c listen_addresses=''"
    for script in /docker-entrypoint-initdb.d/*.sql; do
        psql --no-psqlrc --username postgres --dbname postgres --set ON_ERROR_STOP=1 --file "$script"
    done
    pg_ctl stop --wait --mode fast
fi
exec "$@"
