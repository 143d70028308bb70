namespace Licensing.Identity.Rights;

internal readonly record struct CustomRoleId(Guid Value) : IId<CustomRoleId>;
