create table catalog.exchange_rates (
    from_currency text collate "C" not null,
    to_currency   text collate "C" not null,
    rate_date     date not null,
    rate          numeric not null,
    recorded_at   timestamptz not null,
    primary key (from_currency, to_currency, rate_date),
    constraint exchange_rates_positive check (rate > 0),
    constraint exchange_rates_pair check (from_currency <> to_currency)
);

-- The list over all pairs.
create index exchange_rates_by_day on catalog.exchange_rates (rate_date desc, from_currency, to_currency);

-- Documents keep the rate they used; the directory must go on saying the same.
create function catalog.refuse_rate_change() returns trigger language plpgsql as $$
begin
    raise exception 'an exchange rate never changes' using errcode = 'restrict_violation';
end
$$;

create trigger exchange_rates_immutable before update or delete on catalog.exchange_rates
    for each row execute function catalog.refuse_rate_change();
