-- Whether a second factor was part of the log-in, for settings that ask for one.
alter table identity.sessions add column second_factor boolean not null default false;
