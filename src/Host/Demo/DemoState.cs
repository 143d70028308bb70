using System.Security.Cryptography;
using System.Text.Json;

namespace Licensing.Host.Demo;

/// <summary>
/// What a second run must know to go on with the first: kept in the data folder, readable by its owner only. Written before the
/// host starts, so that a run killed at any moment can be continued.
/// </summary>
internal sealed class DemoState
{
    public required string Email { get; init; }

    public required string Password { get; init; }

    public Dictionary<string, string> ApiKeys { get; init; } = [];

    public static DemoState LoadOrCreate(string folder, string email)
    {
        Directory.CreateDirectory(folder);
        var file = FileIn(folder);
        if (File.Exists(file))
            return JsonSerializer.Deserialize<DemoState>(File.ReadAllText(file), JsonSerializerOptions.Web)!;

        var state = new DemoState
        {
            Email = email,
            Password = RandomNumberGenerator.GetString("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789", 20) + "-7x"
        };
        state.Save(folder);
        return state;
    }

    public void Save(string folder) => SecretFile.Write(FileIn(folder), JsonSerializer.Serialize(this, JsonSerializerOptions.Web));

    private static string FileIn(string folder) => Path.Combine(folder, "demo.json");
}

/// <summary>A file that only its owner can read, replaced as a whole or not at all.</summary>
internal static class SecretFile
{
    public static void Write(string file, string text)
    {
        var aside = $"{file}.{Environment.ProcessId}";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var writer = new StreamWriter(aside, options))
            writer.Write(text);
        File.Move(aside, file, overwrite: true);
    }
}
