-- What was published before has none of the terms, which reads as their defaults: open-ended and free of conditions. Adding a column with
-- a constant default fires no trigger and rewrites no row.
alter table catalog.plan_versions add column terms jsonb not null default '{}'
    constraint plan_versions_terms check (
        coalesce((terms ->> 'termMonths')::int between 1 and 120, true)
        and coalesce((terms #>> '{earlyCancellation,feePercent}')::numeric between 0 and 100, true));
