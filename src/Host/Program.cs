using Licensing.Host;
using Licensing.Host.Database;
using Licensing.Kernel.Persistence;

var builder = WebApplication.CreateBuilder(args);
await using var postgres = await builder.AddDatabaseAsync(Console.WriteLine, CancellationToken.None);
builder.AddLicensing();

await using var app = builder.Build();
app.UseLicensing();
await app.Services.GetRequiredService<Migrator>().ApplyAsync(CancellationToken.None);
await app.PrepareAsync(CancellationToken.None);
await app.RunAsync();
