using System.Net;

namespace Licensing.Identity.Tests;

internal static class FieldErrors
{
    /// <summary>The field that a 422 names first, as <c>pointer code</c>.</summary>
    public static async Task<string> ErrorAsync(HttpResponseMessage answer)
    {
        using (answer)
        {
            answer.StatusCode.ShouldBe(HttpStatusCode.UnprocessableEntity);
            var (pointer, code) = await answer.FieldErrorAsync();
            return $"{pointer} {code}";
        }
    }

    /// <summary>The same of an answer to come.</summary>
    public static async Task<string> ErrorAsync(Task<HttpResponseMessage> asked) => await ErrorAsync(await asked);
}
