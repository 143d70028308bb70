namespace Licensing.Identity.Reseller;

/// <summary>This module's methods of the reseller service (ADR 0067).</summary>
internal static class ResellerArea
{
    public static void Map(IEndpointRouteBuilder routes)
    {
        CreateAccount.Map(routes);
        UpdateAccount.Map(routes);
        SuspendAccount.Map(routes);
        ResumeAccount.Map(routes);
        CloseAccount.Map(routes);
        AddUserToAccount.Map(routes);
        GetUsersForAccount.Map(routes);
        UpdateUser.Map(routes);
        DisableUser.Map(routes);
        EnableUser.Map(routes);
        ResetUserPassword.Map(routes);
        GetRoles.Map(routes);
        RolesOfUser.Map(routes);
        RolesOfAccount.Map(routes);
    }
}
