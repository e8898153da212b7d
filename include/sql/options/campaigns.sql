{# The latest first: the one somebody wants to report on is rarely an old one. #}
SELECT
    c.campaign_id AS value,
    c.name AS title
FROM campaigns c
ORDER BY c.starts_at DESC, c.campaign_id
