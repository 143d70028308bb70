-- Who a user is at another issuer. Issuer and subject together are the identity; a user has one per issuer.
create table identity.federated_identities (
    id uuid not null primary key,
    user_id uuid not null references identity.users (id),
    owner_path text collate "C" not null,
    provider text not null,
    issuer text not null,
    subject text not null,
    email text not null,
    created_at timestamptz not null,
    version int not null,
    constraint federated_identities_subject_key unique (issuer, subject),
    constraint federated_identities_one_per_issuer unique (user_id, issuer)
);

-- ID tokens that have opened a session, by the digest of their nonce or of themselves, until nobody would accept them any more.
create table identity.federated_uses (
    digest bytea not null primary key,
    ends_at timestamptz not null
);
create index federated_uses_by_end on identity.federated_uses (ends_at);
