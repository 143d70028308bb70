using Npgsql;
using Xunit;

namespace Licensing.Testing;

public static class FederatedIdentities
{
    extension(App app)
    {
        /// <summary>Links a user to who he is at another issuer, as a log-in there would leave it.</summary>
        /// <returns>The identity's id.</returns>
        public Task<Guid> LinkIdentityAsync(Guid userId) => app.InAsync<NpgsqlDataSource, Guid>(async database =>
        {
            await using var link = database.CreateCommand(
                """
                insert into identity.federated_identities (id, user_id, owner_path, provider, issuer, subject, email, created_at, version)
                select gen_random_uuid(), id, owner_path, 'issuer', 'https://issuer.example', email, email, created_at, 1
                from identity.users where id = $1
                returning id
                """);
            link.Parameters.Add(new() { Value = userId });
            return (Guid)(await link.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
        });
    }
}
