/* A comment; with a semicolon, /* and a nested one; */ before the first statement. */
create table bells.bells (
    id uuid primary key,
    name text not null constraint bells_name_is_not_empty check (name <> ''),
    note text not null default 'it''s; quiet' -- not "loud"; never
);

create function bells.loudness(name text) returns int language plpgsql as $body$
declare
    answer int := 0;
begin
    answer := length(name);
    return answer;
end;
$body$;

alter table bells.bells add column "odd;name" text default E'back\'slash;';
