-- engagement_logs: one row an outbound attempt and what became of it, or an inbound message.
-- Outbound messages of the communication log are left out: each repeats an activity.
-- occurred_at is read as recorded (it can be years off) and mended when the data is cleaned; logged_at says when the
-- database learned of the row, and decides what belongs to a snapshot.
WITH contact_of_ghl AS (
    -- The outreach tool's id can stand at two contacts (one person twice): the older contact stands for both, or the
    -- join would count their messages twice.
    SELECT
        c.ghl_contact_id,
        MIN(c.contact_id) AS contact_id
    FROM education.contacts AS c
    WHERE c.ghl_contact_id IS NOT NULL
    GROUP BY c.ghl_contact_id
)
SELECT
    CONCAT('a:', a.activity_id)                                 AS event_id,
    e.contact_id,                                               -- NULL where the enrollment does not exist
    a.org_id,
    e.campaign_id,
    a.step_id,
    a.prompt_id,
    e.sequence_variant,                                         -- NULL means 'A'
    e.enrolled_at,
    a.channel,
    'outbound'                                                  AS direction,
    a.outcome,
    a.wait_hours                                                AS planned_wait_hours,
    a.scheduled_at,
    a.call_started_at                                           AS started_at,
    COALESCE(a.completed_at, a.call_started_at, a.created_at)   AS occurred_at,
    a.created_at                                                AS logged_at,
    a.duration_seconds,
    CAST(NULL AS nvarchar(max))                                 AS body,
    CAST(NULL AS nvarchar(400))                                 AS tags
FROM education.campaign_activities AS a
LEFT JOIN education.campaign_enrollments AS e ON e.enrollment_id = a.enrollment_id

UNION ALL

SELECT
    -- CONCAT reads NULL as '': without the CASE every message without an id would share the id 'm:'.
    CASE WHEN m.message_id IS NOT NULL THEN CONCAT('m:', m.message_id) END AS event_id,
    i.contact_id,                                               -- NULL where no contact has the outreach tool's id
    c.org_id,
    CAST(NULL AS int)                                           AS campaign_id,
    CAST(NULL AS int)                                           AS step_id,
    CAST(NULL AS int)                                           AS prompt_id,
    CAST(NULL AS nvarchar(16))                                  AS sequence_variant,
    CAST(NULL AS datetime2(3))                                  AS enrolled_at,
    m.channel,
    m.direction,
    'replied'                                                   AS outcome,
    CAST(NULL AS decimal(9, 2))                                 AS planned_wait_hours,
    CAST(NULL AS datetime2(3))                                  AS scheduled_at,
    CAST(NULL AS datetime2(3))                                  AS started_at,
    COALESCE(m.[timestamp], m.created_at)                       AS occurred_at,
    m.created_at                                                AS logged_at,
    CAST(NULL AS int)                                           AS duration_seconds,
    m.body,                                                     -- features are computed in flight; the text is not kept
    m.conversation_tags                                         AS tags
FROM dbo.Education_Cory_Communication_Log AS m
LEFT JOIN contact_of_ghl     AS i ON i.ghl_contact_id = m.ghl_contact_id
LEFT JOIN education.contacts AS c ON c.contact_id = i.contact_id
WHERE LOWER(LTRIM(RTRIM(m.direction))) LIKE 'in%'               -- 'in', 'Inbound', 'inbound'
