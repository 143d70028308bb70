-- What a reseller notes of an account, for himself: shown to nobody below who wrote it.
alter table identity.organizations add column notes text
    constraint organizations_notes_length check (length(notes) <= 2000);
