-- contacts: one row a lead.
-- first_name, last_name, city and company are not read here (people.sql says where), and notes never. e-mail, phone and
-- job_title are read, and leave the source door only as a keyed pseudonym (e-mail, phone) or as a seniority and a
-- kind of work (job_title).
-- qualification_status and updated_at say what is true NOW, and so are not read: outcomes.sql has the dated history.
WITH first_enrollment AS (
    -- Where the lead was sent before anything was tried; a later enrollment shows in what is tried then.
    SELECT
        e.contact_id,
        e.campaign_id,
        e.sequence_variant,
        e.enrolled_at,
        ROW_NUMBER() OVER (PARTITION BY e.contact_id ORDER BY e.enrolled_at, e.enrollment_id) AS position
    FROM education.campaign_enrollments AS e
)
SELECT
    c.contact_id,
    c.org_id,
    c.email,
    c.phone,
    c.region,
    c.country,
    c.timezone,
    c.lead_source,
    CAST(NULL AS nvarchar(200)) AS landing_page,    -- Agent Cory records none
    c.industry,
    c.job_title,
    c.company_size,
    c.crm_score,
    c.site_visits_30d,
    e.campaign_id           AS enrolled_campaign_id,
    e.sequence_variant      AS enrolled_variant,    -- NULL means 'A'
    e.enrolled_at,
    c.opted_out,            -- NOW: decides who is still active, never a feature
    c.created_at
FROM education.contacts AS c
LEFT JOIN first_enrollment AS e ON e.contact_id = c.contact_id AND e.position = 1
