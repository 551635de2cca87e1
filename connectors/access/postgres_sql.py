"""The questions that the PostgreSQL connector asks. Catalogues only; no question changes anything.

Names are compared as text: taken as ``name``, one that is too long would be cut, and be another account's.

Every connection's search path is ``pg_catalog``: no function that somebody planted is ever called.
"""

SURVEY = """
WITH RECURSIVE
me AS (SELECT oid, rolname, rolsuper FROM pg_roles WHERE rolname = current_user),
who AS (SELECT * FROM pg_roles WHERE rolname = coalesce(
  (SELECT rolname::text FROM pg_roles WHERE oid = %(subject_oid)s::bigint::oid), %(subject)s::text)),
what AS (SELECT * FROM pg_roles WHERE rolname = coalesce(
  (SELECT rolname::text FROM pg_roles WHERE oid = %(role_oid)s::bigint::oid), %(role)s::text)),
mine AS MATERIALIZED (SELECT m.* FROM pg_auth_members m WHERE m.member = (SELECT oid FROM who)),
direct AS (
  SELECT m.grantor, coalesce(g.rolname::text, 'a role that is gone') AS name
    FROM mine m JOIN what ON m.roleid = what.oid LEFT JOIN pg_roles g ON g.oid = m.grantor
),
up (first, at, admin) AS (
  SELECT roleid, roleid, admin_option FROM mine
  UNION
  SELECT up.first, m.roleid, m.admin_option FROM up,
    LATERAL (SELECT * FROM pg_auth_members WHERE member = up.at OFFSET 0) m
)
SELECT me.rolname AS bot, me.rolsuper AS bot_is_superuser,
  who.oid::bigint AS subject_oid, who.oid = me.oid AS is_bot, who.rolsuper AS superuser,
  who.rolcreaterole AS createrole, who.rolreplication AS replication, who.rolbypassrls AS bypassrls,
  who.rolcanlogin AS login, who.rolconnlimit = 0 AS shut, who.rolvaliduntil <= now() AS expired,
  EXISTS (SELECT FROM up WHERE up.admin) AS may_grant,
  what.oid::bigint AS role_oid, what.rolcanlogin AS role_login,
  EXISTS (SELECT FROM direct, me WHERE direct.grantor = me.oid) AS ours,
  ARRAY(SELECT direct.name FROM direct, me WHERE direct.grantor <> me.oid ORDER BY 1) AS givers,
  ARRAY(
    SELECT DISTINCT r.rolname::text FROM up JOIN what ON up.at = what.oid JOIN pg_roles r ON r.oid = up.first
     WHERE up.first <> what.oid ORDER BY 1
  ) AS through,
  (pg_snapshot_xmin(pg_current_snapshot())::text)::bigint AS xid,
  (SELECT count(DISTINCT relname) = 4 FROM pg_class
    WHERE relname IN ('due', 'hold', 'ledger', 'policy_text') AND relkind IN ('r', 'p')) AS own_records
FROM me LEFT JOIN who ON true LEFT JOIN what ON true
"""
"""Who the bot is, what the subject and the role are (nulls: not there), and how the one has the other.

Who had these numbers (0: nobody), under whatever name by now; else who has these names.
"""


def by_name(subject: str | None = None, role: str | None = None) -> dict[str, str | int | None]:
    """What ``SURVEY`` is asked of names of which no number is known."""
    return {"subject": subject, "role": role, "subject_oid": 0, "role_oid": 0}


