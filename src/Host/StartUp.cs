using System.Net.Sockets;
using Licensing.Host.Database;
using Npgsql;

namespace Licensing.Host;

/// <summary>What went wrong before anything ran, as one sentence for the person at the terminal.</summary>
internal static class StartUp
{
    /// <summary>Failures whose message says what to change. All others are bugs and keep their stack trace.</summary>
    public static bool Explains(Exception failure) => failure is EmbeddedPostgresException or NpgsqlException or InvalidOperationException
        or ArgumentException or FormatException or IOException or UnauthorizedAccessException or SocketException or TimeoutException;

    public static string Sentence(Exception failure)
    {
        var text = failure switch
        {
            PostgresException refused => $"PostgreSQL refused: {refused.MessageText}.",
            NpgsqlException => $"The database does not answer: {Innermost(failure).Message}.",
            ArgumentException => $"The connection string or a setting is wrong: {failure.Message}",
            _ => failure.Message,
        };
        return text.ReplaceLineEndings(" ").Replace("..", ".", StringComparison.Ordinal);
    }

    private static Exception Innermost(Exception failure) => failure.InnerException is { } inner ? Innermost(inner) : failure;
}
