-- Run once by PostgreSQL's image, on an empty data volume: Airflow's database, and one to hold the demo's promo data.
-- Exports read the latter as promo_reader, who can do nothing but SELECT, on tables that promo_owner makes later too.
\set ON_ERROR_STOP on
\getenv airflow AIRFLOW_DB_PASSWORD
\getenv owner PROMO_OWNER_PASSWORD
\getenv reader PROMO_READER_PASSWORD

CREATE ROLE airflow LOGIN PASSWORD :'airflow';
CREATE ROLE promo_owner LOGIN PASSWORD :'owner';
CREATE ROLE promo_reader LOGIN PASSWORD :'reader' CONNECTION LIMIT 32;
ALTER ROLE promo_reader SET default_transaction_read_only = on;

CREATE DATABASE airflow OWNER airflow;
CREATE DATABASE promo OWNER promo_owner;
REVOKE ALL ON DATABASE airflow, promo FROM PUBLIC;
GRANT CONNECT ON DATABASE promo TO promo_reader;

\connect promo
GRANT USAGE ON SCHEMA public TO promo_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE promo_owner IN SCHEMA public GRANT SELECT ON TABLES TO promo_reader;
