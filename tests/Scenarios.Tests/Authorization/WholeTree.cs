using Licensing.Identity.Contracts;

namespace Licensing.Scenarios.Tests.Authorization;

/// <summary>
/// Two branches and more: in the near one whatever can stand at any level stands at each, and a third branch is suspended at its top,
/// with a key of every role in it from before.
/// </summary>
public sealed class WholeTree : TwoBranches
{
    // What has an organisation of any level as its owner.
    private static readonly string[] Anywhere = ["user", "apikey", "client", "assignment", "role", "accountrole"];

    private readonly Dictionary<OrganizationKind, Ids> _near = [];
    private readonly Dictionary<string, string> _keys = [];
    private Branch _third = null!;
    private Dictionary<string, string> _thirdIds = null!;

    /// <summary>The suspended branch's things.</summary>
    public Ids Suspended { get; private set; } = null!;

    /// <summary>The levels at which a thing of the near branch stands.</summary>
    public static IReadOnlyList<OrganizationKind> LevelsOf(string resource) => resource switch
    {
        "run" or "paymentorder" => [OrganizationKind.Platform],
        "distributor" => [OrganizationKind.Distributor],
        "partner" or "scheme" or "statement" or "payout" or "certificate" or "debit" => [OrganizationKind.Partner],
        _ when Anywhere.Contains(resource) => Enum.GetValues<OrganizationKind>(),
        _ => [OrganizationKind.Tenant],
    };

    /// <summary>The near branch's things, those that can stand anywhere at <paramref name="level"/>.</summary>
    public Ids NearAt(OrganizationKind level) => _near[level];

    /// <summary>A caller of the suspended branch by a real credential, because its state is read when that is proved.</summary>
    /// <param name="role">Which.</param>
    /// <param name="basic">Whether its door takes nothing else.</param>
    public HttpClient AsSuspended(string role, bool basic)
    {
        var client = App.Anonymous();
        if (basic)
            client.DefaultRequestHeaders.Authorization = new("Basic", Convert.ToBase64String(
                System.Text.Encoding.UTF8.GetBytes($"{_keys[role][..11]}:{_keys[role]}")));
        else
            client.DefaultRequestHeaders.Add("X-API-KEY", _keys[role]);
        return client;
    }

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        foreach (var at in (OrganizationRef[])[NearBranch.Platform, NearBranch.Distributor, NearBranch.Partner, NearBranch.Tenant])
            _near[at.Kind] = new Ids(await FillAtAsync(NearBranch, at), NearBranch.As);

        var (third, ids) = (_third, _thirdIds);
        await BillAsync(third, ids);
        foreach (var at in (OrganizationRef[])[third.Distributor, third.Partner, third.Tenant])
            foreach (var role in Roles.All.Where(r => Ids.LevelOf(r) == at.Kind))
                _keys[role] = (await PostAsync(third.Administrator(), "/api/v1/api-keys", new { name = role, organizationId = at.Id.Value, role }))[
                    "key"]!.GetValue<string>();
        await PostAsync(third.Administrator(), $"/api/v1/distributors/{third.Distributor.Id.Value}/suspend", new { reason = "unpaid" });
        Suspended = new Ids(ids);
    }

    protected override async Task FillMoreAsync()
    {
        _third = await App.BranchAsync();
        _thirdIds = await FillAsync(_third);
    }

    private async Task<Dictionary<string, string>> FillAtAsync(Branch branch, OrganizationRef at)
    {
        var (admin, role) = (branch.Administrator(), at.Kind is OrganizationKind.Tenant ? Roles.TenantUser : $"{at.Kind}Reader");
        var ids = new Dictionary<string, string>(Near.All)
        {
            ["user"] = Id(await PostAsync(admin, "/api/v1/users", new
            {
                email = $"at-{at.Code}@reach.example",
                displayName = "User",
                organizationId = at.Id.Value,
                password = "correct horse battery staple 1A",
            })),
            ["apikey"] = Id(await PostAsync(admin, "/api/v1/api-keys", new { name = "key", organizationId = at.Id.Value, role })),
            ["client"] = Id(await PostAsync(admin, "/api/v1/clients", new { name = "client", organizationId = at.Id.Value, role })),
            ["role"] = Id(await PostAsync(admin, "/api/v1/roles", new
            {
                name = $"Desk {at.Kind}",
                level = at.Kind.ToString(),
                organizationId = at.Id.Value,
                permissions = new[] { "identity.users.read" },
            })),
            ["accountrole"] = Id(await PutAsync(admin, "/api/v1/roles/account-assignments", new { organizationId = at.Id.Value, role })),
        };
        ids["assignment"] = Id(await PutAsync(admin, "/api/v1/roles/assignments", new { userId = ids["user"], role, organizationId = at.Id.Value }));
        ids["identity"] = (await App.LinkIdentityAsync(Guid.Parse(ids["user"]))).ToString();
        ids["session"] = await LoginAsync(App, admin, ids["user"], $"at-{at.Code}@reach.example");
        return ids;
    }
}
