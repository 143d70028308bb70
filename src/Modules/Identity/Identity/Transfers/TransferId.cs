namespace Licensing.Identity.Transfers;

internal readonly record struct TransferId(Guid Value) : IId<TransferId>;
