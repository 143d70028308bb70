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

    extension(HttpClient client)
    {
        /// <summary>Asks for one of the forms that a resource has.</summary>
        /// <param name="path">Where it is.</param>
        /// <param name="accept">As the header has it.</param>
        public async Task<HttpResponseMessage> GetAsAsync(string path, string accept)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.TryAddWithoutValidation("Accept", accept);
            return await client.SendAsync(request, TestContext.Current.CancellationToken);
        }

        /// <summary>The same where it is there.</summary>
        public async Task<string> TextAsAsync(string path, string accept)
        {
            using var answer = await client.GetAsAsync(path, accept);
            var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            return answer.IsSuccessStatusCode ? text : throw new InvalidOperationException($"{path}: {(int)answer.StatusCode} {text}");
        }
    }
}
