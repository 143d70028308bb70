create schema if not exists kernel;

create table kernel.migrations (
    module text not null,
    name text not null,
    checksum text not null,
    applied_at timestamptz not null,
    primary key (module, name)
);

-- How far a migration without a transaction has come; its row goes when it is done.
create table kernel.migration_progress (
    module text not null,
    name text not null,
    checksum text not null,
    statements int not null,
    primary key (module, name)
);

create table kernel.idempotency_records (
    principal_id uuid not null,
    key text not null,
    request_hash bytea not null,
    status int,
    content_type text,
    headers jsonb,
    body bytea,
    created_at timestamptz not null,
    primary key (principal_id, key)
);

create index idempotency_records_created_at on kernel.idempotency_records (created_at);
