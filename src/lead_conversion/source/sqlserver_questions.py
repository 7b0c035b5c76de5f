"""The statements that are sent beside the four SELECTs: fixed, read-only, and about the server alone.

Each asks what the login may do or how the database is set up. A server that lacks a function or a catalogue view
refuses the question, and the answer stays unknown. Names come from SCHEMA_NAME: a row of sys.schemas can be hidden from
a login that may read a table in the schema.
"""

from hashlib import sha256

SERVER_FACTS = """
SELECT
    CAST(snapshot_isolation_state AS int) AS snapshot_isolation_state,
    CAST(is_read_committed_snapshot_on AS int) AS is_read_committed_snapshot_on,
    CAST(DATABASEPROPERTYEX(DB_NAME(), N'Updateability') AS nvarchar(32)) AS updateability
FROM sys.databases
WHERE database_id = DB_ID()
"""

# ProductMajorVersion is NULL on builds before 2015; a property that a server does not know is NULL.
SERVER_VERSION = """
SELECT
    CAST(SERVERPROPERTY(N'ProductMajorVersion') AS nvarchar(128)) AS major_version,
    CAST(SERVERPROPERTY(N'ProductVersion') AS nvarchar(128)) AS product_version,
    CAST(SERVERPROPERTY(N'EngineEdition') AS int) AS engine_edition,
    CAST(SERVERPROPERTY(N'BabelfishVersion') AS nvarchar(128)) AS babelfish_version
"""

PRINCIPAL = "SELECT SUSER_SNAME() AS login_name, ORIGINAL_LOGIN() AS original_login"

# Asked in master, which every login may open, when the login is not let into the database that is configured.
DATABASES = "SELECT name FROM sys.databases"

# Of each column of a table that could hold a moment, its type and whether an index begins with it.
MOMENT_COLUMNS = """
SELECT
    SCHEMA_NAME(o.schema_id) AS schema_name,
    o.name AS name,
    c.name AS column_name,
    t.name AS type_name,
    CASE
        WHEN EXISTS (
            SELECT 1 FROM sys.index_columns AS i
            WHERE i.object_id = c.object_id AND i.column_id = c.column_id AND i.key_ordinal = 1
        ) THEN 1
        ELSE 0
    END AS begins_an_index
FROM sys.columns AS c
INNER JOIN sys.objects AS o ON o.object_id = c.object_id
INNER JOIN sys.types AS t ON t.user_type_id = c.user_type_id
WHERE o.type = 'U' AND o.is_ms_shipped = 0
"""

# Each gives, in a row a securable, its name in the columns schema_name, name and column_name, and in each further
# column whether the permission that the column is named after is held: 1, 0, or NULL where the server cannot tell.
SERVER_PERMISSIONS = "SELECT permission_name FROM sys.fn_my_permissions(NULL, N'SERVER')"
DATABASE_PERMISSIONS = "SELECT permission_name FROM sys.fn_my_permissions(NULL, N'DATABASE')"

SCHEMA_PERMISSIONS = """
SELECT
    s.name AS name,
    HAS_PERMS_BY_NAME(QUOTENAME(s.name), N'SCHEMA', N'INSERT') AS may_insert,
    HAS_PERMS_BY_NAME(QUOTENAME(s.name), N'SCHEMA', N'UPDATE') AS may_update,
    HAS_PERMS_BY_NAME(QUOTENAME(s.name), N'SCHEMA', N'DELETE') AS may_delete,
    HAS_PERMS_BY_NAME(QUOTENAME(s.name), N'SCHEMA', N'EXECUTE') AS may_execute,
    HAS_PERMS_BY_NAME(QUOTENAME(s.name), N'SCHEMA', N'ALTER') AS may_alter,
    HAS_PERMS_BY_NAME(QUOTENAME(s.name), N'SCHEMA', N'TAKE OWNERSHIP') AS may_take_ownership,
    HAS_PERMS_BY_NAME(QUOTENAME(s.name), N'SCHEMA', N'CONTROL') AS may_control
FROM (
    SELECT name FROM sys.schemas
    UNION
    SELECT SCHEMA_NAME(schema_id) FROM sys.objects WHERE is_ms_shipped = 0
) AS s
WHERE s.name NOT IN (N'sys', N'INFORMATION_SCHEMA', N'guest')
"""

