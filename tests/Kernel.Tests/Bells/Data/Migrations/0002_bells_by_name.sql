-- no transaction
create index concurrently if not exists bells_by_name on bells.bells (name);
create unique index concurrently if not exists bells_by_note on bells.bells (note, name);
