create table catalog.license_editions (
    id              uuid primary key,
    code            text collate "C" not null,
    license_version int not null check (license_version >= 0),
    duration_months int check (duration_months > 0),
    quantity        text not null,
    users           int check (users > 0),
    points          numeric not null check (points >= 0),
    prices          jsonb not null,
    names           jsonb not null,
    demo            boolean not null,
    on_sale         boolean not null,
    created_at      timestamptz not null,
    version         int not null,
    constraint license_editions_code unique (code),
    -- A demo lasts as long as demos do and costs nothing.
    constraint license_editions_demo check (demo = (duration_months is null) and (not demo or (points = 0 and prices = '[]')))
);

-- What a demo is of must not depend on whom one asks.
create unique index license_editions_one_demo on catalog.license_editions (demo) where demo and on_sale;
create index license_editions_version on catalog.license_editions (license_version);
