-- campaign_steps: one row a step x prompt version. A step without prompts keeps one row, with the prompt columns NULL.
WITH variant_orders AS (
    -- Where else the step stands: 'B:2:24.00;C:3:48.00' = variant:step_order:wait_hours. No row for variant 'A'.
    -- CONCAT reads NULL as '', which cannot happen here: the three columns are NOT NULL.
    SELECT
        v.campaign_id,
        v.step_id,
        STRING_AGG(CONCAT(v.sequence_variant, ':', v.step_order, ':', v.wait_hours), ';')
            WITHIN GROUP (ORDER BY v.sequence_variant, v.step_order) AS variant_orders
    FROM education.campaign_sequence_variants AS v
    GROUP BY v.campaign_id, v.step_id
)
SELECT
    g.org_id,
    s.campaign_id,
    g.name           AS campaign_name,
    g.objective      AS campaign_objective,
    g.status         AS campaign_status,
    g.created_at     AS campaign_created_at,
    s.step_id,
    s.step_order,
    s.name           AS step_name,
    s.channel,
    s.wait_hours,
    s.decision_point,
    s.is_active,
    s.created_at     AS step_created_at,
    o.variant_orders,
    p.prompt_id,
    p.version        AS prompt_version,
    p.subject,
    p.body,                 -- the template with its placeholders, not a message to a person
    p.created_at     AS prompt_created_at,
    p.retired_at     AS prompt_retired_at
FROM education.campaign_steps AS s
LEFT JOIN education.campaigns        AS g ON g.campaign_id = s.campaign_id
LEFT JOIN education.prompt_templates AS p ON p.step_id = s.step_id
LEFT JOIN variant_orders             AS o ON o.campaign_id = s.campaign_id AND o.step_id = s.step_id
