using System.Globalization;
using Licensing.Identity.Contracts;
using Licensing.Kernel.Mail;
using Licensing.Provisioning.CustomerArea;
using Licensing.Provisioning.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;

namespace Licensing.Provisioning.Licenses;

/// <summary>
/// What customers are told of their licences by mail, in the transaction that makes it true. Customers without an address are told nothing; those who
/// were told much within the hour are told later: a licence is not refused for a letter, nor is a letter lost.
/// </summary>
internal sealed class Notices(ProvisioningDb db, ICustomerAccounts customers, Post post, IConfiguration configuration)
{
    /// <summary>The language that the customer was opened with; null where it was opened through another door.</summary>
    public Task<string?> LanguageOfAsync(OrganizationId tenant, CancellationToken ct) =>
        db.Set<CustomerProfile>().Where(x => x.TenantId == tenant).Select(x => (string?)x.Language).SingleOrDefaultAsync(ct);

    public async Task AssignedAsync(OrganizationRef tenant, License license, string language, CancellationToken ct)
    {
        if (await customers.TakeNoticeTurnAsync(tenant.Id, ct) is not { } turn)
            return;
        var name = license.Names.InLanguage(language);
        var info = license.Info is { } use ? $" ({use})" : "";
        var days = license.EndsOn is { } end
            ? $"It has started and lasts until {end.AddDays(-1).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}."
            : "It starts when it is activated.";
        var what = license.Demo ? "a demo licence" : "a licence";
        var subject = OneLine($"{configuration["Platform:Name"] ?? "Platform"}: {what} for you");
        post.Send(db, new Letter(turn.Address, subject, $"""
            Hello {OneLine(tenant.DisplayName)},

            you have been given the licence {OneLine($"{name}{info}")}: {OneLine(license.Quantity)}. {days}
            """), turn.At);
    }

    // What a partner wrote must not make lines of its own.
    private static string OneLine(string text) => text.ReplaceLineEndings(" ");
}
