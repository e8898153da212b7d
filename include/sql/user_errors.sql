SELECT
    e.occurred_at,
    e.error_id,
    e.campaign_id,
    c.name AS campaign_name,
    e.user_id,
    e.reward_type,
    e.error_code,
    e.error_message,
    e.attempt
FROM user_errors e
JOIN campaigns c ON c.campaign_id = e.campaign_id
WHERE e.campaign_id = {{ filters.campaign }}
    AND {{ window.covers("e.occurred_at") }}
ORDER BY e.occurred_at, e.error_id
