-- Search by the beginning of a name or external id, whatever the letters' case.
create index organizations_by_display_name on identity.organizations (lower(display_name) text_pattern_ops);
create index organizations_by_external_id_text on identity.organizations (lower(external_id) text_pattern_ops);
create index organizations_by_parent on identity.organizations (parent_id);

create table identity.transfers (
    id uuid not null primary key,
    tenant_id uuid not null references identity.organizations (id),
    -- Where the tenant stood when the transfer was agreed: its story belongs to the old partner.
    owner_path text collate "C" not null,
    from_partner_id uuid not null references identity.organizations (id),
    partner_id uuid not null references identity.organizations (id),
    effective_on date not null,
    reason text not null,
    requested_by text not null,
    requested_at timestamptz not null,
    status text not null check (status in ('Pending', 'Done', 'Cancelled', 'Failed')),
    failure_code text,
    failure_message text,
    ended_at timestamptz,
    version int not null,
    check ((status = 'Pending') = (ended_at is null)),
    check ((status = 'Failed') = (failure_code is not null))
);
create unique index transfers_one_pending on identity.transfers (tenant_id) where status = 'Pending';
create index transfers_by_tenant on identity.transfers (tenant_id, id);

-- Where a tenant stood before it was transferred, until which day. What was done there stays under that path, and the tenant's own
-- people go on reading it.
create table identity.former_paths (
    id bigint generated always as identity primary key,
    organization_id uuid not null references identity.organizations (id),
    path text collate "C" not null,
    -- What it was called then, so that who reads what stayed there learns nothing of later.
    external_id text not null,
    display_name text not null,
    -- The first day on which it stood there no longer.
    until_on date not null
);
create index former_paths_by_organization on identity.former_paths (organization_id, until_on, id);
create index former_paths_by_path on identity.former_paths (path);

-- A transfer moves them by their path.
create index sessions_by_owner on identity.sessions (owner_path);

-- What an organisation set itself; what holds there is worked out from these rows along its path.
create table identity.settings (
    organization_id uuid not null references identity.organizations (id),
    area text not null check (area in ('Branding', 'Licensing', 'Identity')),
    own jsonb not null,
    version int not null,
    primary key (organization_id, area)
);
