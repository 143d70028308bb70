-- Nobody reads postings by organisation or by its path; the entries of the journal carry both. Hosts of before still write the path.
drop index billing.commission_postings_organization;
alter table billing.commission_postings alter column owner_path drop not null;
