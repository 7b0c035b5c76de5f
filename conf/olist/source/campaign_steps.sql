-- campaign_steps: none. Olist's export holds no sequence, step or prompt, so there is nothing to compare and nothing to
-- recommend. The SELECT gives the entity's columns and no row.
SELECT
    CAST(NULL AS int)               AS org_id,
    CAST(NULL AS int)               AS campaign_id,
    CAST(NULL AS nvarchar(200))     AS campaign_name,
    CAST(NULL AS nvarchar(200))     AS campaign_objective,
    CAST(NULL AS nvarchar(32))      AS campaign_status,
    CAST(NULL AS datetime2(3))      AS campaign_created_at,
    CAST(NULL AS int)               AS step_id,
    CAST(NULL AS int)               AS step_order,
    CAST(NULL AS nvarchar(200))     AS step_name,
    CAST(NULL AS nvarchar(32))      AS channel,
    CAST(NULL AS decimal(9, 2))     AS wait_hours,
    CAST(NULL AS nvarchar(max))     AS decision_point,
    CAST(NULL AS bit)               AS is_active,
    CAST(NULL AS datetime2(3))      AS step_created_at,
    CAST(NULL AS nvarchar(max))     AS variant_orders,
    CAST(NULL AS int)               AS prompt_id,
    CAST(NULL AS int)               AS prompt_version,
    CAST(NULL AS nvarchar(400))     AS subject,
    CAST(NULL AS nvarchar(max))     AS body,
    CAST(NULL AS datetime2(3))      AS prompt_created_at,
    CAST(NULL AS datetime2(3))      AS prompt_retired_at
FROM olist.marketing_qualified_leads AS l
WHERE 1 = 0
