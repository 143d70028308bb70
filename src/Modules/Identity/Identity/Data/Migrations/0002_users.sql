create table identity.users (
    id uuid not null primary key,
    organization_id uuid not null references identity.organizations (id),
    owner_path text collate "C" not null,
    -- Lower case, so that one mailbox is one user.
    email text not null constraint users_email_key unique check (email = lower(email)),
    display_name text not null,
    password_hash text not null,
    must_change_password boolean not null,
    credentials_changed_at timestamptz not null,
    -- Both are written by the log-in alone, outside the aggregate's version.
    failed_attempts int not null default 0,
    locked_until timestamptz,
    created_at timestamptz not null,
    version int not null
);
create index users_by_owner on identity.users (owner_path, id);

create table identity.role_assignments (
    id uuid not null primary key,
    user_id uuid not null references identity.users (id),
    role text not null,
    organization_id uuid not null references identity.organizations (id),
    owner_path text collate "C" not null,
    created_at timestamptz not null,
    version int not null,
    constraint role_assignments_once unique (user_id, role, organization_id)
);
create index role_assignments_by_role on identity.role_assignments (role);

-- One log-in; revoking it ends every refresh token that came from it.
create table identity.sessions (
    id uuid not null primary key,
    user_id uuid not null references identity.users (id),
    owner_path text collate "C" not null,
    created_at timestamptz not null,
    revoked_at timestamptz
);
create index sessions_by_user on identity.sessions (user_id);

create table identity.refresh_tokens (
    id uuid not null primary key,
    session_id uuid not null references identity.sessions (id),
    token_hash bytea not null constraint refresh_tokens_hash_key unique,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz
);
create index refresh_tokens_by_session on identity.refresh_tokens (session_id);

create table identity.signing_keys (
    -- The first key is number 1, so hosts that start together agree on it.
    number int not null primary key,
    id uuid not null,
    public_key bytea not null,
    sealed_private_key bytea not null,
    created_at timestamptz not null
);

create table identity.api_keys (
    id uuid not null primary key,
    organization_id uuid not null references identity.organizations (id),
    owner_path text collate "C" not null,
    name text not null,
    role text not null,
    prefix text not null constraint api_keys_prefix_key unique,
    key_hash bytea not null,
    created_by uuid not null,
    created_at timestamptz not null,
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz,
    version int not null
);
create index api_keys_by_owner on identity.api_keys (owner_path, id);

-- Whether an organisation may act: it and both levels above must be active. The platform is never suspended.
create view identity.branches as
select o.id, o.owner_path,
       case when 'Closed' in (o.status, p.status, g.status) then 'Closed'
            when 'Suspended' in (o.status, p.status, g.status) then 'Suspended'
            else 'Active' end as state
from identity.organizations o
left join identity.organizations p on p.id = o.parent_id
left join identity.organizations g on g.id = p.parent_id;
