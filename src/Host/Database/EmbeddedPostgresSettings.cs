namespace Licensing.Host.Database;

/// <summary>How the host's own PostgreSQL is kept.</summary>
/// <param name="Folder">Holds the cluster, its password, its log and the ownership lock; made if missing.</param>
/// <param name="BinFolder">The folder with <c>postgres</c>, <c>initdb</c> and <c>pg_ctl</c>; null looks for them.</param>
/// <param name="Durable">False only for tests: nothing is forced to disk, and the cluster is made anew after a reboot.</param>
/// <param name="ServerSettings">Lines of <c>postgresql.conf</c> that win over the defaults.</param>
internal sealed record EmbeddedPostgresSettings(
    string Folder,
    string? BinFolder = null,
    bool Durable = true,
    IReadOnlyDictionary<string, string>? ServerSettings = null)
{
    public const string DefaultFolder = ".data/postgres";

    public TimeProvider Clock { get; init; } = TimeProvider.System;
}

/// <summary>The embedded server cannot be had; the message is written for the person who started the host.</summary>
internal sealed class EmbeddedPostgresException(string message) : Exception(message);
