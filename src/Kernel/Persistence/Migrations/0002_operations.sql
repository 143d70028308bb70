create table kernel.operations (
    id         uuid primary key,
    kind       text not null,
    state      text not null check (state in ('Running', 'Succeeded', 'Failed')),
    owner_path text collate "C" not null,
    done       bigint not null,
    total      bigint not null,
    result     jsonb,
    errors     jsonb not null,
    started_at timestamptz not null,
    ended_at   timestamptz,
    check ((state = 'Running') = (ended_at is null))
);