PERILS = """
WITH RECURSIVE
what AS (SELECT oid FROM pg_roles WHERE rolname = %(role)s::text),
reach (id) AS (
  SELECT oid FROM what
  UNION
  SELECT m.roleid FROM reach, LATERAL (SELECT * FROM pg_auth_members WHERE member = reach.id OFFSET 0) m
)
SELECT r.rolname AS name, r.oid = what.oid AS itself, r.rolname = current_user AS is_bot,
  r.rolsuper AS superuser, r.rolcreaterole AS createrole, r.rolreplication AS replication,
  r.rolcanlogin AS login
FROM what, reach, LATERAL (SELECT * FROM pg_roles WHERE oid = reach.id OFFSET 0) r
WHERE (r.rolsuper OR r.rolcreaterole OR r.rolreplication OR r.rolcanlogin OR r.rolname = current_user
       OR r.rolname IN ('pg_execute_server_program', 'pg_read_server_files', 'pg_write_server_files'))
  AND (r.oid = what.oid
       OR pg_has_role(what.oid, r.oid, CASE WHEN r.rolname ^@ 'pg_' THEN 'MEMBER' ELSE %(how)s END))
ORDER BY r.oid <> what.oid, r.rolname
"""
"""What makes a role too mighty to be lent: itself, and what one becomes by ``SET ROLE`` through it."""

OUR_ROWS = """
WITH theirs AS MATERIALIZED (
  SELECT m.* FROM pg_auth_members m
   WHERE m.member = ANY (ARRAY(SELECT oid FROM pg_roles WHERE rolname = %(subject)s::text)
                         || %(subject_oid)s::bigint::oid)
)
SELECT r.rolname AS role, p.rolname AS member
FROM theirs m JOIN pg_roles r ON r.oid = m.roleid JOIN pg_roles p ON p.oid = m.member
WHERE m.grantor = (SELECT oid FROM pg_roles WHERE rolname = current_user)
  AND (r.rolname = %(role)s::text OR r.oid = %(role_oid)s::bigint::oid)
"""
"""What the bot's account gave: by name, and by number, which outlives a renaming."""

HOLDERS = """
WITH RECURSIVE
me AS (SELECT oid FROM pg_roles WHERE rolname = current_user),
what AS (SELECT oid FROM pg_roles WHERE rolname = %(role)s::text),
down (member, grantor, through) AS (
  SELECT m.member, m.grantor, NULL::oid FROM pg_auth_members m JOIN what ON m.roleid = what.oid
  UNION
  SELECT m.member, NULL::oid, m.roleid FROM down JOIN pg_auth_members m ON m.roleid = down.member
)
SELECT p.rolname AS subject, bool_or(down.grantor IS NOT DISTINCT FROM me.oid) AS ours,
  array_remove(array_agg(DISTINCT CASE WHEN down.grantor <> me.oid
                         THEN coalesce(g.rolname, 'a role that is gone')::text END), NULL) AS givers,
  array_remove(array_agg(DISTINCT t.rolname::text), NULL) AS through
FROM down JOIN pg_roles p ON p.oid = down.member CROSS JOIN me
  LEFT JOIN pg_roles g ON g.oid = down.grantor LEFT JOIN pg_roles t ON t.oid = down.through
WHERE p.oid <> me.oid
GROUP BY p.rolname ORDER BY p.rolname
"""

_SESSIONS = """
FROM pg_stat_activity a,
  (SELECT (SELECT oid FROM pg_roles WHERE rolname = %(role)s::text) AS role,
          coalesce((SELECT oid FROM pg_roles WHERE oid = %(subject_oid)s::bigint::oid),
                   (SELECT oid FROM pg_roles WHERE rolname = %(subject)s::text),
                   %(subject_oid)s::bigint::oid) AS subject) AS ids
WHERE a.usesysid IS NOT NULL AND a.pid <> pg_backend_pid()
  AND (ids.role IS NULL OR NOT coalesce(pg_has_role(a.usesysid, ids.role, 'MEMBER'), false))
"""
SESSIONS = f"""
SELECT a.usesysid = ids.subject AS own {_SESSIONS}
  AND (a.usesysid = ids.subject OR pg_has_role(a.usesysid, ids.subject, %(how)s))
"""
"""Sessions that may have taken on the role while they could, and may not now: the subject's own (``SET ROLE``
does not change ``usesysid``), and those of roles that may become the subject."""

END_SESSIONS = f"""
SELECT pg_terminate_backend(a.pid, %(milliseconds)s) AS gone {_SESSIONS}
  AND a.usesysid = ids.subject
"""
"""Ends the subject's own; found and ended in one statement, so that no process number is used second-hand."""

