using System.Text.Json;

namespace Licensing.Provisioning.Tests;

internal static class Refusing
{
    /// <summary>Status, code and the fields at fault in one line.</summary>
    public static async Task<string> RefusalAsync(this Task<HttpResponseMessage> request)
    {
        using var answer = await request;
        var body = await answer.JsonAsync();
        var fields = body.TryGetProperty("errors", out var errors)
            ? errors.EnumerateArray().Select(e => $" {e.GetProperty("pointer").GetString()} {e.GetProperty("code").GetString()}")
            : [];
        return $"{(int)answer.StatusCode} {body.GetProperty("code").GetString()}{string.Concat(fields)}";
    }

    public static Guid IdOf(this JsonElement view) => view.GetProperty("id").GetGuid();

    public static string? Text(this JsonElement view, string property) => view.GetProperty(property).GetString();

    public static int Seats(this JsonElement view, string feature = "essentialSeats") =>
        view.GetProperty("quantities").TryGetProperty(feature, out var seats) ? seats.GetInt32() : 0;
}
