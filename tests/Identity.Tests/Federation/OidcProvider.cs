using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Licensing.Host.Database;

namespace Licensing.Identity.Tests.Federation;

/// <summary>
/// A certified OpenID provider (npm <c>oidc-provider</c>) in a process of its own, on a free port of this machine. Its ID tokens come out
/// of the authorization code flow, as a browser and a public client would go through it.
/// </summary>
internal sealed class OidcProvider : IAsyncDisposable
{
    private const string Back = "https://client.example/back";

    // The example of RFC 7636.
    private const string Verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    private const string Challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    private readonly Process _process;
    private readonly ManualClock _clock;
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });

    private OidcProvider(Process process, ManualClock clock, string issuer) => (_process, _clock, Issuer) = (process, clock, issuer);

    public string Issuer { get; }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static async Task<OidcProvider> StartAsync(ManualClock clock)
    {
        var node = ExternalProgram.OnPath("node");
        node.ShouldNotBeNull("These tests log in at a real OpenID provider and need Node.js 20 or newer with npm on the PATH.");

        var process = new Process
        {
            StartInfo = new ProcessStartInfo(node, ["--no-warnings", "provider.mjs"])
            {
                WorkingDirectory = await NpmFolder.InstalledAsync("Identity.Tests", "oidc"),
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        var errors = new List<string>();
        process.ErrorDataReceived += (_, said) => errors.Add(said.Data ?? "");
        process.Start();
        process.BeginErrorReadLine();
        var first = await process.StandardOutput.ReadLineAsync(Ct)
            ?? throw new InvalidOperationException($"The OpenID provider did not start: {string.Join(' ', errors)}");
        return new OidcProvider(process, clock, JsonDocument.Parse(first).RootElement.GetProperty("issuer").GetString()!);
    }

    public Task AccountAsync(string sub, string email, bool verified = true) =>
        CommandAsync(new { command = "account", sub, claims = new { email, email_verified = verified } });

    /// <summary>New keys in place of the old ones.</summary>
    public Task RotateKeysAsync() => CommandAsync(new { command = "rotate" });

    public Task GoDownAsync() => CommandAsync(new { command = "down" });

    public Task ComeUpAsync() => CommandAsync(new { command = "up" });

    /// <summary>Logs <paramref name="sub"/> in there and returns the ID token, issued at the time of the test's clock.</summary>
    public async Task<string> IdTokenAsync(string sub, string? nonce, string clientId = "licensing")
    {
        await CommandAsync(new { command = "clock", at = _clock.GetUtcNow().ToUnixTimeMilliseconds() });
        var at = new Uri($"{Issuer}/auth?client_id={clientId}&redirect_uri={Uri.EscapeDataString(Back)}&response_type=code&scope=openid%20email"
            + $"&login_hint={Uri.EscapeDataString(sub)}&code_challenge={Challenge}&code_challenge_method=S256"
            + (nonce is null ? "" : $"&nonce={nonce}"));
        var cookies = new Dictionary<string, string>();
        while (!at.AbsoluteUri.StartsWith(Back, StringComparison.Ordinal))
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, at);
            request.Headers.TryAddWithoutValidation("Cookie", string.Join("; ", cookies.Select(c => $"{c.Key}={c.Value}")));
            using var answer = await _http.SendAsync(request, Ct);
            if (answer.Headers.Location is not { } next)
                throw new InvalidOperationException($"{at}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(Ct)}");
            // Kept by hand: their expiry is by the test's clock.
            foreach (var set in answer.Headers.TryGetValues("Set-Cookie", out var sets) ? sets : [])
                cookies[set[..set.IndexOf('=', StringComparison.Ordinal)]] = set.Split(';')[0][(set.IndexOf('=', StringComparison.Ordinal) + 1)..];
            at = new Uri(at, next);
        }

        var code = System.Web.HttpUtility.ParseQueryString(at.Query)["code"] ?? throw new InvalidOperationException(at.Query);
        using var exchanged = await _http.PostAsync($"{Issuer}/token", new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "authorization_code",
            ["code"] = code,
            ["client_id"] = clientId,
            ["redirect_uri"] = Back,
            ["code_verifier"] = Verifier,
        }), Ct);
        return (await exchanged.JsonAsync()).GetProperty("id_token").GetString()!;
    }

    public async Task<JsonElement> KeyAsync() => (await _http.GetFromJsonAsync<JsonElement>($"{Issuer}/jwks", Ct)).GetProperty("keys")[0];

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
        _http.Dispose();
    }

    private async Task CommandAsync(object command)
    {
        await _process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(command));
        await _process.StandardInput.FlushAsync(Ct);
        (await _process.StandardOutput.ReadLineAsync(Ct)).ShouldBe("{}");
    }
}
