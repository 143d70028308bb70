-- Inbound numbers: one row each for ever, whoever holds it. owner_path says whose list it is on: the holder's, or its pool's while nobody's.
create table provisioning.inbound_numbers (
    id                uuid primary key,
    number            text collate "C" not null,
    country           text collate "C" not null,
    type              text collate "C" not null,
    locality          text,
    pool_id           uuid not null,
    pool_path         text collate "C" not null,
    owner_path        text collate "C" not null,
    tenant_id         uuid,
    allocated_at      timestamptz,
    last_tenant_id    uuid,
    quarantined_until timestamptz,
    withdrawn_at      timestamptz,
    created_at        timestamptz not null,
    version           int not null,
    -- The number without its plus sign, by which what is free is ordered: an order that the unique key does not have, or PostgreSQL would
    -- walk that through everything which is not free or another's.
    digits            text collate "C" generated always as (substr(number, 2)) stored,
    -- Any three digits that follow each other, so that a search for digits in the middle has an index without an extension.
    triples           text[] generated always as (array[
        substr(number, 2, 3), substr(number, 3, 3), substr(number, 4, 3), substr(number, 5, 3), substr(number, 6, 3), substr(number, 7, 3), substr(number, 8, 3),
        substr(number, 9, 3), substr(number, 10, 3), substr(number, 11, 3), substr(number, 12, 3), substr(number, 13, 3), substr(number, 14, 3)]) stored,
    constraint inbound_numbers_number unique (number),
    constraint inbound_numbers_e164 check (number ~ '^\+[1-9][0-9]{6,14}$'),
    constraint inbound_numbers_type check (type in ('Geographic', 'National', 'Mobile', 'TollFree', 'SharedCost')),
    constraint inbound_numbers_held check ((tenant_id is null) = (allocated_at is null)),
    constraint inbound_numbers_one_state check (tenant_id is null or (withdrawn_at is null and quarantined_until is null and last_tenant_id is null)),
    constraint inbound_numbers_quarantine check ((quarantined_until is null) = (last_tenant_id is null))
);

create index inbound_numbers_owner on provisioning.inbound_numbers (owner_path, id);
create index inbound_numbers_tenant on provisioning.inbound_numbers (tenant_id, id) where tenant_id is not null;

-- What can be had, in the order in which it is shown and given: each search is a range of one of these, or of the triples.
create index inbound_numbers_free on provisioning.inbound_numbers (pool_path, type, digits) where tenant_id is null and withdrawn_at is null;
create index inbound_numbers_free_in_country on provisioning.inbound_numbers (pool_path, country, type, digits) where tenant_id is null and withdrawn_at is null;
create index inbound_numbers_free_triples on provisioning.inbound_numbers using gin (triples) where tenant_id is null and withdrawn_at is null;

-- Who held a number from when until when; a transfer of its holder to another partner ends one and begins the next.
create table provisioning.inbound_number_holdings (
    id         uuid primary key,
    number_id  uuid not null references provisioning.inbound_numbers (id),
    tenant_id  uuid not null,
    owner_path text collate "C" not null,
    from_at    timestamptz not null,
    until_at   timestamptz,
    begun_by   text not null,
    ended_by   text,
    reason     text,
    constraint inbound_number_holdings_ended check ((until_at is null) = (ended_by is null) and until_at >= from_at)
);

create index inbound_number_holdings_number on provisioning.inbound_number_holdings (number_id, id);
create index inbound_number_holdings_tenant on provisioning.inbound_number_holdings (tenant_id) where until_at is null;

-- One holder at a time, whatever the code above thinks.
create unique index inbound_number_holdings_open on provisioning.inbound_number_holdings (number_id) where until_at is null;
