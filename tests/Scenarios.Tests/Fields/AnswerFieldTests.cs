using System.Buffers.Text;
using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Licensing.Identity.Contracts;
using Licensing.Scenarios.Tests.Authorization;
using Npgsql;

namespace Licensing.Scenarios.Tests.Fields;

/// <summary>What answers show: what was approved, to nobody more than to those above him, and never what is kept as a secret.</summary>
[Collection(Walked.Name)]
public sealed partial class AnswerFieldTests(WalkedBranches world)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    // Why an answer has a field with such a name.
    private static readonly Dictionary<string, string> Meant = new()
    {
        ["AccountUser.ChangePasswordAtNextLogon"] = "whether",
        ["ClientView.secrets"] = "which there are and when they end",
        ["ConfirmMfaRecoveryCodesView.recoveryCodes"] = "shown once",
        ["CreateClientRegisteredClientView.secret"] = "shown once",
        ["CreateClientRegisteredClientView.secretId"] = "its id",
        ["CreateUserCreatedUserView.initialPassword"] = "shown once, where none was chosen",
        ["CreateUserCreatedUserView.mustChangePassword"] = "whether",
        ["EffectiveSignIn.passwordLogin"] = "whether",
        ["GetServerMetadataMetadataView.access_token_signing_alg_values_supported"] = "what the server can do",
        ["GetServerMetadataMetadataView.id_token_signing_alg_values_supported"] = "what the server can do",
        ["GetServerMetadataMetadataView.token_endpoint"] = "what the server can do",
        ["GetServerMetadataMetadataView.token_endpoint_auth_methods_supported"] = "what the server can do",
        ["GetServerMetadataMetadataView.token_endpoint_auth_signing_alg_values_supported"] = "what the server can do",
        ["IntrospectTokenIntrospectionView.token_type"] = "a word",
        ["IssueTokenTokenView.access_token"] = "issued to who proved himself",
        ["IssueTokenTokenView.refresh_token"] = "issued to who proved himself",
        ["IssueTokenTokenView.token_type"] = "a word",
        ["IssuedKeyView.key"] = "shown once",
        ["GetLoginTokenLoginToken.token"] = "a login link, good once",
        ["IssuedLoginLink.token"] = "shown once",
        ["OwnSignIn.passwordLogin"] = "whether",
        ["RotateClientSecretIssuedSecretView.secret"] = "shown once",
        ["RotateClientSecretIssuedSecretView.secretId"] = "its id",
        ["SessionView.accessToken"] = "issued to who proved himself",
        ["SessionView.passwordChangeRequired"] = "whether",
        ["SessionView.refreshToken"] = "issued to who proved himself",
        ["SessionView.tokenType"] = "a word",
        ["SignInSettings.passwordLogin"] = "whether",
        ["StartMfaAuthenticatorView.secret"] = "shown once",
        ["UserView.mustChangePassword"] = "whether",
    };

    // A name of what is kept secret, or of what is handed out once; "key" alone is what things of the catalogue are called.
    private static bool IsSecret(string field) =>
        SoundsSecret().IsMatch(field.Split('.')[1])
        || (field.StartsWith("Issued", StringComparison.Ordinal) && field.EndsWith(".key", StringComparison.Ordinal));

    public static TheoryData<string> Reads => [.. Expectation.All.Where(e => e.Method == "GET").Select(e => e.Key)];

    [Fact]
    public void Answers_have_the_fields_that_were_approved_and_no_others()
    {
        var approved = Path.Combine(AppContext.BaseDirectory, "Approved", "fields.txt");
        var now = new AnswerFields(world.Document).Approvable(Expectation.All.Select(e => (e.Key, world.Document.AnswerSchema(e))));
        File.WriteAllText(Path.ChangeExtension(approved, ".received.txt"), now + "\n");

        now.ShouldBe(File.ReadAllText(approved).TrimEnd().ReplaceLineEndings("\n"),
            "Whoever may read sees every field. If this change is meant, "
            + $"put {Path.ChangeExtension(approved, ".received.txt")} into tests/Scenarios.Tests/Approved/fields.txt.");
    }

    [Fact]
    public void What_sounds_like_a_secret_is_shown_where_it_is_meant_and_nowhere_else() =>
        File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Approved", "fields.txt"))
            .Where(l => !l.Contains('/')).Select(l => l.Split(' ')[0]).Where(IsSecret)
            .ShouldBe(Meant.Keys.Order(StringComparer.Ordinal));

    [Theory, MemberData(nameof(Reads))]
    public async Task Nobody_sees_a_field_that_who_stands_above_him_does_not_see(string endpoint)
    {
        var expected = Expectation.All.Single(e => e.Key == endpoint);
        if (world.Document.AnswerSchema(expected) is not { } schema)
            return;
        var secrets = await (world.Secrets ??= SecretsAsync());
        var fields = new AnswerFields(world.Document);
        var (seen, strangers) = (new Dictionary<string, HashSet<string>>(), new List<string>());
        foreach (var role in Roles.All.Where(r => expected.Allows(r) && (expected.IsShared || world.Reaches(r, expected.ResourceName))))
        {
            using var answer = await world.Near.As(role).SendAsync(expected.To(world.Near), Ct);
            var said = await answer.Content.ReadAsStringAsync(Ct);
            answer.StatusCode.ShouldBe(HttpStatusCode.OK, $"{role} {endpoint}: {said}");
            foreach (var (column, secret) in secrets)
                said.ShouldNotContain(secret, Case.Insensitive, $"{role} {endpoint} shows {column}");
            // A table has no fields but its columns, which are the same for all.
            if (answer.Content.Headers.ContentType?.MediaType == "text/csv")
            {
                seen[role] = [];
                continue;
            }

            fields.Observe(JsonNode.Parse(said), schema, "", seen[role] = [], strangers);
            world.Document.Mismatches(JsonNode.Parse(said), schema).ShouldBeEmpty($"{role} {endpoint}: {said}");
        }

        strangers.ShouldBeEmpty();
        seen.Count.ShouldBeGreaterThan(0);
        if (OfOneself.Contains(endpoint))
            return;
        foreach (var (lower, its) in seen)
            foreach (var (higher, theirs) in seen.Where(h => StandsAbove(h.Key, lower)))
                its.Except(theirs).ShouldBeEmpty($"{endpoint}: {lower} sees what {higher} does not");
    }

    // Each sees his own organisation's, and a list that is empty shows no fields.
    private static readonly string[] OfOneself = ["GET /customerarea/credit"];

    private static bool StandsAbove(string higher, string lower) => Ids.LevelOf(higher) < Ids.LevelOf(lower)
        || (Ids.LevelOf(higher) == Ids.LevelOf(lower) && higher != lower && higher.EndsWith("Administrator", StringComparison.Ordinal));

    /// <summary>What the database keeps digested or sealed, in every way in which it could be written down.</summary>
    private Task<List<(string Column, string Secret)>> SecretsAsync() => world.App.InAsync<NpgsqlDataSource, List<(string, string)>>(async database =>
    {
        var columns = new List<(string Table, string Column)>();
        await using (var command = database.CreateCommand(
            """
            select format('%I.%I', table_schema, table_name), column_name from information_schema.columns
            where table_schema not in ('pg_catalog', 'information_schema') and data_type in ('text', 'bytea', 'character varying', 'ARRAY')
                and column_name ~ '(hash|secret|sealed|salt|digest|stamp|seed)' and table_name not like 'audit%'
            """))
        await using (var rows = await command.ExecuteReaderAsync(Ct))
            while (await rows.ReadAsync(Ct))
                columns.Add((rows.GetString(0), rows.GetString(1)));

        var secrets = new List<(string, string)>();
        foreach (var (table, column) in columns)
        {
            await using var command = database.CreateCommand($"select distinct to_json({column}) #>> '{{}}' from {table} where {column} is not null");
            await using var rows = await command.ExecuteReaderAsync(Ct);
            while (await rows.ReadAsync(Ct))
                secrets.AddRange(Written(rows.GetString(0)).Where(w => w.Length >= 16).Select(w => ($"{table}.{column}", w)));
        }

        secrets.Select(s => s.Item1).Distinct().Count().ShouldBeGreaterThan(2);
        return secrets;
    });

    private static IEnumerable<string> Written(string value) => !value.StartsWith("\\x", StringComparison.Ordinal) ? [value]
        : [value[2..], Convert.ToBase64String(Convert.FromHexString(value[2..])), Base64Url.EncodeToString(Convert.FromHexString(value[2..]))];

    [GeneratedRegex("hash|secret|salt|sealed|password|token|digest|private|seed|recovery|stamp", RegexOptions.IgnoreCase)]
    internal static partial Regex SoundsSecret();
}
