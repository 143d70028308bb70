-- A price of a list holds from the first of a month on (ADR 0059). What is there has held ever since its list does.
alter table catalog.price_list_items add column valid_from date not null default '-infinity';

-- What it cost before, so that a month that is billed after a change has the price that stood in it.
create table catalog.former_prices (
    price_list_id uuid not null references catalog.price_lists (id),
    sku           text collate "C" not null,
    meter         text collate "C" not null,
    valid_from    date not null,
    valid_until   date not null,
    name          text not null,
    price         jsonb not null,
    primary key (price_list_id, sku, meter, valid_from),
    constraint former_prices_validity check (valid_until > valid_from)
);
