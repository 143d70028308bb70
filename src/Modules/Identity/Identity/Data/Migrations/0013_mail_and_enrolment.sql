-- In which session, and when, a second factor was begun: only that session confirms it, and not for long.
alter table identity.users
    add column mfa_begun_in uuid,
    add column mfa_begun_at timestamptz;

-- How many letters someone had sent to addresses of his choosing, or an address has got, since the hour began.
create table identity.letter_counts (
    -- 'by ' and an id, or 'to ' and a keyed digest of the address.
    who text not null primary key,
    since timestamptz not null,
    letters int not null check (letters > 0)
);
create index letter_counts_by_start on identity.letter_counts (since);
