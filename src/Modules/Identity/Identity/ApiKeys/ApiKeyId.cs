namespace Licensing.Identity.ApiKeys;

internal readonly record struct ApiKeyId(Guid Value) : IId<ApiKeyId>;
