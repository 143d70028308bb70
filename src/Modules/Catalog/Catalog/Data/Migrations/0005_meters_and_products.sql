-- None named: a record may say whatever it wants, as before.
alter table catalog.meters add column dimensions jsonb not null default '[]';

-- The rules that a release shipped last. Null until the next start, which then takes the shipped rules once more: nobody could have changed
-- them before this column was there.
alter table catalog.products add column shipped jsonb;
