// Verifies an entitlement document offline: dotnet run Verify.cs document.txt jwks.json
#:property PublishAot=false
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

var parts = File.ReadAllText(args[0]).Trim().Split('.');
var (header, claims) = (Read(parts[0]), Read(parts[1]));
var jwk = JsonNode.Parse(File.ReadAllText(args[1]))!["keys"]!.AsArray().FirstOrDefault(k => (string?)k!["kid"] == (string?)header["kid"]);
if ((string?)header["alg"] != "ES256" || (string?)header["typ"] != "entitlements+jwt" || jwk is null)
    throw new InvalidOperationException("not an entitlement document of a known key");

byte[] Coordinate(string name) => Base64Url.DecodeFromChars((string)jwk[name]!);
using var key = ECDsa.Create(new ECParameters { Curve = ECCurve.NamedCurves.nistP256, Q = new ECPoint { X = Coordinate("x"), Y = Coordinate("y") } });
var good = key.VerifyData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.DecodeFromChars(parts[2]), HashAlgorithmName.SHA256);
var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
if (!good || now < (long)claims["nbf"]! || now >= (long)claims["exp"]!)
    throw new InvalidOperationException(good ? "out of its time" : "wrong signature");
Console.WriteLine(claims.ToJsonString());

static JsonNode Read(string part) => JsonNode.Parse(Base64Url.DecodeFromChars(part))!;
