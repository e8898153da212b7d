"""Read delivered exports without trusting them, and without Airflow: sizes, hashes, rows and types are the manifest's.

`promo_reports.read`, `promo_reports.batches` and `promo_reports.follow` are what others call; `verify` checks without
giving rows.
"""
