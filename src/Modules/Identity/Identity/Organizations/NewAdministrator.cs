namespace Licensing.Identity.Organizations;

internal sealed record NewAdministrator(string Email, string DisplayName);