RUNNING = """
SELECT a.datname AS database, a.state, a.query_start AS since, a.query
FROM pg_stat_activity a JOIN pg_roles p ON p.oid = a.usesysid
WHERE p.rolname = %(subject)s::text ORDER BY a.query_start NULLS LAST, a.pid LIMIT 20
"""

MAY_READ_LOG = """
SELECT has_function_privilege('pg_current_logfile(text)', 'EXECUTE')
   AND has_function_privilege('pg_stat_file(text)', 'EXECUTE')
   AND has_function_privilege('pg_read_binary_file(text,bigint,bigint)', 'EXECUTE') AS may
"""

LOG_TAIL = """
SELECT f.format, pg_read_binary_file(f.name, greatest(0, f.size - %(bytes)s), %(bytes)s) AS tail,
  f.size <= %(bytes)s AS whole
FROM (SELECT format, name, (pg_stat_file(name)).size
      FROM (SELECT format, pg_current_logfile(format) AS name
              FROM unnest(ARRAY['jsonlog', 'csvlog']) AS format
             WHERE format = 'csvlog' OR current_setting('server_version_num')::int >= 150000) AS logs
      WHERE name IS NOT NULL LIMIT 1) AS f
"""

INSTANTS = """
SELECT ARRAY(
  SELECT t::timestamptz FROM unnest(%(texts)s::text[]) WITH ORDINALITY AS u (t, n) ORDER BY n
) AS at
"""
"""The server's own reading of the times in its log: it knows what its zone's abbreviation means."""

FOOTING = """
SELECT current_user AS bot, p.rolsuper AS superuser, p.rolcreaterole AS createrole,
  pg_has_role('pg_signal_backend', 'USAGE') AS may_end_sessions,
  pg_has_role('pg_read_all_stats', 'USAGE') AS may_see_statements,
  pg_is_in_recovery() AS standby,
  coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS tls,
  coalesce(inet_client_addr() <<= '127.0.0.0/8' OR inet_client_addr() = '::1', true) AS same_machine
FROM pg_roles p WHERE p.rolname = current_user
"""

MAY_HAND_OUT = """
SELECT EXISTS (
  SELECT FROM pg_auth_members m JOIN pg_roles me ON me.oid = m.member JOIN pg_roles r ON r.oid = m.roleid
   WHERE me.rolname = current_user AND r.rolname = %(role)s::text AND m.admin_option) AS directly
"""
"""ADMIN OPTION of the bot's very own: what it gives through another role counts as that role's doing."""

_MADE = (
    "attribute", "class", "database", "default_acl", "foreign_server", "namespace", "policy", "proc", "rewrite",
    "trigger", "type",
)  # fmt: skip
"""Catalogues in which a row may be what somebody left behind."""
_ANY_YOUNG = " OR ".join(f"EXISTS (SELECT FROM pg_{name} x WHERE age(x.xmin) <= young.age)" for name in _MADE)
_YOUNG = """
now AS MATERIALIZED (SELECT (pg_snapshot_xmax(pg_current_snapshot())::text)::bigint AS xid),
young AS MATERIALIZED (
  SELECT CASE WHEN xid - %(xid)s::bigint < 2147483647
              THEN age((%(xid)s::bigint & 4294967295)::text::xid) ELSE 2147483647 END AS age
    FROM now
)
"""
ANYTHING_SINCE = f"""
WITH {_YOUNG}
SELECT now.xid < %(xid)s::bigint
    OR EXISTS (SELECT FROM pg_prepared_xacts)
    OR EXISTS (SELECT FROM pg_auth_members m WHERE age(m.xmin) <= young.age
                  AND m.grantor <> (SELECT oid FROM pg_roles WHERE rolname = current_user))
    OR EXISTS (SELECT FROM pg_shdepend d WHERE age(d.xmin) <= young.age AND d.dbid <> 0
                  AND d.dbid <> (SELECT oid FROM pg_database WHERE datname = current_database()))
    OR {_ANY_YOUNG} AS anything
FROM now, young
"""  # noqa: S608 - constants
"""Whether ``LEFT_BEHIND`` could find anything at all, in half the time: in most hours nobody makes anything."""

