await Microsoft.AspNetCore.Builder.WebApplication.CreateBuilder(args).Build().RunAsync(); public partial class Program;
