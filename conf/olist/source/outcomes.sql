-- outcomes: one row a deal won: the lead became a seller. Calls and qualifications are not recorded, so T1 and T2 cannot
-- be estimated. No deal is recorded before December 2017, although leads came in from June on; which leads are too early
-- to be labelled is found from the data.
SELECT
    CONCAT('d:', d.mql_id)                      AS outcome_id,
    d.mql_id                                    AS contact_id,
    CAST(1 AS int)                              AS org_id,
    'converted'                                 AS outcome_type,
    CAST(NULL AS nvarchar(32))                  AS status,
    CAST(d.won_date AS datetime2(3))            AS occurred_at,
    CAST(d.won_date AS datetime2(3))            AS logged_at
FROM olist.closed_deals AS d
