using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Licensing.Identity.Contracts;
using Licensing.Scenarios.Tests.Authorization;

namespace Licensing.Scenarios.Tests.Fields;

/// <summary>How a body goes through a door, and how that refuses a name in it that is not its own.</summary>
internal abstract class SweptDoor(TwoBranches world) : IDisposable
{
    protected TwoBranches World => world;

    /// <summary>Who sends it: someone who may do it.</summary>
    public abstract HttpClient Client { get; }

    /// <summary>A name as this door would write it.</summary>
    public virtual string Spelt(string name) => name;

    /// <summary>The body in every form in which the door takes it.</summary>
    public abstract IEnumerable<HttpRequestMessage> Requests(Expectation endpoint, string body);

    /// <summary>Whether the answer refuses <paramref name="name"/>, in the object at <paramref name="pointer"/>, in this door's envelope.</summary>
    public abstract bool Refuses(HttpStatusCode status, JsonNode said, string pointer, string name);

    public virtual void Dispose() => Client.Dispose();

    protected static HttpContent Json(string body) => new StringContent(body, Encoding.UTF8, "application/json");

    /// <summary>The Channel API.</summary>
    public sealed class Channel(TwoBranches world, Expectation endpoint) : SweptDoor(world)
    {
        // Read record by record, so that one bad record does not cost a batch; all or none is asked for here.
        public static readonly string[] ReadByHand = ["POST /api/v1/usage", "POST /api/v1/usage/batch"];

        public override HttpClient Client { get; } = endpoint.Anyone ? world.App.Anonymous() : world.Near.As(Roles.PlatformAdministrator);

        public override IEnumerable<HttpRequestMessage> Requests(Expectation endpoint, string body)
        {
            var request = endpoint.To(World.Near);
            if (ReadByHand.Contains(endpoint.Key))
                request.RequestUri = new Uri($"{request.RequestUri}?atomic=true", UriKind.Relative);
            request.Content = Json(body);
            yield return request;
        }

        public override bool Refuses(HttpStatusCode status, JsonNode said, string pointer, string name) =>
            ReadByHand.Contains(endpoint.Key) && pointer.Length > 0
            ? status == HttpStatusCode.UnprocessableEntity
                && said["errors"]![0]!.ToJsonString().Contains($"Unknown property {name}.", StringComparison.Ordinal)
            : status == HttpStatusCode.BadRequest && (string?)said["code"] == "malformed_json"
                && (string?)said["detail"] == $"Unknown property {name}.";
    }

    /// <summary>The customer area: snake_case, from JSON and from forms alike, of a GET too.</summary>
    public sealed class CustomerArea(TwoBranches world) : SweptDoor(world)
    {
        public override HttpClient Client { get; } = world.Near.As(Roles.PartnerAdministrator);

        public override string Spelt(string name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name);

        public override IEnumerable<HttpRequestMessage> Requests(Expectation endpoint, string body)
        {
            var form = JsonNode.Parse(body)!.AsObject().Select(p => KeyValuePair.Create(p.Key, p.Value?.ToString() ?? ""));
            foreach (var content in (HttpContent[])[Json(body), new FormUrlEncodedContent(form)])
                yield return new HttpRequestMessage(new HttpMethod(endpoint.Method), endpoint.Pattern) { Content = content };
        }

        // A form's names are the same in capitals and in small letters, so there the one beside the other is the same twice.
        public override bool Refuses(HttpStatusCode status, JsonNode said, string pointer, string name) =>
            status == HttpStatusCode.UnprocessableEntity
            && said["errors"]!.AsObject()
                .Any(e => e.Key == name ? ((string)e.Value![0]!).StartsWith($"{name} is no parameter here; known are ", StringComparison.Ordinal)
                : e.Key.Equals(name, StringComparison.OrdinalIgnoreCase) && (string)e.Value![0]! == $"{e.Key} is given twice.");
    }

    /// <summary>The reseller service: PascalCase, from JSON and from XML alike.</summary>
    public sealed class Reseller(TwoBranches world) : SweptDoor(world)
    {
        public override HttpClient Client { get; } = world.Near.As(Roles.PartnerAdministrator);

        public override string Spelt(string name) => char.ToUpperInvariant(name[0]) + name[1..];

        public override IEnumerable<HttpRequestMessage> Requests(Expectation endpoint, string body)
        {
            var xml = new System.Xml.Linq.XElement("request", JsonNode.Parse(body)!.AsObject()
                .Select(p => new System.Xml.Linq.XElement(System.Xml.XmlConvert.EncodeLocalName(p.Key), p.Value?.ToString())));
            foreach (var content in (HttpContent[])[Json(body), new StringContent(xml.ToString(), Encoding.UTF8, "application/xml")])
            {
                var request = new HttpRequestMessage(new HttpMethod(endpoint.Method), endpoint.Pattern) { Content = content };
                request.Headers.Add("Accept", "application/json");
                yield return request;
            }
        }

        public override bool Refuses(HttpStatusCode status, JsonNode said, string pointer, string name) => status == HttpStatusCode.BadRequest
            && (string?)said["ErrorType"] == "ArgumentFaultContract"
            && $"{said["ErrorDetail"]!["Message"]} ".Contains(
                $"Unknown property {name}. Parameter name: {name} ", StringComparison.Ordinal);
    }

    /// <summary>The signed door: a token of its own for every body. The first generation of clients has other claims.</summary>
    public sealed class Signed(TwoBranches world, SignedCaller caller, bool first) : SweptDoor(world)
    {
        public override HttpClient Client { get; } = world.App.Anonymous();

        public override IEnumerable<HttpRequestMessage> Requests(Expectation endpoint, string body)
        {
            var bytes = Encoding.UTF8.GetBytes(body);
            yield return SignedCaller.Request(
                bytes, caller.Token(bytes, first ? WithoutLaterClaims : null), new HttpMethod(endpoint.Method), endpoint.Pattern);
        }

        public override bool Refuses(HttpStatusCode status, JsonNode said, string pointer, string name) => status == HttpStatusCode.BadRequest
            && (string?)said["code"] == "VALIDATION_ERROR"
                && (string?)said["message"] == $"Unknown property {string.Join('.', pointer.Split('/').Skip(1).Append(name))}.";

        public override void Dispose()
        {
            base.Dispose();
            caller.Dispose();
        }

        private static void WithoutLaterClaims(JsonObject claims)
        {
            foreach (var claim in (string[])["iss", "aud", "sub", "exp"])
                claims.Remove(claim);
        }
    }
}
