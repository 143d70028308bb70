using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using System.Xml.Linq;
using Licensing.Kernel.Dialects;
using Licensing.Kernel.Http;

namespace Licensing.Doors.Reseller;

/// <summary>The reseller service: <c>{ErrorDetail,ErrorType}</c>, XML unless JSON is preferred; PascalCase; HTTP Basic.</summary>
public sealed class ResellerDialect : Dialect
{
    public const string Root = "/WebApi/ResellerService";

    /// <summary>The other spelling of the source; rewritten to <see cref="Root"/> before anything looks at the path.</summary>
    public const string Alias = "/WebApi/ResellerServices";

    public override IReadOnlyList<string> Prefixes => [Root, Alias];

    public override IReadOnlyList<string> Schemes => ["Basic"];

    public override JsonSerializerOptions Json { get; } = Documents();

    public override int StatusOf(RefusalKind kind) => kind switch
    {
        RefusalKind.Invalid or RefusalKind.TooLarge or RefusalKind.UnsupportedMediaType or RefusalKind.PreconditionFailed
            or RefusalKind.PaymentRequired => StatusCodes.Status400BadRequest,
        _ => base.StatusOf(kind),
    };

    public override Task WriteAsync(HttpContext context, int status, Refusal refusal)
    {
        if (status == StatusCodes.Status401Unauthorized)
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"ResellerService\", charset=\"UTF-8\"";
        // What the pipeline says of a body is said of JSON, which is one of two here.
        var message = refusal.Code == "unsupported_media_type" ? ResellerRefusals.NotTaken.Message : refusal.Message;
        context.Response.Headers.Vary = "Accept";
        if (ResellerAccept.Of(context.Request) is not ResellerForm.Xml)
            return context.WriteJsonAsync(status, new JsonObject
            {
                ["ErrorDetail"] = new JsonObject { ["Message"] = message },
                ["ErrorType"] = FaultOf(status),
            });

        var fault = new XElement("Fault",
            new XElement("ErrorDetail", new XElement("Message", XmlText.Storable(message))), new XElement("ErrorType", FaultOf(status)));
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/xml; charset=utf-8";
        return context.Response.Body.WriteAsync(
            Encoding.UTF8.GetBytes(fault.ToString(SaveOptions.DisableFormatting)), context.RequestAborted).AsTask();
    }

    private static string FaultOf(int status) => status switch
    {
        StatusCodes.Status401Unauthorized => "AuthenticationFaultContract",
        StatusCodes.Status403Forbidden => "AuthorizationFaultContract",
        StatusCodes.Status404NotFound => "NotFoundFaultContract",
        StatusCodes.Status409Conflict => "ConflictFaultContract",
        StatusCodes.Status504GatewayTimeout => "TimeoutFaultContract",
        >= 500 => "GeneralFaultContract",
        _ => "ArgumentFaultContract",
    };

    private static JsonSerializerOptions Documents()
    {
        var options = ApiJson.Configure(new(), new AsDeclared());
        ((DefaultJsonTypeInfoResolver)options.TypeInfoResolver!).Modifiers.Add(contract =>
        {
            var place = 0;
            if (contract.Kind is not JsonTypeInfoKind.Object)
                return;
            foreach (var property in contract.Properties.OrderBy(p => p.Name, StringComparer.Ordinal).ToList())
            {
                // A DataContractSerializer passes over elements that are not in the alphabet's order.
                property.Order = place++;
                // XML has no null of its own: what is none is left out, of JSON too.
                if (Nullable.GetUnderlyingType(property.PropertyType) is not null || (!property.PropertyType.IsValueType && property.IsGetNullable))
                    property.ShouldSerialize = (_, value) => value is not null;
            }
        });
        return options;
    }

    private sealed class AsDeclared : JsonNamingPolicy
    {
        public override string ConvertName(string name) => name;
    }
}
