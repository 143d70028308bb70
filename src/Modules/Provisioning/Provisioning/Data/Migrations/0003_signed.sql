-- The one use of each signed token, until its age refuses it anyway.
create table provisioning.used_tokens (
    certificate_id uuid not null,
    jti            uuid not null,
    remember_until timestamptz not null,
    constraint used_tokens_once primary key (certificate_id, jti)
);

create index used_tokens_remember on provisioning.used_tokens (remember_until);

create table provisioning.sip_credentials (
    tenant_id       uuid primary key,
    owner_path      text collate "C" not null,
    username        text not null,
    sealed_password bytea not null,
    sip_server      text not null,
    outbound_proxy  text not null,
    sip_port        int,
    transport       text,
    constraint sip_credentials_port check (sip_port between 1 and 65535),
    constraint sip_credentials_both check ((sip_port is null) = (transport is null))
);

create table provisioning.deletions (
    id              uuid primary key,
    name            text not null,
    tenant_id       uuid not null,
    owner_path      text collate "C" not null,
    subscription_id uuid not null references provisioning.subscriptions (id),
    scheduled_at    timestamptz not null,
    due_at          timestamptz not null,
    ended_at        timestamptz,
    recovered       boolean not null
);

-- One at a time, whoever asks.
create unique index deletions_pending on provisioning.deletions (tenant_id) where ended_at is null;
