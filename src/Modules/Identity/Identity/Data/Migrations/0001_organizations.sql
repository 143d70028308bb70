-- Numbers are taken from a sequence and never given twice; 1 is the platform's.
create sequence identity.organization_codes as integer start with 2;

create table identity.organizations (
    id uuid not null primary key,
    code int not null constraint organizations_code_key unique,
    kind text not null check (kind in ('Platform', 'Distributor', 'Partner', 'Tenant')),
    parent_id uuid references identity.organizations (id),
    owner_path text collate "C" not null constraint organizations_owner_path_key unique,
    external_id text not null,
    display_name text not null,
    legal_name text,
    country text not null,
    currency text not null,
    tax_id text,
    contact jsonb,
    billing_address jsonb,
    status text not null check (status in ('Active', 'Suspended', 'Closed')),
    status_reason text,
    created_at timestamptz not null,
    version int not null,
    constraint organizations_external_id_key unique (parent_id, external_id),
    check ((kind = 'Platform') = (parent_id is null)),
    check (owner_path like '%' || code || '.')
);

-- Several hosts that start together on an empty database agree on one root.
create unique index organizations_one_platform on identity.organizations (kind) where kind = 'Platform';

-- Lists of one level are read newest first.
create index organizations_by_kind on identity.organizations (kind, id);
create index organizations_by_external_id on identity.organizations (external_id);

create table identity.audit_entries (
    id uuid not null primary key,
    at timestamptz not null,
    principal_kind text not null,
    principal_id uuid not null,
    principal_name text not null,
    organization_id uuid not null,
    action text not null,
    owner_path text collate "C" not null,
    resources text[] not null,
    changes jsonb not null,
    request_id text
);

create index audit_entries_by_owner on identity.audit_entries (owner_path, id);
create index audit_entries_by_principal on identity.audit_entries (principal_id, id);
create index audit_entries_by_resource on identity.audit_entries using gin (resources);

create function identity.refuse_audit_change() returns trigger language plpgsql as $$
begin
    raise exception 'The audit trail is append-only.';
end
$$;

create trigger audit_entries_append_only before update or delete or truncate on identity.audit_entries
    for each statement execute function identity.refuse_audit_change();
