namespace Licensing.Identity.Clients;

internal readonly record struct ClientId(Guid Value) : IId<ClientId>;
