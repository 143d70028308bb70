-- The application's role gets no right to change or remove rows of tables so marked; the trigger refuses everyone else.
comment on table identity.audit_entries is 'append-only: who changed what';

-- Entries of an organisation in the order in which they were found, each hash over the one before: a changed, removed or inserted
-- entry shows. A table of its own, because sealing comes a moment after the write and must not change the entry.
create table identity.audit_seals (
    owner_path text collate "C" not null,
    number bigint not null check (number > 0),
    entry_id uuid not null constraint audit_seals_entry_key unique references identity.audit_entries (id),
    hash bytea not null check (length(hash) = 32),
    sealed_at timestamptz not null,
    primary key (owner_path, number)
);
comment on table identity.audit_seals is 'append-only: the chain over the audit trail';
create trigger audit_seals_append_only before update or delete or truncate on identity.audit_seals
    for each statement execute function identity.refuse_audit_change();

-- Written with the entry and removed by its seal. Sealing inside the write's own transaction would let one organisation do one thing at a time.
create table identity.audit_unsealed (
    entry_id uuid not null primary key
);
insert into identity.audit_unsealed select id from identity.audit_entries;
