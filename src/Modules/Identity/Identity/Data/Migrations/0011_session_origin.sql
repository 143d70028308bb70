-- How a session was opened, so that a refresh can ask whether that way still leads in. Of those from before nobody knows: they end at
-- their next refresh. The default stays: hosts of the version before go on inserting while a new one starts.
alter table identity.sessions
    add column way text not null default 'Unknown' check (way in ('Unknown', 'Password', 'Provider', 'LoginLink')),
    add column provider text,
    -- The user, API key or client that made the login link: the session hangs on its right.
    add column link_maker uuid,
    add column address text,
    add constraint sessions_provider_named check ((way = 'Provider') = (provider is not null)),
    add constraint sessions_link_maker_named check ((way = 'LoginLink') = (link_maker is not null));

-- When a user was last told that log-ins to his account are locked.
create table identity.lock_notices (
    user_id uuid not null primary key references identity.users (id),
    sent_at timestamptz not null
);
