using Licensing.Identity.Sessions;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Licensing.Identity.Users;

/// <summary>The parts of ASP.NET Core Identity that are used (ADR 0009), on our own users.</summary>
internal static class IdentityFramework
{
    public static void AddUsers(this IServiceCollection services, IConfiguration configuration)
    {
        services.Configure<PasswordHasherOptions>(
            options => options.IterationCount = configuration.GetValue("Security:PasswordIterations", Passwords.DefaultIterations));
        services.AddSingleton<IPasswordHasher<User>, PasswordHasher<User>>();
        services.AddSingleton<IPasswordValidator<User>, PasswordPolicy>();
        services.AddSingleton<ILookupNormalizer, LowerCase>();
        services.AddSingleton<IdentityErrorDescriber>();
        services.AddScoped<IUserStore<User>, UserStore>();
        services.AddScoped<UserManager<User>>();
    }

    // As addresses are kept.
    private sealed class LowerCase : ILookupNormalizer
    {
        public string? NormalizeName(string? name) => name?.ToLowerInvariant();

        public string? NormalizeEmail(string? email) => email?.ToLowerInvariant();
    }
}
