using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Identity.Contracts;

namespace Licensing.Identity.Tests;

/// <summary>Someone who logs in for real.</summary>
internal sealed record Person(App App, Guid Id, string Email, string Password)
{
    private static int _last;

    public static async Task<Person> AddAsync(Branch branch, OrganizationRef at, string? role, bool mustChange = false)
    {
        var email = $"Person-{Interlocked.Increment(ref _last)}@Example.com";
        const string password = "a long enough password";
        using var administrator = branch.Administrator();
        using var created = await administrator.PostAsJsonAsync("/api/v1/users", new
        {
            email,
            displayName = "Somebody",
            organizationId = at.Id.Value,
            role,
            password,
            mustChangePassword = mustChange,
        }, TestContext.Current.CancellationToken);
        created.StatusCode.ShouldBe(System.Net.HttpStatusCode.Created);
        var person = new Person(branch.App, (await created.JsonAsync()).GetProperty("id").GetGuid(), email, password);
        // As if he had changed it since: nobody else knows it.
        if (!mustChange)
            await branch.App.InAsync<Npgsql.NpgsqlDataSource, int>(async database =>
            {
                await using var choosing = database.CreateCommand(
                    "update identity.users set password_given_by = null, password_known_to = '{}' where id = $1");
                choosing.Parameters.Add(new() { Value = person.Id });
                return await choosing.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            });
        return person;
    }

    public Task<HttpResponseMessage> TryLoginAsync(string? password = null) =>
        App.Anonymous().PostAsJsonAsync(
            "/api/v1/auth/login", new { email = Email, password = password ?? Password }, TestContext.Current.CancellationToken);

    public async Task<JsonElement> LoginAsync()
    {
        using var answer = await TryLoginAsync();
        answer.StatusCode.ShouldBe(System.Net.HttpStatusCode.OK);
        return await answer.JsonAsync();
    }

    /// <summary>Chooses <see cref="Password"/> with a token from his mailbox.</summary>
    public async Task ResetAsync()
    {
        (await App.Anonymous().PostAsync("/api/v1/auth/password-reset", new { email = Email })).Dispose();
        await App.DrainAsync();
        (await App.Anonymous().PostAsync("/api/v1/auth/password-reset/confirm", new { token = App.Mailbox.TokenFor(Email), newPassword = Password }))
            .StatusCode.ShouldBe(System.Net.HttpStatusCode.NoContent);
    }

    public async Task<HttpClient> ClientAsync() => App.Bearer((await LoginAsync()).GetProperty("accessToken").GetString()!);
}

/// <summary>What whoever has someone's token makes with it, to be another caller.</summary>
internal static class MadeFirst
{
    private static int _last;

    public static async Task<HttpClient> ByAsync(Branch branch, HttpClient client, string what)
    {
        var (at, role, password) = (branch.Partner.Id.Value, Licensing.Identity.Contracts.Roles.PartnerAdministrator, "a long enough password");
        switch (what)
        {
            case "key":
                var key = await MadeAsync(client, "/api/v1/api-keys", new { name = "k", organizationId = at, role });
                return branch.App.Bearer(key.GetProperty("key").GetString()!);
            case "key of a key":
                return await ByAsync(branch, await ByAsync(branch, client, "key"), "key");
            case "client":
                var told = await MadeAsync(client, "/api/v1/clients", new { name = "c", organizationId = at, role });
                return branch.App.Bearer(await new OAuthClient(
                    branch.App, told.GetProperty("id").GetGuid(), null, told.GetProperty("secret").GetString(), null).TokenAsync());
            case "user":
                var email = $"made-first-{Interlocked.Increment(ref _last)}@example.com";
                var user = await MadeAsync(
                    client, "/api/v1/users", new { email, displayName = "M", organizationId = at, role, password, mustChangePassword = false });
                return await new Person(branch.App, user.GetProperty("id").GetGuid(), email, password).ClientAsync();
            default:
                throw new ArgumentOutOfRangeException(nameof(what), what, null);
        }
    }

    private static async Task<JsonElement> MadeAsync(HttpClient client, string path, object body)
    {
        using var answer = await client.PostAsync(path, body);
        answer.StatusCode.ShouldBe(System.Net.HttpStatusCode.Created);
        return await answer.JsonAsync();
    }
}

internal static class Calling
{
    extension(App app)
    {
        public HttpClient Bearer(string credential)
        {
            var client = app.Anonymous();
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", credential);
            return client;
        }

        /// <summary>Asks for the next tokens of the session that was answered.</summary>
        public Task<HttpResponseMessage> RefreshAsync(JsonElement session) =>
            app.Anonymous().PostAsync("/api/v1/auth/refresh", new { refreshToken = session.GetProperty("refreshToken").GetString() });

        /// <summary>Redeems the login link that was answered.</summary>
        public async Task<HttpResponseMessage> RedeemAsync(HttpResponseMessage made) =>
            await app.Anonymous().PostAsync(
                "/api/v1/auth/login-links/redeem", new { token = (await made.JsonAsync()).GetProperty("token").GetString() });
    }

    extension(HttpClient client)
    {
        /// <summary>A caller of the customer area, with a key that this one makes with all that its partner's administrators may do.</summary>
        public async Task<HttpClient> CustomerAreaAsync(App app)
        {
            using var made = await client.PostAsync(
                "/api/v1/api-keys", new { name = "area", role = Licensing.Identity.Contracts.Roles.PartnerAdministrator });
            made.StatusCode.ShouldBe(System.Net.HttpStatusCode.Created);
            var area = app.Anonymous();
            area.DefaultRequestHeaders.Add("X-API-KEY", (await made.JsonAsync()).GetProperty("key").GetString());
            return area;
        }

        public Task<HttpResponseMessage> PostAsync(string path, object? body, string? key = null) =>
            client.SendAsync(HttpMethod.Post, path, body, key);

        public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, object? body, string? key = null, string? ifMatch = null)
        {
            using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
            if (key is not null)
                request.Headers.Add("Idempotency-Key", key);
            if (ifMatch is not null)
                request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
            return await client.SendAsync(request, TestContext.Current.CancellationToken);
        }

        public async Task<JsonElement> GetJsonAsync(string path)
        {
            using var answer = await client.GetAsync(path, TestContext.Current.CancellationToken);
            answer.StatusCode.ShouldBe(System.Net.HttpStatusCode.OK);
            return await answer.JsonAsync();
        }

        public async Task<System.Net.HttpStatusCode> StatusAsync(string path)
        {
            using var answer = await client.GetAsync(path, TestContext.Current.CancellationToken);
            return answer.StatusCode;
        }
    }
}
