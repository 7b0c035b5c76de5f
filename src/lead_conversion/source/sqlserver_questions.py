"""The statements that are sent beside the four SELECTs: fixed, read-only, and about the server alone.

Each asks what the login may do or how the database is set up. A server that lacks a function or a catalogue view
refuses the question, and the answer stays unknown.
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

PRINCIPAL = "SELECT SUSER_SNAME() AS login_name, ORIGINAL_LOGIN() AS original_login"

# Each gives, in a row a securable, its name in the first columns, and in each further column whether the permission
# that the column is named after is held. The columns of permission lists are named so that they read the same way.
SERVER_PERMISSIONS = "SELECT permission_name FROM sys.fn_my_permissions(NULL, N'SERVER')"
DATABASE_PERMISSIONS = "SELECT permission_name FROM sys.fn_my_permissions(NULL, N'DATABASE')"

SCHEMA_PERMISSIONS = """
SELECT
    s.name AS securable,
    HAS_PERMS_BY_NAME(QUOTENAME(s.name), N'SCHEMA', N'INSERT') AS may_insert,
    HAS_PERMS_BY_NAME(QUOTENAME(s.name), N'SCHEMA', N'UPDATE') AS may_update,
    HAS_PERMS_BY_NAME(QUOTENAME(s.name), N'SCHEMA', N'DELETE') AS may_delete,
    HAS_PERMS_BY_NAME(QUOTENAME(s.name), N'SCHEMA', N'EXECUTE') AS may_execute,
    HAS_PERMS_BY_NAME(QUOTENAME(s.name), N'SCHEMA', N'ALTER') AS may_alter,
    HAS_PERMS_BY_NAME(QUOTENAME(s.name), N'SCHEMA', N'TAKE OWNERSHIP') AS may_take_ownership,
    HAS_PERMS_BY_NAME(QUOTENAME(s.name), N'SCHEMA', N'CONTROL') AS may_control
FROM sys.schemas AS s
WHERE s.name NOT IN (N'sys', N'INFORMATION_SCHEMA', N'guest')
"""

TABLE_PERMISSIONS = """
SELECT
    CONCAT(s.name, N'.', o.name) AS securable,
    HAS_PERMS_BY_NAME(CONCAT(QUOTENAME(s.name), N'.', QUOTENAME(o.name)), N'OBJECT', N'SELECT') AS may_select,
    HAS_PERMS_BY_NAME(CONCAT(QUOTENAME(s.name), N'.', QUOTENAME(o.name)), N'OBJECT', N'INSERT') AS may_insert,
    HAS_PERMS_BY_NAME(CONCAT(QUOTENAME(s.name), N'.', QUOTENAME(o.name)), N'OBJECT', N'UPDATE') AS may_update,
    HAS_PERMS_BY_NAME(CONCAT(QUOTENAME(s.name), N'.', QUOTENAME(o.name)), N'OBJECT', N'DELETE') AS may_delete,
    HAS_PERMS_BY_NAME(CONCAT(QUOTENAME(s.name), N'.', QUOTENAME(o.name)), N'OBJECT', N'ALTER') AS may_alter,
    HAS_PERMS_BY_NAME(CONCAT(QUOTENAME(s.name), N'.', QUOTENAME(o.name)), N'OBJECT', N'TAKE OWNERSHIP')
        AS may_take_ownership,
    HAS_PERMS_BY_NAME(CONCAT(QUOTENAME(s.name), N'.', QUOTENAME(o.name)), N'OBJECT', N'CONTROL') AS may_control
FROM sys.objects AS o
INNER JOIN sys.schemas AS s ON s.schema_id = o.schema_id
WHERE o.type IN ('U', 'V') AND o.is_ms_shipped = 0
"""

COLUMN_PERMISSIONS = """
SELECT
    CONCAT(s.name, N'.', o.name, N'.', c.name) AS securable,
    HAS_PERMS_BY_NAME(CONCAT(QUOTENAME(s.name), N'.', QUOTENAME(o.name)), N'OBJECT', N'SELECT', c.name, N'COLUMN')
        AS may_select,
    HAS_PERMS_BY_NAME(CONCAT(QUOTENAME(s.name), N'.', QUOTENAME(o.name)), N'OBJECT', N'UPDATE', c.name, N'COLUMN')
        AS may_update
FROM sys.columns AS c
INNER JOIN sys.objects AS o ON o.object_id = c.object_id
INNER JOIN sys.schemas AS s ON s.schema_id = o.schema_id
WHERE o.type IN ('U', 'V') AND o.is_ms_shipped = 0
"""

PROCEDURE_PERMISSIONS = """
SELECT
    CONCAT(s.name, N'.', o.name) AS securable,
    HAS_PERMS_BY_NAME(CONCAT(QUOTENAME(s.name), N'.', QUOTENAME(o.name)), N'OBJECT', N'EXECUTE') AS may_execute
FROM sys.objects AS o
INNER JOIN sys.schemas AS s ON s.schema_id = o.schema_id
WHERE o.type IN ('P', 'PC', 'X') AND o.is_ms_shipped = 0
"""

# By what they ask about; in the order in which they are asked.
RIGHTS_QUESTIONS = {
    "server": SERVER_PERMISSIONS,
    "database": DATABASE_PERMISSIONS,
    "schemas": SCHEMA_PERMISSIONS,
    "tables": TABLE_PERMISSIONS,
    "columns": COLUMN_PERMISSIONS,
    "procedures": PROCEDURE_PERMISSIONS,
}


def text_hash(question: str) -> str:
    """The hash under which a question stands in the access log."""
    return sha256(question.encode()).hexdigest()
