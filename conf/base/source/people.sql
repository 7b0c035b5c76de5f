-- people: one row a lead, by the values that name it.
-- Read to find these values in other texts, so that those can be scrubbed of them: always for the names in templates
-- (campaign_steps: names and their parts, cities, companies), and for replies where privacy.keep_scrubbed_text is on. Nothing of it is ever kept.
-- A file with nothing but a comment says that the database names no people: names in templates then stay.
SELECT
    c.contact_id,
    c.first_name,
    c.last_name,
    c.email,
    c.phone,
    c.city,
    c.company
FROM education.contacts AS c
