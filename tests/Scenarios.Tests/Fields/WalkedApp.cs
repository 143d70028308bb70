using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Licensing.Scenarios.Tests.Fields;

/// <summary>A host that one caller may ask as often as a sweep needs, and that counts the hashes of passwords.</summary>
public sealed class WalkedApp : App
{
    private int _hashes;

    public int Hashes => _hashes;

    protected override void Configure(WebApplicationBuilder builder)
    {
        builder.Configuration["Limits:Burst"] = "100000000";
        // The module's own type of user is nobody else's to name.
        var stock = builder.Services.Last(
            s => s.ServiceType is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(IPasswordHasher<>));
        var counting = typeof(Counting<>).MakeGenericType(stock.ServiceType.GetGenericArguments());
        builder.Services.Remove(stock);
        builder.Services.Add(
            new ServiceDescriptor(stock.ServiceType, services => ActivatorUtilities.CreateInstance(services, counting, this), stock.Lifetime));
    }

    private sealed class Counting<TUser>(WalkedApp app, IOptions<PasswordHasherOptions> options) : PasswordHasher<TUser>(options) where TUser : class
    {
        public override string HashPassword(TUser user, string password)
        {
            Interlocked.Increment(ref app._hashes);
            return base.HashPassword(user, password);
        }

        public override PasswordVerificationResult VerifyHashedPassword(TUser user, string hashedPassword, string providedPassword)
        {
            Interlocked.Increment(ref app._hashes);
            return base.VerifyHashedPassword(user, hashedPassword, providedPassword);
        }
    }
}

/// <summary>Two branches for sweeps that send thousands of requests; one pair for all of them.</summary>
[CollectionDefinition(Name)]
public sealed class Walked : ICollectionFixture<WalkedBranches>
{
    public const string Name = "Walked";
}

public sealed class WalkedBranches() : Authorization.TwoBranches(new WalkedApp())
{
    /// <summary>The one whose things are walked.</summary>
    public Branch Branch => NearBranch;

    internal ApiDocument Document { get; private set; } = null!;

    /// <summary>What the database keeps as secrets, by where it does; read once for all answers.</summary>
    internal Task<List<(string Column, string Secret)>>? Secrets { get; set; }

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        Document = await ApiDocument.OfAsync(App);
    }
}
