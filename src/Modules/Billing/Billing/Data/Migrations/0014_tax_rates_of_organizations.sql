-- A rate may be of an organisation and the tenants below it, in one country or in any; it may end, and may be charged as another category.
alter table billing.tax_rates
    alter column country drop not null,
    add column organization_id   uuid,
    add column organization_kind text,
    add column owner_path        text collate "C",
    add column valid_until       date,
    add column charged_as        text,
    add column exemption_code    text,
    add column exemption_reason  text,
    drop constraint tax_rates_one_per_day,
    add constraint tax_rates_one_per_day unique nulls not distinct (organization_id, country, category, valid_from),
    add constraint tax_rates_of_someone check (country is not null or organization_id is not null),
    add constraint tax_rates_placed
        check ((organization_id is null) = (owner_path is null) and (organization_id is null) = (organization_kind is null)),
    add constraint tax_rates_days check (valid_until > valid_from);
create index tax_rates_owner_path on billing.tax_rates (owner_path, id) where owner_path is not null;