# U tables, V views, and functions that give rows: IF of one SELECT, through which tables can be written, TF and FT.
TABLE_PERMISSIONS = """
SELECT
    o.schema_name,
    o.name,
    HAS_PERMS_BY_NAME(o.quoted, N'OBJECT', N'SELECT') AS may_select,
    HAS_PERMS_BY_NAME(o.quoted, N'OBJECT', N'INSERT') AS may_insert,
    HAS_PERMS_BY_NAME(o.quoted, N'OBJECT', N'UPDATE') AS may_update,
    HAS_PERMS_BY_NAME(o.quoted, N'OBJECT', N'DELETE') AS may_delete,
    HAS_PERMS_BY_NAME(o.quoted, N'OBJECT', N'ALTER') AS may_alter,
    HAS_PERMS_BY_NAME(o.quoted, N'OBJECT', N'TAKE OWNERSHIP') AS may_take_ownership,
    HAS_PERMS_BY_NAME(o.quoted, N'OBJECT', N'CONTROL') AS may_control
FROM (
    SELECT
        SCHEMA_NAME(schema_id) AS schema_name,
        name,
        CONCAT(QUOTENAME(SCHEMA_NAME(schema_id)), N'.', QUOTENAME(name)) AS quoted
    FROM sys.objects
    WHERE type IN ('U', 'V', 'IF', 'TF', 'FT') AND is_ms_shipped = 0
) AS o
"""

COLUMN_PERMISSIONS = """
SELECT
    o.schema_name,
    o.name,
    c.name AS column_name,
    HAS_PERMS_BY_NAME(o.quoted, N'OBJECT', N'SELECT', c.name, N'COLUMN') AS may_select,
    HAS_PERMS_BY_NAME(o.quoted, N'OBJECT', N'UPDATE', c.name, N'COLUMN') AS may_update
FROM sys.columns AS c
INNER JOIN (
    SELECT
        object_id,
        SCHEMA_NAME(schema_id) AS schema_name,
        name,
        CONCAT(QUOTENAME(SCHEMA_NAME(schema_id)), N'.', QUOTENAME(name)) AS quoted
    FROM sys.objects
    WHERE type IN ('U', 'V', 'IF', 'TF', 'FT') AND is_ms_shipped = 0
) AS o ON o.object_id = c.object_id
"""

# P, PC, X and RF procedures, FS functions of an assembly, which may do anything. A function in T-SQL changes no data.
PROCEDURE_PERMISSIONS = """
SELECT
    o.schema_name,
    o.name,
    HAS_PERMS_BY_NAME(o.quoted, N'OBJECT', N'EXECUTE') AS may_execute,
    HAS_PERMS_BY_NAME(o.quoted, N'OBJECT', N'TAKE OWNERSHIP') AS may_take_ownership,
    HAS_PERMS_BY_NAME(o.quoted, N'OBJECT', N'CONTROL') AS may_control
FROM (
    SELECT
        SCHEMA_NAME(schema_id) AS schema_name,
        name,
        CONCAT(QUOTENAME(SCHEMA_NAME(schema_id)), N'.', QUOTENAME(name)) AS quoted
    FROM sys.objects
    WHERE type IN ('P', 'PC', 'X', 'RF', 'FS') AND is_ms_shipped = 0
) AS o
"""

