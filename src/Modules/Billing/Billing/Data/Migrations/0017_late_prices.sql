-- The own prices of a subscription that its month's bill did not know, as it was billed late by them; an empty list where it had none, so that it was
-- billed by everyone's. They count as long as something that was billed late of it stands; else who bills it next replaces them.
create table billing.late_prices (
    run_id          uuid not null,
    round           int not null,
    tenant_id       uuid not null,
    subscription_id uuid not null,
    prices          jsonb not null,
    version         int not null,
    primary key (run_id, round, tenant_id, subscription_id),
    foreign key (run_id, round) references billing.run_rounds (run_id, round) on delete cascade
);

-- Whoever bills late by them has read them, or that there are none. Of two at once the later reads anew, and bills by what the first one kept.
create function billing.keep_late_prices() returns trigger language plpgsql as $$
begin
    raise exception 'prices by which is billed late have changed since they were read' using errcode = 'serialization_failure';
end $$;
create trigger keep before update on billing.late_prices for each row
    when (new.version <> old.version + 1) execute function billing.keep_late_prices();