LEFT_BEHIND = f"""
WITH RECURSIVE {_YOUNG},
reach (id) AS (
  SELECT oid FROM pg_roles WHERE rolname = %(role)s::text OR oid = %(role_oid)s::bigint::oid
  UNION
  SELECT m.roleid FROM reach, LATERAL (SELECT * FROM pg_auth_members WHERE member = reach.id OFFSET 0) m
),
them (id) AS (
  SELECT id FROM reach
  UNION SELECT oid FROM pg_roles WHERE rolname = %(subject)s::text OR oid = %(subject_oid)s::bigint::oid
),
acl (what, item, xmin) AS (
  SELECT c.oid::regclass::text, x, c.xmin::text FROM pg_class c, unnest(c.relacl) x
   WHERE age(c.xmin) <= (SELECT age FROM young)
  UNION ALL SELECT a.attrelid::regclass || '.' || quote_ident(a.attname), x, a.xmin::text
    FROM pg_attribute a, unnest(a.attacl) x WHERE a.attacl IS NOT NULL AND age(a.xmin) <= (SELECT age FROM young)
  UNION ALL SELECT 'schema ' || quote_ident(n.nspname), x, n.xmin::text
    FROM pg_namespace n, unnest(n.nspacl) x WHERE age(n.xmin) <= (SELECT age FROM young)
  UNION ALL SELECT 'database ' || quote_ident(d.datname), x, d.xmin::text
    FROM pg_database d, unnest(d.datacl) x WHERE age(d.xmin) <= (SELECT age FROM young)
  UNION ALL SELECT 'function ' || p.oid::regprocedure, x, p.xmin::text FROM pg_proc p, unnest(p.proacl) x
    WHERE age(p.xmin) <= (SELECT age FROM young)
  UNION ALL SELECT 'type ' || t.oid::regtype, x, t.xmin::text FROM pg_type t, unnest(t.typacl) x
    WHERE age(t.xmin) <= (SELECT age FROM young)
  UNION ALL SELECT 'foreign server ' || quote_ident(s.srvname), x, s.xmin::text
    FROM pg_foreign_server s, unnest(s.srvacl) x WHERE age(s.xmin) <= (SELECT age FROM young)
),
found (kind, line, xmin) AS (
  SELECT 1, format('%%s is now a member of %%s (given by %%s)', m.member::regrole, m.roleid::regrole,
                   m.grantor::regrole), m.xmin::text
    FROM pg_auth_members m
   WHERE age(m.xmin) <= (SELECT age FROM young) AND m.grantor <> (SELECT oid FROM pg_roles WHERE rolname = current_user)
     AND (m.grantor IN (TABLE them) OR m.roleid IN (TABLE them) OR m.member IN (TABLE reach))
  UNION ALL
  SELECT 2, format('%%sfunction %%s of %%s', CASE WHEN p.prosecdef THEN 'SECURITY DEFINER ' END,
                   p.oid::regprocedure, p.proowner::regrole), p.xmin::text
    FROM pg_proc p WHERE age(p.xmin) <= (SELECT age FROM young) AND p.proowner IN (TABLE them)
  UNION ALL
  SELECT 3, format('%%s on %%s for %%s (given by %%s)',
                   string_agg(e.privilege_type, ', ' ORDER BY e.privilege_type), acl.what,
                   CASE e.grantee WHEN 0 THEN 'everybody' ELSE e.grantee::regrole::text END,
                   e.grantor::regrole), acl.xmin
    FROM acl, aclexplode(ARRAY[acl.item]) e
   WHERE e.grantor IN (TABLE them) AND e.grantee NOT IN (TABLE them)
   GROUP BY acl.what, e.grantee, e.grantor, acl.xmin
  UNION ALL
  SELECT 3, format('default privileges of %%s', d.defaclrole::regrole), d.xmin::text
    FROM pg_default_acl d
   WHERE age(d.xmin) <= (SELECT age FROM young) AND d.defaclrole IN (TABLE them)
  UNION ALL
  SELECT 4, format('trigger %%s on %%s, which runs %%s', quote_ident(t.tgname), t.tgrelid::regclass,
                   t.tgfoid::regprocedure), t.xmin::text
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
   WHERE age(t.xmin) <= (SELECT age FROM young) AND NOT t.tgisinternal
     AND (c.relowner IN (TABLE them) OR p.proowner IN (TABLE them))
  UNION ALL
  SELECT 4, format('rule %%s on %%s', quote_ident(w.rulename), w.ev_class::regclass), w.xmin::text
    FROM pg_rewrite w JOIN pg_class c ON c.oid = w.ev_class
   WHERE age(w.xmin) <= (SELECT age FROM young) AND w.rulename <> '_RETURN' AND c.relowner IN (TABLE them)
  UNION ALL
  SELECT 4, format('row policy %%s on %%s', quote_ident(y.polname), y.polrelid::regclass), y.xmin::text
    FROM pg_policy y JOIN pg_class c ON c.oid = y.polrelid
   WHERE age(y.xmin) <= (SELECT age FROM young) AND c.relowner IN (TABLE them)
  UNION ALL
  SELECT 5, format('%%s %%s of %%s', CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
                   WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'foreign table' ELSE 'table' END,
                   c.oid::regclass, c.relowner::regrole), c.xmin::text
    FROM pg_class c WHERE age(c.xmin) <= (SELECT age FROM young) AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
      AND c.relowner IN (TABLE them)
     AND c.relpersistence <> 't'
  UNION ALL
  SELECT 5, format('schema %%s of %%s', quote_ident(n.nspname), n.nspowner::regrole), n.xmin::text
    FROM pg_namespace n WHERE age(n.xmin) <= (SELECT age FROM young) AND n.nspowner IN (TABLE them)
      AND n.nspname !~ '^pg_(toast_)?temp'
  UNION ALL
  SELECT 6, format('something of %%s in database %%s (not looked at from here)', d.refobjid::regrole,
                   quote_ident(b.datname)), d.xmin::text
    FROM pg_shdepend d JOIN pg_database b ON b.oid = d.dbid
   WHERE age(d.xmin) <= (SELECT age FROM young) AND b.datname <> current_database()
     AND d.refclassid = 'pg_authid'::regclass
     AND (d.refobjid IN (TABLE them) OR EXISTS (
       SELECT FROM pg_shdepend o WHERE o.dbid = d.dbid AND o.classid = d.classid AND o.objid = d.objid
          AND o.deptype = 'o' AND o.refobjid IN (TABLE them)))
),
dated AS (
  SELECT kind, line, now.xid - ((now.xid - found.xmin::bigint) & 4294967295) AS xid
    FROM found, now WHERE found.xmin::bigint >= 3
)
SELECT DISTINCT kind, line FROM dated WHERE xid >= %(xid)s::bigint
UNION ALL
SELECT 0, NULL FROM now WHERE xid < %(xid)s::bigint
UNION ALL
SELECT 7, format('prepared transaction %%L of %%s in database %%s', x.gid, x.owner, x.database)
  FROM pg_prepared_xacts x JOIN pg_roles r ON r.rolname = x.owner WHERE r.oid IN (TABLE them)
ORDER BY 1, 2 LIMIT %(most)s
"""  # noqa: S608 - constants
"""What was made or changed since transaction ``xid`` (64 bits) by the role, what it may become, the subject.

A catalogue row carries the transaction that wrote it in 32 bits (``xmin``); a row is as young as the youngest
64-bit number that fits, which is never in the future. ``age`` leaves out at once what is older, so that a target's
thousands of old rows are not taken apart for each grant. Kind 0: the server has not come to that number.
"""
