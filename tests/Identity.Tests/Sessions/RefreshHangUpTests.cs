using System.Net;
using Licensing.Identity.Contracts;
using Licensing.Identity.Sessions;
using MediatR;
using Microsoft.Extensions.DependencyInjection;
using ISender = Licensing.Kernel.ISender;

namespace Licensing.Identity.Tests.Sessions;

/// <summary>A caller who hangs up when it is seen that his refresh token was used before.</summary>
public sealed class RefreshHangUpTests(App app) : IClassFixture<App>
{
    [Fact]
    public async Task The_session_ends_all_the_same()
    {
        var branch = await app.BranchAsync();
        var person = await Person.AddAsync(branch, branch.Partner, Roles.PartnerAdministrator);
        var session = await person.LoginAsync();
        var token = session.GetProperty("refreshToken").GetString()!;
        using var used = await app.Anonymous().PostAsync("/api/v1/auth/refresh", new { refreshToken = token });
        used.StatusCode.ShouldBe(HttpStatusCode.OK);
        using var caller = new CancellationTokenSource();
        await using var scope = app.Services.CreateAsyncScope();
        var door = new RefreshSession.Door(new HangingUp(scope.ServiceProvider.GetRequiredService<ISender>(), caller));

        var answer = await door.Handle(new RefreshSession.Attempt(token, null), caller.Token);

        answer.Refusal!.Code.ShouldBe(SessionRefusals.BadRefreshToken.Code);
        using var client = app.Bearer(session.GetProperty("accessToken").GetString()!);
        (await client.StatusAsync("/api/v1/auth/sessions")).ShouldBe(HttpStatusCode.Unauthorized);
    }

    private sealed class HangingUp(ISender sender, CancellationTokenSource caller) : ISender
    {
        public async Task<TResponse> Send<TResponse>(IRequest<TResponse> request, CancellationToken ct)
        {
            var answer = await sender.Send(request, ct);
            await caller.CancelAsync();
            return answer;
        }
    }
}
