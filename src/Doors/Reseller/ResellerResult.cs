using System.Security.Cryptography;
using System.Text.Json;
using Licensing.Kernel.Dialects;
using Licensing.Kernel.Http;
using IHttpResult = Microsoft.AspNetCore.Http.IResult;

namespace Licensing.Doors.Reseller;

/// <summary>One result as XML or JSON, with a digest of it as ETag where it is read.</summary>
internal sealed class ResellerResult<T>(T view) : IHttpResult where T : notnull
{
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var (request, response, json) = (httpContext.Request, httpContext.Response, httpContext.Dialect.Json);
        var isXml = ResellerAccept.Of(request) is ResellerForm.Xml;
        var document = isXml ? ResellerXml.Document(view, json) : JsonSerializer.SerializeToUtf8Bytes(view, json);
        response.Headers.Vary = "Accept";
        if (HttpMethods.IsGet(request.Method))
        {
            // Weak: compressed or not, it is the same answer.
            response.Headers.ETag = $"W/\"{Convert.ToHexStringLower(SHA256.HashData(document).AsSpan(0, 16))}\"";
            if (Precondition.Names(request.Headers.IfNoneMatch, response.Headers.ETag.ToString()))
            {
                response.StatusCode = StatusCodes.Status304NotModified;
                return;
            }
        }

        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = isXml ? "application/xml; charset=utf-8" : "application/json; charset=utf-8";
        await response.Body.WriteAsync(document, httpContext.RequestAborted);
    }
}
