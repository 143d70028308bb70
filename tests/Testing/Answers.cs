using System.Text.Json;
using Xunit;

namespace Licensing.Testing;

public static class Answers
{
    extension(HttpResponseMessage answer)
    {
        public async Task<JsonElement> JsonAsync()
        {
            using var document = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            return document.RootElement.Clone();
        }

        /// <summary>The code of a refusal.</summary>
        public async Task<string?> CodeAsync() => (await answer.JsonAsync()).GetProperty("code").GetString();

        /// <summary>The field that a refusal names first, and the code of the rule that it breaks.</summary>
        public async Task<(string? Pointer, string? Code)> FieldErrorAsync()
        {
            var error = (await answer.JsonAsync()).GetProperty("errors")[0];
            return (error.GetProperty("pointer").GetString(), error.GetProperty("code").GetString());
        }
    }
}
