-- A key signs from signs_from until the next one does, and is believed until ends_at.
alter table identity.signing_keys
    add column signs_from timestamptz,
    add column ends_at timestamptz;
update identity.signing_keys set signs_from = created_at;
alter table identity.signing_keys alter column signs_from set not null;

-- A turn of a refresh token that carried an Idempotency-Key answers its retry again: the key's digest, and the answer, sealed.
alter table identity.refresh_tokens
    add column used_with bytea,
    add column sealed_answer bytea;
create index refresh_tokens_by_end on identity.refresh_tokens (expires_at);
create index refresh_tokens_with_answer on identity.refresh_tokens (used_at) where sealed_answer is not null;
create index sessions_by_start on identity.sessions (created_at);

-- Access tokens that were revoked before their end (RFC 7009), by their jti.
create table identity.revoked_access_tokens (
    id uuid not null primary key,
    ends_at timestamptz not null
);
create index revoked_access_tokens_by_end on identity.revoked_access_tokens (ends_at);

create table identity.clients (
    id uuid not null primary key,
    organization_id uuid not null references identity.organizations (id),
    owner_path text collate "C" not null,
    name text not null,
    role text not null,
    -- Null is everything that the role allows.
    scopes text[],
    auth_method text not null check (auth_method in ('ClientSecret', 'PrivateKeyJwt')),
    secrets jsonb not null,
    keys jsonb not null,
    -- Tokens carry the number under which they were made; the next one ends them all.
    epoch int not null,
    created_by uuid not null,
    created_at timestamptz not null,
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz,
    version int not null
);
create index clients_by_owner on identity.clients (owner_path, id);

-- Signed assertions count once (RFC 7523), whichever host they are shown to.
create table identity.used_assertions (
    client_id uuid not null references identity.clients (id),
    jti_hash bytea not null,
    ends_at timestamptz not null,
    primary key (client_id, jti_hash)
);
create index used_assertions_by_end on identity.used_assertions (ends_at);
