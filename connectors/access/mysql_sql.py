"""What a MySQL or MariaDB server is asked. Hashes of passwords are in none of these columns."""

from collections.abc import Mapping

FOOTING = "SELECT CURRENT_USER() AS bot, @@global.read_only AS read_only"
MANDATORY = "SELECT @@global.mandatory_roles AS roles"
OWN_GRANTS = "SHOW GRANTS"
SESSIONS = "SHOW FULL PROCESSLIST"
A_MOMENT = "DO SLEEP(0.05)"

_POWERS = """
  User AS user, Host AS host, password_expired = 'Y' AS expired, Super_priv = 'Y' AS may_super,
  Create_user_priv = 'Y' AS may_create_user, Grant_priv = 'Y' AS may_grant, File_priv = 'Y' AS may_file,
  (Insert_priv = 'Y' OR Update_priv = 'Y' OR Delete_priv = 'Y') AS may_write_all
"""
POWERS_COLUMNS = (
    "Host, User, password_expired, Super_priv, Create_user_priv, Grant_priv, File_priv, "
    "Insert_priv, Update_priv, Delete_priv"
)
ACCOUNTS_MARIADB = f"""
SELECT {_POWERS}, is_role = 'Y' AS is_role FROM mysql.user
WHERE is_role = 'Y' OR User IN (%s, %s) OR User = ''
"""  # noqa: S608 - constants
ACCOUNTS_MYSQL = f"""
SELECT {_POWERS}, account_locked = 'Y' AS locked, 0 AS may_set_user,
  (User, Host) IN (SELECT FROM_USER, FROM_HOST FROM mysql.role_edges) AS is_role
FROM mysql.user
WHERE User IN (%s, %s) OR User = '' OR (User, Host) IN (SELECT FROM_USER, FROM_HOST FROM mysql.role_edges)
   OR (Host = '%%' AND account_locked = 'Y')
"""  # noqa: S608 - constants
"""In MySQL a role is an account that is locked; one that nobody has yet is in no edge."""

LOCKED_MARIADB = "SELECT user, host, locked, may_set_user FROM breakglass.accounts"
LOCKED_VIEW = (
    "CREATE DATABASE IF NOT EXISTS breakglass; "
    "CREATE OR REPLACE SQL SECURITY DEFINER VIEW breakglass.accounts AS SELECT User AS user, Host AS host, "
    "COALESCE(JSON_VALUE(Priv, '$.account_locked'), '0') IN ('1', 'true') AS locked, "
    "(CAST(COALESCE(JSON_VALUE(Priv, '$.access'), '0') AS UNSIGNED) & 1073741824) > 0 AS may_set_user "
    "FROM mysql.global_priv"
)
"""MariaDB keeps both beside the hashes of the passwords: this shows them without."""

EDGES_MARIADB = """
SELECT User AS user, Host AS host, Role AS role, '' AS role_host, Admin_option = 'Y' AS admin FROM mysql.roles_mapping
"""
EDGES_MYSQL = """
SELECT TO_USER AS user, TO_HOST AS host, FROM_USER AS role, FROM_HOST AS role_host, WITH_ADMIN_OPTION = 'Y' AS admin
FROM mysql.role_edges
"""

HANDS_ON = """
SELECT User AS user, Host AS host, 'may give rights to others (GRANT OPTION)' AS what FROM mysql.db
  WHERE Grant_priv = 'Y'
UNION SELECT User, Host, 'may give rights to others (GRANT OPTION)' FROM mysql.tables_priv
  WHERE FIND_IN_SET('Grant', Table_priv)
UNION SELECT User, Host, 'may give rights to others (GRANT OPTION)' FROM mysql.procs_priv
  WHERE FIND_IN_SET('Grant', Proc_priv)
UNION SELECT User, Host, 'may write the tables of rights (mysql)' FROM mysql.db
  WHERE 'mysql' LIKE Db AND (Insert_priv = 'Y' OR Update_priv = 'Y' OR Delete_priv = 'Y')
UNION SELECT User, Host, 'may write the tables of rights (mysql)' FROM mysql.tables_priv
  WHERE Db = 'mysql' AND (FIND_IN_SET('Insert', Table_priv) OR FIND_IN_SET('Update', Table_priv)
    OR FIND_IN_SET('Delete', Table_priv))
"""
DYNAMIC_MYSQL = """
SELECT USER AS user, HOST AS host, CONCAT('may ', PRIV) AS what FROM mysql.global_grants
WHERE WITH_GRANT_OPTION = 'Y' OR PRIV IN ('ROLE_ADMIN', 'SET_USER_ID', 'SET_ANY_DEFINER', 'SYSTEM_USER',
  'SYSTEM_VARIABLES_ADMIN', 'ALLOW_NONEXISTENT_DEFINER')
"""

TABLES_MARIADB: Mapping[str, str] = {
    "mysql.user": f"({POWERS_COLUMNS}, is_role)",
    "mysql.roles_mapping": "(Host, User, Role, Admin_option)",
    "mysql.db": "(Host, User, Db, Grant_priv, Insert_priv, Update_priv, Delete_priv)",
    "mysql.tables_priv": "(Host, User, Db, Table_priv)",
    "mysql.procs_priv": "(Host, User, Proc_priv)",
}
TABLES_MYSQL: Mapping[str, str] = {
    "mysql.user": f"({POWERS_COLUMNS}, account_locked)",
    "mysql.role_edges": "(FROM_HOST, FROM_USER, TO_HOST, TO_USER, WITH_ADMIN_OPTION)",
    "mysql.global_grants": "(USER, HOST, PRIV, WITH_GRANT_OPTION)",
    "mysql.db": TABLES_MARIADB["mysql.db"],
    "mysql.tables_priv": TABLES_MARIADB["mysql.tables_priv"],
    "mysql.procs_priv": TABLES_MARIADB["mysql.procs_priv"],
}
"""What the bot must read, and of it no more than these columns."""


def readable(table: str, columns: str, bot: str) -> str:
    """The statement that lets the bot read it."""
    return f"GRANT SELECT {columns} ON {table} TO {bot};".replace("  ", " ")
