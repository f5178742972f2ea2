"""first tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


_BEHAVIOUR = (
    # The audit log only grows.
    """
    create function refuse_change() returns trigger language plpgsql as $$
    begin
        raise exception '% is append-only: % refused', tg_table_name, tg_op
            using errcode = 'restrict_violation';
    end $$
    """,
    """
    create trigger audit_log_append_only before update or delete or truncate on audit_log
    for each statement execute function refuse_change()
    """,
    # An accepted revision and its assessment never change; only which one is current does.
    """
    create function keep_revision() returns trigger language plpgsql as $$
    begin
        if tg_op = 'DELETE' or row(new.id, new.rev, new.corrects_rev, new.op, new.site_id,
            new.campaign_id, new.form, new.device_id, new.inspector_id, new.channel,
            new.received_at, new.body::text, new.body_sha256) is distinct from
            row(old.id, old.rev, old.corrects_rev, old.op, old.site_id, old.campaign_id,
            old.form, old.device_id, old.inspector_id, old.channel, old.received_at,
            old.body::text, old.body_sha256)
        then
            raise exception 'an inspection revision is immutable'
                using errcode = 'restrict_violation';
        end if;
        return new;
    end $$
    """,
    """
    create trigger inspection_immutable before update or delete on inspection
    for each row execute function keep_revision()
    """,
    """
    create trigger assessment_immutable before update or delete or truncate on assessment
    for each statement execute function refuse_change()
    """,
    # An operation is claimed and settled in one transaction, or not at all.
    """
    create function require_settled() returns trigger language plpgsql as $$
    begin
        if exists (select from operation where op = new.op and status is null) then
            raise exception 'operation % was claimed but not settled', new.op
                using errcode = 'integrity_constraint_violation';
        end if;
        return null;
    end $$
    """,
    """
    create constraint trigger operation_settled after insert on operation
    deferrable initially deferred for each row execute function require_settled()
    """,
    "insert into feed_epoch (single, epoch, began_at) values (true, gen_random_uuid(), now())",
)


def upgrade() -> None:
    op.execute(sa.schema.CreateSequence(sa.Sequence("feed_seq")))
    op.create_table(
        "audit_log",
        sa.Column("n", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("what", sa.String(length=40), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSON(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_audit_log")),
    )
    op.create_table(
        "failed_sign_in",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("username", sa.String(length=100), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_failed_sign_in")),
    )
    op.create_index(
        "ix_failed_sign_in_username_at", "failed_sign_in", ["username", "at"], unique=False
    )
    op.create_table(
        "feed",
        sa.Column("scope", sa.String(length=50), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("entity_id", sa.Uuid(), nullable=False),
        sa.Column(
            "xid",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text::bigint)"),
            nullable=False,
        ),
        sa.Column(
            "seq", sa.BigInteger(), server_default=sa.text("nextval('feed_seq')"), nullable=False
        ),
        sa.Column("doc", postgresql.JSON(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint(
            "starts_with(scope, 'territory:') or starts_with(scope, 'person:')",
            name=op.f("ck_feed_scope"),
        ),
        sa.PrimaryKeyConstraint("entity_id", "kind", "scope", name=op.f("pk_feed")),
    )
    op.create_index("ix_feed_scope_xid_seq", "feed", ["scope", "xid", "seq"], unique=False)
    op.create_table(
        "feed_epoch",
        sa.Column("single", sa.Boolean(), nullable=False),
        sa.Column("epoch", sa.Uuid(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("single", name=op.f("ck_feed_epoch_single")),
        sa.PrimaryKeyConstraint("single", name=op.f("pk_feed_epoch")),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("username", sa.String(length=100), nullable=False),
        sa.Column("full_name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("language in ('ky', 'ru', 'en')", name=op.f("ck_person_language")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("username", name=op.f("uq_person_username")),
    )
    op.create_table(
        "territory",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column(
            "has_lsg",
            sa.Boolean(),
            sa.Computed("kind in ('aiyl_aimak', 'city')", persisted=True),
            nullable=False,
        ),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.CheckConstraint("code ~ '^[0-9A-Za-z-]{1,40}$'", name=op.f("ck_territory_code")),
        sa.CheckConstraint(
            "kind in ('region', 'district', 'city', 'aiyl_aimak')", name=op.f("ck_territory_kind")
        ),
        sa.CheckConstraint(
            "lat between -90 and 90 and lon between -180 and 180", name=op.f("ck_territory_wgs84")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_territory")),
        sa.UniqueConstraint("code", name=op.f("uq_territory_code")),
        sa.UniqueConstraint("id", "has_lsg", name=op.f("uq_territory_id_has_lsg")),
    )
    op.create_table(
        "campaign",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name_ky", sa.Text(), nullable=False),
        sa.Column("name_ru", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("election_day", sa.Date(), nullable=False),
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("forms", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("id ~ '^[a-z0-9-]{1,40}$'", name=op.f("ck_campaign_id")),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("fk_campaign_territory_id_territory")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
    )
    op.create_table(
        "device",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("token_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=True),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_contact_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("app_version", sa.Text(), nullable=True),
        sa.Column("clock_offset_ms", sa.BigInteger(), nullable=True),
        sa.Column("acked_seq", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("acked_seq >= 0", name=op.f("ck_device_acked_seq")),
        sa.CheckConstraint(
            "octet_length(token_sha256) = 32", name=op.f("ck_device_token_sha256_length")
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["person.id"], name=op.f("fk_device_owner_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_device_token_sha256")),
    )
    op.create_index(op.f("ix_device_owner_id"), "device", ["owner_id"], unique=False)
    op.create_table(
        "login_session",
        sa.Column("token_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "octet_length(token_sha256) = 32", name=op.f("ck_login_session_token_sha256_length")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_login_session_person_id_person")
        ),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_login_session")),
    )
    op.create_index(
        op.f("ix_login_session_person_id"), "login_session", ["person_id"], unique=False
    )
    op.create_table(
        "person_grant",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "role in ('inspector', 'technical_supervisor', 'prosecutor', 'lsg_head', 'coordinator', 'administrator')",
            name=op.f("ck_person_grant_role"),
        ),
        sa.CheckConstraint("revoked_at >= granted_at", name=op.f("ck_person_grant_order")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_person_grant_person_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"], ["territory.id"], name=op.f("fk_person_grant_territory_id_territory")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_grant")),
    )
    op.create_index(
        "uq_person_grant_live",
        "person_grant",
        ["person_id", "role", "territory_id"],
        unique=True,
        postgresql_where=sa.text("revoked_at is null"),
    )
    op.create_table(
        "site",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name_ky", sa.Text(), nullable=False),
        sa.Column("name_ru", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column(
            "territory_has_lsg", sa.Boolean(), server_default=sa.text("true"), nullable=False
        ),
        sa.Column("building_status", sa.String(length=40), nullable=False),
        sa.Column("built_on", sa.Date(), nullable=True),
        sa.Column("altered_on", sa.Date(), nullable=True),
        sa.Column("synthetic", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("rev", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "building_status in ('existing', 'new', 'reconstructed', 'temporary')",
            name=op.f("ck_site_building_status"),
        ),
        sa.CheckConstraint("(lat is null) = (lon is null)", name=op.f("ck_site_location")),
        sa.CheckConstraint(
            "lat between -90 and 90 and lon between -180 and 180", name=op.f("ck_site_wgs84")
        ),
        sa.CheckConstraint("rev > 0", name=op.f("ck_site_rev")),
        sa.CheckConstraint("territory_has_lsg", name=op.f("ck_site_lsg")),
        sa.ForeignKeyConstraint(
            ["territory_id", "territory_has_lsg"],
            ["territory.id", "territory.has_lsg"],
            name=op.f("fk_site_territory_id_territory_has_lsg_territory"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
    )
    op.create_index("ix_site_territory_id_id", "site", ["territory_id", "id"], unique=False)
    op.create_table(
        "territory_version",
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("name_ky", sa.Text(), nullable=False),
        sa.Column("name_ru", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.CheckConstraint("parent_id <> territory_id", name=op.f("ck_territory_version_parent")),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["territory.id"], name=op.f("fk_territory_version_parent_id_territory")
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"],
            ["territory.id"],
            name=op.f("fk_territory_version_territory_id_territory"),
        ),
        sa.PrimaryKeyConstraint("territory_id", "valid_from", name=op.f("pk_territory_version")),
    )
    op.create_index(
        op.f("ix_territory_version_parent_id"), "territory_version", ["parent_id"], unique=False
    )
    op.create_table(
        "constituency",
        sa.Column("campaign_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name_ky", sa.Text(), nullable=False),
        sa.Column("name_ru", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_constituency_campaign_id_campaign")
        ),
        sa.PrimaryKeyConstraint("campaign_id", "number", name=op.f("pk_constituency")),
    )
    op.create_table(
        "element",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_element_site_id_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_element")),
        sa.UniqueConstraint("site_id", "id", name=op.f("uq_element_site_id_id")),
    )
    op.create_table(
        "enrolment_code",
        sa.Column("code_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(used_at is null) = (device_id is null)",
            name=op.f("ck_enrolment_code_used_with_device"),
        ),
        sa.CheckConstraint("expires_at > created_at", name=op.f("ck_enrolment_code_lifetime")),
        sa.CheckConstraint(
            "octet_length(code_sha256) = 32", name=op.f("ck_enrolment_code_code_sha256_length")
        ),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_enrolment_code_device_id_device")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_enrolment_code_person_id_person")
        ),
        sa.PrimaryKeyConstraint("code_sha256", name=op.f("pk_enrolment_code")),
    )
    op.create_table(
        "milestone",
        sa.Column("campaign_id", sa.String(length=40), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("days_before", sa.Integer(), nullable=False),
        sa.Column("name_ky", sa.Text(), nullable=False),
        sa.Column("name_ru", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.CheckConstraint("days_before >= 0", name=op.f("ck_milestone_days_before")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_milestone_campaign_id_campaign")
        ),
        sa.PrimaryKeyConstraint("campaign_id", "id", name=op.f("pk_milestone")),
    )
    op.create_table(
        "operation",
        sa.Column("op", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=True),
        sa.Column("entity_id", sa.Uuid(), nullable=True),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("envelope_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("prev_sha256", sa.LargeBinary(length=32), nullable=True),
        sa.Column("wall", sa.Text(), nullable=True),
        sa.Column("mono_ms", sa.BigInteger(), nullable=True),
        sa.Column("boot", sa.Text(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=True),
        sa.Column("result", postgresql.JSON(astext_type=sa.Text()), nullable=True),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "status = 'applied' or raw is not null", name=op.f("ck_operation_raw_kept")
        ),
        sa.CheckConstraint(
            "status in ('applied', 'conflict', 'rejected', 'quarantined', 'blocked', 'retry', 'op_reused')",
            name=op.f("ck_operation_status"),
        ),
        sa.CheckConstraint(
            "(status is null) = (result is null)", name=op.f("ck_operation_result_with_status")
        ),
        sa.CheckConstraint(
            "octet_length(envelope_sha256) = 32", name=op.f("ck_operation_envelope_sha256_length")
        ),
        sa.CheckConstraint("octet_length(sha256) = 32", name=op.f("ck_operation_sha256_length")),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_operation_device_id_device")
        ),
        sa.PrimaryKeyConstraint("op", name=op.f("pk_operation")),
    )
    op.create_index("ix_operation_device_id_seq", "operation", ["device_id", "seq"], unique=False)
    op.create_index(
        "ix_operation_held",
        "operation",
        ["received_at"],
        unique=False,
        postgresql_where=sa.text("status in ('rejected', 'quarantined', 'conflict')"),
    )
    op.create_table(
        "photo",
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("bytes > 0", name=op.f("ck_photo_bytes")),
        sa.CheckConstraint("octet_length(sha256) = 32", name=op.f("ck_photo_sha256_length")),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_photo_device_id_device")
        ),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_photo")),
    )
    op.create_table(
        "inspection",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("rev", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("corrects_rev", sa.Integer(), nullable=True),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("op", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.String(length=40), nullable=False),
        sa.Column("form", sa.String(length=80), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("inspector_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lat", sa.Double(), nullable=True),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("accuracy_m", sa.Double(), nullable=True),
        sa.Column("flags", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("body", postgresql.JSON(astext_type=sa.Text()), nullable=False),
        sa.Column("body_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint("channel in ('sync', 'openrosa')", name=op.f("ck_inspection_channel")),
        sa.CheckConstraint(
            "(rev = 1) = (corrects_rev is null)", name=op.f("ck_inspection_corrects")
        ),
        sa.CheckConstraint("corrects_rev < rev", name=op.f("ck_inspection_corrects_earlier")),
        sa.CheckConstraint(
            "octet_length(body_sha256) = 32", name=op.f("ck_inspection_body_sha256_length")
        ),
        sa.CheckConstraint("rev > 0", name=op.f("ck_inspection_rev")),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_inspection_campaign_id_campaign")
        ),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_inspection_device_id_device")
        ),
        sa.ForeignKeyConstraint(
            ["id", "corrects_rev"],
            ["inspection.id", "inspection.rev"],
            name=op.f("fk_inspection_id_corrects_rev_inspection"),
        ),
        sa.ForeignKeyConstraint(
            ["inspector_id"], ["person.id"], name=op.f("fk_inspection_inspector_id_person")
        ),
        sa.ForeignKeyConstraint(["op"], ["operation.op"], name=op.f("fk_inspection_op_operation")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_inspection_site_id_site")),
        sa.PrimaryKeyConstraint("id", "rev", name=op.f("pk_inspection")),
        sa.UniqueConstraint("id", "corrects_rev", name=op.f("uq_inspection_id_corrects_rev")),
        sa.UniqueConstraint("op", name=op.f("uq_inspection_op")),
    )
    op.create_index(
        "ix_inspection_inspector_id_site_id",
        "inspection",
        ["inspector_id", "site_id"],
        unique=False,
    )
    op.create_index(
        "ix_inspection_received_at_id", "inspection", ["received_at", "id"], unique=False
    )
    op.create_index(
        "ix_inspection_site_id_received_at", "inspection", ["site_id", "received_at"], unique=False
    )
    op.create_index(
        "uq_inspection_current",
        "inspection",
        ["id"],
        unique=True,
        postgresql_where=sa.text("is_current"),
    )
    op.create_table(
        "remediation_task",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("element_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.String(length=40), nullable=False),
        sa.Column("track", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state in ('assigned', 'acknowledged', 'in_progress', 'reported_done', 'verified', 'returned')",
            name=op.f("ck_remediation_task_state"),
        ),
        sa.CheckConstraint(
            "track in ('temporary', 'permanent')", name=op.f("ck_remediation_task_track")
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_remediation_task_campaign_id_campaign")
        ),
        sa.ForeignKeyConstraint(
            ["element_id", "site_id"],
            ["element.id", "element.site_id"],
            name=op.f("fk_remediation_task_element_id_site_id_element"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remediation_task")),
    )
    op.create_index(
        "ix_remediation_task_due_on_id", "remediation_task", ["due_on", "id"], unique=False
    )
    op.create_index("ix_remediation_task_site_id", "remediation_task", ["site_id"], unique=False)
    op.create_index(
        "uq_remediation_task_open",
        "remediation_task",
        ["element_id", "track"],
        unique=True,
        postgresql_where=sa.text("state <> 'verified'"),
    )
    op.create_table(
        "reused_operation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("op", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=False),
        sa.Column("envelope_sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "octet_length(envelope_sha256) = 32",
            name=op.f("ck_reused_operation_envelope_sha256_length"),
        ),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_reused_operation_device_id_device")
        ),
        sa.ForeignKeyConstraint(
            ["op"], ["operation.op"], name=op.f("fk_reused_operation_op_operation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reused_operation")),
    )
    op.create_index(op.f("ix_reused_operation_op"), "reused_operation", ["op"], unique=False)
    op.create_table(
        "station",
        sa.Column("campaign_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("voters", sa.Integer(), nullable=False),
        sa.Column("constituency_number", sa.Integer(), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_station_number")),
        sa.CheckConstraint("voters >= 0", name=op.f("ck_station_voters")),
        sa.ForeignKeyConstraint(
            ["campaign_id", "constituency_number"],
            ["constituency.campaign_id", "constituency.number"],
            name=op.f("fk_station_campaign_id_constituency_number_constituency"),
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_station_campaign_id_campaign")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_station_site_id_site")),
        sa.PrimaryKeyConstraint("campaign_id", "number", name=op.f("pk_station")),
    )
    op.create_index(
        "ix_station_constituency",
        "station",
        ["campaign_id", "constituency_number", "site_id"],
        unique=False,
    )
    op.create_index(
        "ix_station_site_id_campaign_id", "station", ["site_id", "campaign_id"], unique=False
    )
    op.create_table(
        "announced_photo",
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("element_id", sa.Uuid(), nullable=False),
        sa.Column("question", sa.Text(), nullable=True),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.CheckConstraint("bytes > 0", name=op.f("ck_announced_photo_bytes")),
        sa.CheckConstraint(
            "octet_length(sha256) = 32", name=op.f("ck_announced_photo_sha256_length")
        ),
        sa.ForeignKeyConstraint(
            ["element_id"], ["element.id"], name=op.f("fk_announced_photo_element_id_element")
        ),
        sa.ForeignKeyConstraint(
            ["inspection_id", "rev"],
            ["inspection.id", "inspection.rev"],
            name=op.f("fk_announced_photo_inspection_id_rev_inspection"),
        ),
        sa.PrimaryKeyConstraint("inspection_id", "rev", "id", name=op.f("pk_announced_photo")),
    )
    op.create_index("ix_announced_photo_sha256", "announced_photo", ["sha256"], unique=False)
    op.create_table(
        "assessment",
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("ruleset_digest", sa.String(length=64), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("assessed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("station_state", sa.String(length=40), nullable=False),
        sa.Column("index", sa.Integer(), nullable=True),
        sa.Column("coverage_permille", sa.Integer(), nullable=True),
        sa.Column("score", postgresql.JSON(astext_type=sa.Text()), nullable=False),
        sa.Column("findings", postgresql.JSON(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(
            "coverage_permille between 0 and 1000", name=op.f("ck_assessment_coverage")
        ),
        sa.CheckConstraint("index between 0 and 100", name=op.f("ck_assessment_index")),
        sa.ForeignKeyConstraint(
            ["inspection_id", "rev"],
            ["inspection.id", "inspection.rev"],
            name=op.f("fk_assessment_inspection_id_rev_inspection"),
        ),
        sa.PrimaryKeyConstraint(
            "inspection_id", "rev", "ruleset_digest", name=op.f("pk_assessment")
        ),
    )
    op.create_table(
        "recommendation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("element_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.String(length=40), nullable=False),
        sa.Column("requirement", sa.Text(), nullable=False),
        sa.Column("standard", sa.Text(), nullable=False),
        sa.Column("edition", sa.Text(), nullable=False),
        sa.Column("clause", sa.Text(), nullable=True),
        sa.Column("clause_hint", sa.Text(), nullable=True),
        sa.Column("confidence", sa.Text(), nullable=False),
        sa.Column("severity", sa.String(length=40), nullable=False),
        sa.Column("user_groups", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("measured", postgresql.JSON(astext_type=sa.Text()), nullable=False),
        sa.Column("required", postgresql.JSON(astext_type=sa.Text()), nullable=False),
        sa.Column("photos", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_inspection_id", sa.Uuid(), nullable=False),
        sa.Column("first_inspector_id", sa.Uuid(), nullable=False),
        sa.Column("last_inspection_id", sa.Uuid(), nullable=False),
        sa.Column("last_inspection_rev", sa.Integer(), nullable=False),
        sa.Column("last_inspector_id", sa.Uuid(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(ended_at is null) = (state = 'open')", name=op.f("ck_recommendation_ended")
        ),
        sa.CheckConstraint(
            "severity in ('critical', 'major', 'minor')", name=op.f("ck_recommendation_severity")
        ),
        sa.CheckConstraint(
            "state in ('open', 'closed', 'superseded')", name=op.f("ck_recommendation_state")
        ),
        sa.CheckConstraint("rev > 0", name=op.f("ck_recommendation_rev")),
        sa.ForeignKeyConstraint(
            ["element_id", "site_id"],
            ["element.id", "element.site_id"],
            name=op.f("fk_recommendation_element_id_site_id_element"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recommendation")),
        sa.UniqueConstraint(
            "element_id",
            "standard",
            "edition",
            "requirement",
            name=op.f("uq_recommendation_element_id_standard_edition_requirement"),
        ),
    )
    op.create_index(
        "ix_recommendation_first_seen_at_id",
        "recommendation",
        ["first_seen_at", "id"],
        unique=False,
    )
    op.create_index("ix_recommendation_site_id", "recommendation", ["site_id"], unique=False)
    op.create_table(
        "task_event",
        sa.Column("n", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("from_state", sa.String(length=40), nullable=True),
        sa.Column("to_state", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "to_state in ('assigned', 'acknowledged', 'in_progress', 'reported_done', 'verified', 'returned')",
            name=op.f("ck_task_event_to_state"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_task_event_person_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["task_id"],
            ["remediation_task.id"],
            name=op.f("fk_task_event_task_id_remediation_task"),
        ),
        sa.PrimaryKeyConstraint("n", name=op.f("pk_task_event")),
    )
    op.create_index("ix_task_event_task_id_n", "task_event", ["task_id", "n"], unique=False)
    op.create_table(
        "violation",
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("task_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.Column("element_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.String(length=40), nullable=False),
        sa.Column("requirement", sa.Text(), nullable=False),
        sa.Column("standard", sa.Text(), nullable=False),
        sa.Column("edition", sa.Text(), nullable=False),
        sa.Column("clause", sa.Text(), nullable=True),
        sa.Column("clause_hint", sa.Text(), nullable=True),
        sa.Column("confidence", sa.Text(), nullable=False),
        sa.Column("severity", sa.String(length=40), nullable=False),
        sa.Column("user_groups", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("measured", postgresql.JSON(astext_type=sa.Text()), nullable=False),
        sa.Column("required", postgresql.JSON(astext_type=sa.Text()), nullable=False),
        sa.Column("photos", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_inspection_id", sa.Uuid(), nullable=False),
        sa.Column("first_inspector_id", sa.Uuid(), nullable=False),
        sa.Column("last_inspection_id", sa.Uuid(), nullable=False),
        sa.Column("last_inspection_rev", sa.Integer(), nullable=False),
        sa.Column("last_inspector_id", sa.Uuid(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(ended_at is not null) = (state in ('closed', 'overturned', 'superseded'))",
            name=op.f("ck_violation_ended"),
        ),
        sa.CheckConstraint(
            "confidence <> 'recalled, not verified'", name=op.f("ck_violation_confidence")
        ),
        sa.CheckConstraint(
            "severity in ('critical', 'major', 'minor')", name=op.f("ck_violation_severity")
        ),
        sa.CheckConstraint(
            "state in ('open', 'contested', 'confirmed', 'remedied', 'closed', 'overturned', 'superseded')",
            name=op.f("ck_violation_state"),
        ),
        sa.CheckConstraint("rev > 0", name=op.f("ck_violation_rev")),
        sa.ForeignKeyConstraint(
            ["element_id", "site_id"],
            ["element.id", "element.site_id"],
            name=op.f("fk_violation_element_id_site_id_element"),
        ),
        sa.ForeignKeyConstraint(
            ["task_id"], ["remediation_task.id"], name=op.f("fk_violation_task_id_remediation_task")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_violation")),
        sa.UniqueConstraint(
            "element_id",
            "standard",
            "edition",
            "requirement",
            name=op.f("uq_violation_element_id_standard_edition_requirement"),
        ),
    )
    op.create_index(
        "ix_violation_first_seen_at_id", "violation", ["first_seen_at", "id"], unique=False
    )
    op.create_index(
        "ix_violation_live_due_on",
        "violation",
        ["due_on"],
        unique=False,
        postgresql_where=sa.text("ended_at is null"),
    )
    op.create_index("ix_violation_site_id", "violation", ["site_id"], unique=False)
    op.create_index(op.f("ix_violation_task_id"), "violation", ["task_id"], unique=False)
    for statement in _BEHAVIOUR:
        op.execute(statement)
