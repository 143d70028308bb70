create table tally.counters (name text primary key, count int not null);
create table tally.strikes (id uuid primary key, bell text not null);
