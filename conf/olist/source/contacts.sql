-- contacts: one row a marketing-qualified lead: somebody who asked to sell on Olist.
-- Of a lead that did not buy, Olist's export tells no more than the day, the page and the origin of its first contact.
-- What olist.closed_deals says of a lead (segment, type, stock, revenue) was asked when the deal was closed, and stands
-- there for winners only: as a feature it would give the outcome away. It is never read.
SELECT
    l.mql_id                                    AS contact_id,
    CAST(1 AS int)                              AS org_id,          -- one organisation: Olist
    CAST(NULL AS nvarchar(320))                 AS email,
    CAST(NULL AS nvarchar(64))                  AS phone,
    CAST(NULL AS nvarchar(100))                 AS region,
    CAST(NULL AS nvarchar(2))                   AS country,
    CAST(NULL AS nvarchar(64))                  AS timezone,
    l.origin                                    AS lead_source,
    l.landing_page_id                           AS landing_page,
    CAST(NULL AS nvarchar(100))                 AS industry,
    CAST(NULL AS nvarchar(200))                 AS job_title,
    CAST(NULL AS nvarchar(32))                  AS company_size,
    CAST(NULL AS decimal(5, 2))                 AS crm_score,
    CAST(NULL AS int)                           AS site_visits_30d,
    CAST(NULL AS int)                           AS enrolled_campaign_id,
    CAST(NULL AS nvarchar(16))                  AS enrolled_variant,
    CAST(NULL AS datetime2(3))                  AS enrolled_at,
    CAST(0 AS bit)                              AS opted_out,       -- not recorded
    CAST(l.first_contact_date AS datetime2(3))  AS created_at       -- a day without an hour: its midnight
FROM olist.marketing_qualified_leads AS l
