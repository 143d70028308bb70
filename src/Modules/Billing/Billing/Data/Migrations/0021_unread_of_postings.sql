-- Nobody reads postings by organisation or by its path; the entries of the journal carry both.
drop index billing.commission_postings_organization;
alter table billing.commission_postings drop column owner_path;
