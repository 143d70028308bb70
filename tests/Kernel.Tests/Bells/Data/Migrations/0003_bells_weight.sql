alter table bells.bells add column weight numeric;
update bells.bells set weight = bells.loudness(name);
