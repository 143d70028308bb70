-- A role made of permissions, defined at one organisation and held anywhere below it at one level.
create table identity.custom_roles (
    id uuid not null primary key,
    organization_id uuid not null references identity.organizations (id),
    owner_path text collate "C" not null,
    name text not null,
    level text not null check (level in ('Platform', 'Distributor', 'Partner', 'Tenant')),
    permissions text[] not null,
    created_at timestamptz not null,
    version int not null
);
create unique index custom_roles_name_key on identity.custom_roles (organization_id, lower(name));
create index custom_roles_by_owner on identity.custom_roles (owner_path, id);
create index custom_roles_by_name on identity.custom_roles (lower(name));

-- Null: a predefined role, known by its name. A role that is held cannot be deleted.
alter table identity.role_assignments add column custom_role_id uuid references identity.custom_roles (id);
create index role_assignments_by_custom_role on identity.role_assignments (custom_role_id) where custom_role_id is not null;

-- A role held by an organisation: all its users have it there.
create table identity.account_roles (
    id uuid not null primary key,
    organization_id uuid not null references identity.organizations (id),
    owner_path text collate "C" not null,
    role text not null,
    custom_role_id uuid references identity.custom_roles (id),
    created_at timestamptz not null,
    version int not null,
    constraint account_roles_once unique (organization_id, role)
);
create index account_roles_by_owner on identity.account_roles (owner_path, id);
create index account_roles_by_custom_role on identity.account_roles (custom_role_id) where custom_role_id is not null;

-- Keys are never deleted, so a revoked one must not keep its role alive.
alter table identity.api_keys
    add column custom_role_id uuid references identity.custom_roles (id) on delete set null,
    add column scopes text[] not null default '{}',
    add column rotated_from uuid constraint api_keys_rotated_once unique references identity.api_keys (id);
create index api_keys_by_custom_role on identity.api_keys (custom_role_id) where custom_role_id is not null;

create table identity.certificates (
    id uuid not null primary key,
    organization_id uuid not null references identity.organizations (id),
    owner_path text collate "C" not null,
    -- Lower-case hex SHA-1 of the certificate's DER.
    fingerprint text not null constraint certificates_fingerprint_key unique,
    -- What tokens of the first generation name instead of the fingerprint.
    key_id text constraint certificates_key_id_key unique,
    profile text not null check (profile in ('V1', 'V2')),
    subject text not null,
    public_key bytea not null,
    pem text not null,
    not_before timestamptz not null,
    not_after timestamptz not null,
    created_by uuid not null,
    created_at timestamptz not null,
    revoked_at timestamptz,
    version int not null
);
create index certificates_by_owner on identity.certificates (owner_path, id);
create index certificates_in_use on identity.certificates (not_after) where revoked_at is null;

-- A token that logs one user in once.
create table identity.login_links (
    id uuid not null primary key,
    user_id uuid not null references identity.users (id),
    owner_path text collate "C" not null,
    token_hash bytea not null constraint login_links_token_key unique,
    created_by uuid not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz
);

-- Tries are counted by address, too, from here on.
drop table identity.login_attempts;

-- Tries at passwords. (account, address) is one who tries at one account; address '*' holds the account's own lock, and the empty
-- account counts one address over all accounts. An account is the keyed digest of what was typed as its name, known or not.
create table identity.login_tries (
    account bytea not null,
    address text not null,
    failures int not null,
    total int not null,
    locks int not null,
    last_at timestamptz not null,
    locked_until timestamptz,
    succeeded_at timestamptz,
    primary key (account, address)
);
create index login_tries_by_age on identity.login_tries (last_at);
