"""Every table, the ledger's first head, and the triggers that keep the ledger as it was written."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Every table, the ledger's first head, and its triggers."""
    for create in _IN_ORDER:
        create()
    head = sa.table("ledger_head", sa.column("id"), sa.column("seq"), sa.column("hash"))
    op.execute(head.insert().values(id=1, seq=0, hash="0" * 64))
    for statement in _KEEP_LEDGER[op.get_context().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Back to an empty database."""
    for create in reversed(_IN_ORDER):
        op.drop_table(create.__name__.removeprefix("_create_"))
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION ledger_is_only_appended_to()")


def _sqlite_refuses(name: str, when: str) -> str:
    return (
        f"CREATE TRIGGER ledger_{name} BEFORE {when} "
        "BEGIN SELECT RAISE(ABORT, 'the ledger is only ever appended to'); END"
    )


_SAME_SEQ = "SELECT 1 FROM ledger WHERE seq = NEW.seq"

_KEEP_LEDGER = {
    "sqlite": (
        _sqlite_refuses("not_changed", "UPDATE ON ledger"),
        _sqlite_refuses("not_deleted", "DELETE ON ledger"),
        # INSERT OR REPLACE deletes without telling the trigger above.
        _sqlite_refuses("not_replaced", f"INSERT ON ledger WHEN EXISTS ({_SAME_SEQ})"),
    ),
    "postgresql": (
        """
        CREATE FUNCTION ledger_is_only_appended_to() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'the ledger is only ever appended to'
                USING ERRCODE = 'integrity_constraint_violation';
        END $$
        """,
        """
        CREATE TRIGGER ledger_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger
            FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_only_appended_to()
        """,
        # Also where session_replication_role would silence ordinary triggers.
        "ALTER TABLE ledger ENABLE ALWAYS TRIGGER ledger_kept",
    ),
}


def _one_of(column: str, values: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values.split())
    return sa.CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


def _create_drift() -> None:
    op.create_table(
        "drift",
        sa.Column("id", sa.String(), nullable=False, primary_key=True),
        sa.Column("connector", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("access", sa.JSON(), nullable=False),
        sa.Column("ours", sa.Boolean(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_drift_connector", "drift", ["connector"])


def _create_due() -> None:
    op.create_table(
        "due",
        sa.Column("id", sa.String(), nullable=False, primary_key=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rung", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("lease_by", sa.String(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
    )
    op.create_index("due_list", "due", ["due_at", "lane"])


def _create_freeze() -> None:
    op.create_table(
        "freeze",
        sa.Column("id", sa.String(), nullable=False, primary_key=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("connector", sa.String(), nullable=True),
        sa.Column("thaw_asked_by", sa.String(), nullable=True),
        sa.Column("thaw_reason", sa.Text(), nullable=True),
        sa.Column("thawed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("thawed_by", sa.String(), nullable=True),
    )
    op.create_index("ix_freeze_thawed_at", "freeze", ["thawed_at"])


def _create_hold() -> None:
    op.create_table(
        "hold",
        sa.Column("id", sa.String(), nullable=False, primary_key=True),
        sa.Column("connector", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("access_key", sa.Text(), nullable=False),
        sa.Column("lease_by", sa.String(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.UniqueConstraint("connector", "subject", "access_key", name="hold_once"),
    )
    op.create_index("hold_leased", "hold", ["lease_by"])


def _create_ledger() -> None:
    op.create_table(
        "ledger",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False, primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("request_id", sa.String(), nullable=True),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("prev_hash", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
    )
    op.create_index("ix_ledger_request_id", "ledger", ["request_id"])


def _create_ledger_head() -> None:
    op.create_table(
        "ledger_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False, primary_key=True),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
    )


def _create_message() -> None:
    op.create_table(
        "message",
        sa.Column("slot", sa.String(), nullable=False, primary_key=True),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("ts", sa.String(), nullable=False),
    )


def _create_notice() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.Integer(), nullable=False, primary_key=True),
        sa.Column("conversation", sa.String(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("request_id", sa.String(), nullable=True),
        sa.Column("slot", sa.String(), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("head", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("unclear", sa.Boolean(), nullable=False),
        sa.Column("escalated", sa.Boolean(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ts", sa.String(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("lease_by", sa.String(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
    )
    op.create_index("ix_notice_request_id", "notice", ["request_id"])
    op.create_index("notice_leased", "notice", ["lease_until"])
    op.create_index("notice_order", "notice", ["sent_at", "conversation", "priority", "id"])


def _create_person() -> None:
    op.create_table(
        "person",
        sa.Column("id", sa.String(), nullable=False, primary_key=True),
        sa.Column("team", sa.String(), nullable=False),
        sa.Column("slack_user", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("proposed_email", sa.String(), nullable=True),
        sa.Column("accept_asked_by", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("bound_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("profile", sa.JSON(), nullable=True),
        sa.Column("profile_at", sa.DateTime(timezone=True), nullable=True),
        sa.UniqueConstraint("email"),
    )


def _create_policy_text() -> None:
    op.create_table(
        "policy_text",
        sa.Column("digest", sa.String(), nullable=False, primary_key=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("commit", sa.String(), nullable=True),
        sa.Column("clean", sa.Boolean(), nullable=True),
    )


def _create_press() -> None:
    op.create_table(
        "press",
        sa.Column("id", sa.String(), nullable=False, primary_key=True),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("team", sa.String(), nullable=False),
        sa.Column("slack_user", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
    )
    op.create_index("press_unjudged", "press", ["subject", "judged_at", "n"])


def _create_pulse() -> None:
    op.create_table(
        "pulse",
        sa.Column("name", sa.String(), nullable=False, primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ok", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
    )


def _create_request() -> None:
    op.create_table(
        "request",
        sa.Column("id", sa.String(), nullable=False, primary_key=True),
        sa.Column("team", sa.String(), nullable=False),
        sa.Column("slack_user", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("policy", sa.String(), nullable=False),
        sa.Column("policy_digest", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("state_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("incident", sa.String(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_seconds", sa.Integer(), nullable=True),
        sa.Column("duration_seconds", sa.Integer(), nullable=True),
        sa.Column("max_seconds", sa.Integer(), nullable=True),
        sa.Column("extended_seconds", sa.Integer(), nullable=False),
        sa.Column("extensions", sa.Integer(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("active_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision", sa.JSON(), nullable=True),
        sa.Column("over_limit", sa.Boolean(), nullable=False),
        sa.Column("subjects", sa.JSON(), nullable=True),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=True),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("step_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decide_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("extension_seconds", sa.Integer(), nullable=True),
        sa.Column("confirm_due", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirm_by", sa.JSON(), nullable=True),
        sa.Column("confirmed_by", sa.String(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_because", sa.String(), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.Column("ended_reason", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        _one_of(
            "state",
            "deciding pending granting active revoking refused denied timed_out cancelled failed revoked",
        ),
    )
    op.create_index("request_asked", "request", ["slack_user", "requested_at"])
    op.create_index("request_given", "request", ["policy", "granted_at"])
    op.create_index("request_live", "request", ["policy", "state"])
    op.create_index("request_newest", "request", ["requested_at"])
    op.create_index("request_open", "request", ["slack_user", "state"])
    op.create_index("request_used", "request", ["policy", "email", "granted_at"])


def _create_roster() -> None:
    op.create_table(
        "roster",
        sa.Column("name", sa.String(), nullable=False, primary_key=True),
        sa.Column("members", sa.JSON(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
    )


def _create_seen() -> None:
    op.create_table(
        "seen",
        sa.Column("key", sa.String(), nullable=False, primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_seen_at", "seen", ["at"])


def _create_approval() -> None:
    op.create_table(
        "approval",
        sa.Column("id", sa.String(), nullable=False, primary_key=True),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("team", sa.String(), nullable=False),
        sa.Column("slack_user", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("principal", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        _one_of("verdict", "approve deny"),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"]),
        sa.UniqueConstraint("request_id", "round", "email", name="approval_once"),
    )
    op.create_index("ix_approval_request_id", "approval", ["request_id"])


def _create_grant() -> None:
    op.create_table(
        "grant",
        sa.Column("id", sa.String(), nullable=False, primary_key=True),
        sa.Column("request_id", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("connector", sa.String(), nullable=False),
        sa.Column("access", sa.JSON(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("hold_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("already_had", sa.Boolean(), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoke_verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("left_because", sa.String(), nullable=True),
        sa.Column("sessions", sa.String(), nullable=True),
        sa.Column("left_behind", sa.JSON(), nullable=True),
        sa.Column("expiry", sa.String(), nullable=False),
        sa.Column("receipt", sa.JSON(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        _one_of("state", "planned granting active revoking failed revoked left"),
        sa.ForeignKeyConstraint(["hold_id"], ["hold.id"]),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"]),
    )
    op.create_index("grant_hold", "grant", ["hold_id", "state"])
    op.create_index("grant_subject", "grant", ["connector", "subject"])
    op.create_index("ix_grant_request_id", "grant", ["request_id"])


_IN_ORDER = (
    _create_drift,
    _create_due,
    _create_freeze,
    _create_hold,
    _create_ledger,
    _create_ledger_head,
    _create_message,
    _create_notice,
    _create_person,
    _create_policy_text,
    _create_press,
    _create_pulse,
    _create_request,
    _create_roster,
    _create_seen,
    _create_approval,
    _create_grant,
)
