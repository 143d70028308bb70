using Licensing.Kernel.Http;
using Licensing.Kernel.Ops;

namespace Licensing.Billing.Exports;

/// <summary>What a route answers as CSV, as a file of the terminal.</summary>
internal static class CsvFile
{
    /// <summary>Written beside it and moved: whoever takes the file never takes a half of it.</summary>
    public static async Task<Refusal?> WriteAsync<T>(string path, CsvResult<T> csv, CancellationToken ct)
    {
        var part = path + ".part";
        try
        {
            await using (var file = File.Create(part))
                await csv.ExecuteAsync(new DefaultHttpContext { Response = { Body = file }, RequestAborted = ct });
            File.Move(part, path, overwrite: true);
            return null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return OpsCall.Wrong($"{path} cannot be written: {failure.Message}");
        }
    }
}
