-- contacts: one row a lead.
-- first_name, last_name, city and company are not read here (people.sql says where), and notes never. e-mail, phone and
-- job_title are read, and leave the source door only as a keyed pseudonym (e-mail, phone) or a seniority (job_title).
-- qualification_status and updated_at say what is true NOW, and so are not read: outcomes.sql has the dated history.
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
    c.opted_out,            -- NOW: decides who is still active, never a feature
    c.created_at
FROM education.contacts AS c
