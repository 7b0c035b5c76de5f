-- outcomes: one row a call booked, a qualification, a conversion or an opt-out, with the moment it happened.
WITH contact_of_ghl AS (
    -- See engagement_logs.sql: one contact for each of the outreach tool's ids, or a booking would count twice.
    SELECT
        c.ghl_contact_id,
        MIN(c.contact_id) AS contact_id
    FROM education.contacts AS c
    WHERE c.ghl_contact_id IS NOT NULL
    GROUP BY c.ghl_contact_id
)
-- Bookings. One of the two ids of the contact is always there. A booking with status 'void' is kept here, and set
-- aside when the data is cleaned.
SELECT
    CONCAT('b:', b.appointment_id)          AS outcome_id,
    COALESCE(b.contact_id, i.contact_id)    AS contact_id,
    b.org_id,
    'call_booked'                           AS outcome_type,
    b.status,
    b.created_at                            AS occurred_at,
    b.created_at                            AS logged_at
FROM education.booking_appointments AS b
LEFT JOIN contact_of_ghl AS i ON i.ghl_contact_id = b.ghl_contact_id

UNION ALL

-- Status history. Every change is read; which one is the first is settled when the data is cleaned.
SELECT
    CONCAT('s:', h.status_id)               AS outcome_id,
    h.contact_id,
    h.org_id,
    CASE WHEN LOWER(LTRIM(RTRIM(h.new_status))) = 'customer' THEN 'converted' ELSE 'qualified' END AS outcome_type,
    CAST(NULL AS nvarchar(32))              AS status,
    h.changed_at                            AS occurred_at,
    h.changed_at                            AS logged_at
FROM education.contact_status_history AS h
WHERE LOWER(LTRIM(RTRIM(h.new_status))) IN ('qualified', 'customer')

UNION ALL

-- Opt-outs, as the conversation is tagged. The commas make 'opt_out' a whole tag, wherever it stands in the list.
SELECT
    -- CONCAT reads NULL as '': without the CASE every message without an id would share the id 'm:'.
    CASE WHEN m.message_id IS NOT NULL THEN CONCAT('m:', m.message_id) END AS outcome_id,
    i.contact_id,
    c.org_id,
    'opted_out'                             AS outcome_type,
    CAST(NULL AS nvarchar(32))              AS status,
    COALESCE(m.[timestamp], m.created_at)   AS occurred_at,
    m.created_at                            AS logged_at
FROM dbo.Education_Cory_Communication_Log AS m
LEFT JOIN contact_of_ghl     AS i ON i.ghl_contact_id = m.ghl_contact_id
LEFT JOIN education.contacts AS c ON c.contact_id = i.contact_id
WHERE CONCAT(',', REPLACE(LOWER(m.conversation_tags), ' ', ''), ',') LIKE '%,opt_out,%'