# SN synonyms, with rights of their own beside those of what they stand for; SO sequences, moved on by NEXT VALUE FOR.
SYNONYM_PERMISSIONS = """
SELECT
    o.schema_name,
    o.name,
    HAS_PERMS_BY_NAME(o.quoted, N'OBJECT', N'UPDATE') AS may_update,
    CASE WHEN o.type = 'SN' THEN HAS_PERMS_BY_NAME(o.quoted, N'OBJECT', N'INSERT') ELSE 0 END AS may_insert,
    CASE WHEN o.type = 'SN' THEN HAS_PERMS_BY_NAME(o.quoted, N'OBJECT', N'DELETE') ELSE 0 END AS may_delete,
    CASE WHEN o.type = 'SN' THEN HAS_PERMS_BY_NAME(o.quoted, N'OBJECT', N'EXECUTE') ELSE 0 END AS may_execute,
    HAS_PERMS_BY_NAME(o.quoted, N'OBJECT', N'TAKE OWNERSHIP') AS may_take_ownership,
    HAS_PERMS_BY_NAME(o.quoted, N'OBJECT', N'CONTROL') AS may_control
FROM (
    SELECT
        SCHEMA_NAME(schema_id) AS schema_name,
        name,
        type,
        CONCAT(QUOTENAME(SCHEMA_NAME(schema_id)), N'.', QUOTENAME(name)) AS quoted
    FROM sys.objects
    WHERE type IN ('SN', 'SO') AND is_ms_shipped = 0
) AS o
"""

# Who may become another may do what that one may. Each may become itself.
USER_PERMISSIONS = """
SELECT name, HAS_PERMS_BY_NAME(QUOTENAME(name), N'USER', N'IMPERSONATE') AS may_impersonate
FROM sys.database_principals
WHERE type IN ('S', 'U', 'E') AND name NOT IN (N'sys', N'INFORMATION_SCHEMA') AND name <> USER_NAME()
"""

LOGIN_PERMISSIONS = """
SELECT name, HAS_PERMS_BY_NAME(QUOTENAME(name), N'LOGIN', N'IMPERSONATE') AS may_impersonate
FROM sys.server_principals
WHERE type IN ('S', 'U', 'E') AND name <> SUSER_SNAME()
"""

# Who may alter a role may make itself a member. The fixed ones nobody may alter.
ROLE_PERMISSIONS = """
SELECT
    name,
    HAS_PERMS_BY_NAME(QUOTENAME(name), N'ROLE', N'ALTER') AS may_alter,
    HAS_PERMS_BY_NAME(QUOTENAME(name), N'ROLE', N'TAKE OWNERSHIP') AS may_take_ownership,
    HAS_PERMS_BY_NAME(QUOTENAME(name), N'ROLE', N'CONTROL') AS may_control
FROM sys.database_principals
WHERE type = 'R' AND is_fixed_role = 0 AND name <> N'public'
"""

# Their rights stand in the answers above too; the role says where they come from, and what to leave.
SERVER_ROLES = """
SELECT r.name AS name, IS_SRVROLEMEMBER(r.name) AS is_member
FROM (
    VALUES (N'sysadmin'), (N'securityadmin'), (N'serveradmin'), (N'setupadmin'), (N'processadmin'), (N'diskadmin'),
        (N'dbcreator'), (N'bulkadmin')
) AS r (name)
"""

DATABASE_ROLES = """
SELECT r.name AS name, IS_ROLEMEMBER(r.name) AS is_member
FROM (
    VALUES (N'db_owner'), (N'db_datawriter'), (N'db_ddladmin'), (N'db_securityadmin'), (N'db_accessadmin'),
        (N'db_backupoperator')
) AS r (name)
"""

# By what they ask about; in the order in which they are asked.
RIGHTS_QUESTIONS = {
    "server": SERVER_PERMISSIONS,
    "database": DATABASE_PERMISSIONS,
    "schemas": SCHEMA_PERMISSIONS,
    "tables": TABLE_PERMISSIONS,
    "columns": COLUMN_PERMISSIONS,
    "procedures": PROCEDURE_PERMISSIONS,
    "synonyms": SYNONYM_PERMISSIONS,
    "users": USER_PERMISSIONS,
    "roles": ROLE_PERMISSIONS,
    "logins": LOGIN_PERMISSIONS,
    "server roles": SERVER_ROLES,
    "database roles": DATABASE_ROLES,
}
# Azure SQL Database has no server beside the database: nothing of it can be asked, nor be held.
QUESTIONS_OF_A_SERVER = ("server", "logins", "server roles")


def text_hash(question: str) -> str:
    """The hash under which a question stands in the access log."""
    return sha256(question.encode()).hexdigest()
