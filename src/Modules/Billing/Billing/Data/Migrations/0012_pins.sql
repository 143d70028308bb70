-- What each round of a month bills by is kept as long as an invoice of that round stands: what comes late is rated by it, whatever rounds came after.
create table billing.run_rounds (
    run_id         uuid not null references billing.runs (id),
    round          int not null,
    tax_rates      jsonb not null,
    -- Null of before they were kept.
    exchange_rates jsonb,
    primary key (run_id, round)
);
-- While a round is planned what is pinned is of the one before it.
insert into billing.run_rounds (run_id, round, tax_rates)
select id, case when state = 'Planning' then greatest(round - 1, 0) else round end, tax_rates from billing.runs where tax_rates is not null;
alter table billing.runs drop column tax_rates;

-- Prices that several rounds in a row have in common stand there once.
alter table billing.run_prices
    add column first_round int,
    add column last_round  int;
update billing.run_prices p set first_round = r.round, last_round = r.round from billing.run_rounds r where r.run_id = p.run_id;
delete from billing.run_prices where first_round is null;
alter table billing.run_prices drop constraint run_prices_once;
alter table billing.run_prices
    alter column first_round set not null,
    alter column last_round set not null,
    add constraint run_prices_once unique nulls not distinct (run_id, tenant_id, first_round),
    add constraint run_prices_rounds check (first_round <= last_round);

-- The round that wrote it. Null of before it was kept: then it is of the first that is pinned.
alter table billing.invoices add column round int;
