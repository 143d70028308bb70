-- The number by which the reseller door names a user.
create sequence identity.user_codes as integer;

alter table identity.users
    add column code int not null default nextval('identity.user_codes') constraint users_code_key unique,
    add column status text not null default 'Active' check (status in ('Invited', 'Active', 'Disabled')),
    -- An e-mail address has an @ and a user name has none, so that a log-in by either names one user.
    add column username text constraint users_username_key unique check (username = lower(username) and strpos(username, '@') = 0),
    add column first_name text,
    add column last_name text,
    add column mobile_phone text,
    add column landline_phone text,
    add column notes text,
    -- He comes through a provider of his organisation and has no password here.
    add column federated_only boolean not null default false,
    add column mfa_enabled boolean not null default false,
    add column sealed_authenticator_key bytea,
    -- Counts passwords, not hashes: hashing the same one anew leaves it.
    add column password_number int not null default 1,
    alter column password_hash drop not null;
alter sequence identity.user_codes owned by identity.users.code;

-- Tries at passwords, kept apart from the users so that guessing at someone never touches his row. An account is the keyed digest of
-- what was typed as its name, known or not.
create table identity.login_attempts (
    account bytea not null primary key,
    failed int not null,
    locked_until timestamptz,
    last_at timestamptz not null
);
create index login_attempts_by_age on identity.login_attempts (last_at);
alter table identity.users drop column failed_attempts, drop column locked_until;

-- The last time step whose one-time code was taken, so that each is taken once.
create table identity.totp_steps (
    user_id uuid not null primary key references identity.users (id),
    last_step bigint not null
);

create table identity.recovery_codes (
    user_id uuid not null references identity.users (id),
    code_hash bytea not null,
    primary key (user_id, code_hash)
);

-- At most one of a kind per user: the newest is the only one that works.
create table identity.one_time_tokens (
    user_id uuid not null references identity.users (id),
    purpose text not null check (purpose in ('Activation', 'PasswordReset')),
    token_hash bytea not null constraint one_time_tokens_hash_key unique,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    primary key (user_id, purpose)
);
