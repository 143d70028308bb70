using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Licensing.Host.Database;

namespace Licensing.Scenarios.Tests.Letters;

/// <summary>A letter as the server got it.</summary>
/// <param name="To">The envelope's recipients.</param>
/// <param name="From">Who it says wrote it.</param>
/// <param name="Subject">Decoded.</param>
/// <param name="Text">Decoded.</param>
/// <param name="Number">Its Message-ID.</param>
/// <param name="Secure">Whether it came under TLS.</param>
/// <param name="User">Who was logged in.</param>
internal sealed record ReceivedLetter(string To, string From, string Subject, string Text, string Number, bool Secure, string? User);

/// <summary>A real SMTP server (npm <c>smtp-server</c>) in a process of its own, on a free port of this machine.</summary>
internal sealed class SmtpServer : IAsyncDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private readonly Process _process;

    private SmtpServer(Process process, int port, string? fingerprint) => (_process, Port, Fingerprint) = (process, port, fingerprint);

    public int Port { get; }

    /// <summary>Of its certificate, which nobody has signed; null where it has none and so no STARTTLS.</summary>
    public string? Fingerprint { get; }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <param name="user">Null: it takes letters from anyone.</param>
    /// <param name="password">The user's.</param>
    /// <param name="tls">Whether it offers STARTTLS, and takes passwords only under it.</param>
    public static async Task<SmtpServer> StartAsync(string? user = null, string? password = null, bool tls = false)
    {
        var node = ExternalProgram.OnPath("node");
        node.ShouldNotBeNull("These tests send letters to a real SMTP server and need Node.js 20 or newer with npm on the PATH.");
        var process = new Process
        {
            StartInfo = new ProcessStartInfo(node, ["--no-warnings", "server.mjs"])
            {
                WorkingDirectory = await NpmFolder.InstalledAsync("Scenarios.Tests", "smtp"),
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            },
        };
        process.Start();
        using var key = RSA.Create(2048);
        using var certificate = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(TimeProvider.System.GetUtcNow().AddDays(-1), TimeProvider.System.GetUtcNow().AddDays(1));
        var asked = new
        {
            user,
            password,
            key = tls ? key.ExportPkcs8PrivateKeyPem() : null,
            certificate = tls ? certificate.ExportCertificatePem() : null
        };
        var started = await AskAsync(process, asked);
        return new SmtpServer(process, started.GetProperty("port").GetInt32(), tls ? certificate.Thumbprint : null);
    }

    public async Task<IReadOnlyList<ReceivedLetter>> LettersAsync() =>
        (await AskAsync(_process, new { command = "letters" })).GetProperty("letters").Deserialize<List<ReceivedLetter>>(Json)!;

    /// <summary>How often someone began to hand over a letter.</summary>
    public async Task<int> AttemptsAsync() => (await AskAsync(_process, new { command = "letters" })).GetProperty("attempts").GetInt32();

    /// <summary>The next letters are to come again later.</summary>
    public Task RefuseAsync(int times) => AskAsync(_process, new { command = "refuse", times });

    public Task GoDownAsync() => AskAsync(_process, new { command = "down" });

    public Task ComeUpAsync() => AskAsync(_process, new { command = "up" });

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }

    private static async Task<JsonElement> AskAsync(Process process, object question)
    {
        await process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(question));
        await process.StandardInput.FlushAsync(Ct);
        var line = await process.StandardOutput.ReadLineAsync(Ct) ?? throw new InvalidOperationException("The SMTP server is gone.");
        return JsonDocument.Parse(line).RootElement;
    }
}
