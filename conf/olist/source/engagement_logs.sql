-- engagement_logs: one row a lead: its first contact. Neither attempts nor messages are recorded.
-- The lead filled in a form on a landing page, so the event is inbound, and there is no text. The contract has no channel
-- for a form; 'email', the other written one that a lead opens, stands for it. No feature tells inbound channels apart.
SELECT
    CONCAT('f:', l.mql_id)                      AS event_id,
    l.mql_id                                    AS contact_id,
    CAST(1 AS int)                              AS org_id,
    CAST(NULL AS int)                           AS campaign_id,
    CAST(NULL AS int)                           AS step_id,
    CAST(NULL AS int)                           AS prompt_id,
    CAST(NULL AS nvarchar(16))                  AS sequence_variant,
    CAST(NULL AS datetime2(3))                  AS enrolled_at,
    'email'                                     AS channel,
    'inbound'                                   AS direction,
    'replied'                                   AS outcome,         -- what the contract calls any inbound event
    CAST(NULL AS decimal(9, 2))                 AS planned_wait_hours,
    CAST(NULL AS datetime2(3))                  AS scheduled_at,
    CAST(NULL AS datetime2(3))                  AS started_at,
    CAST(l.first_contact_date AS datetime2(3))  AS occurred_at,     -- a day without an hour: its midnight
    CAST(l.first_contact_date AS datetime2(3))  AS logged_at,
    CAST(NULL AS int)                           AS duration_seconds,
    CAST(NULL AS nvarchar(max))                 AS body,
    CAST(NULL AS nvarchar(400))                 AS tags
FROM olist.marketing_qualified_leads AS l
