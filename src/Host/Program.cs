using Licensing.Host;

var builder = WebApplication.CreateBuilder(args);
builder.AddLicensing();

var app = builder.Build();
app.UseLicensing();
await app.RunAsync();

public partial class Program;
