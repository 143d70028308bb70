using System.Net;

namespace Licensing.Faults;

/// <summary>
/// Somebody of another organisation, who sends small batches as long as somebody else does worse: one after the other all the time, and one more
/// while a body of the other is sent by half. Each of his is answered 200.
/// </summary>
internal sealed class OtherSender
{
    private readonly Uri _address;
    private readonly UsageSender _sender;
    private readonly string _key;
    private readonly CancellationTokenSource _over = new();
    private readonly Task _sending;
    private int _served;

    private OtherSender(FaultedHost faulted, UsageSender sender, string key, CancellationToken ct)
    {
        (_address, _sender, _key) = (faulted.Address, sender, key);
        _sending = Task.Run(async () =>
        {
            while (!_over.IsCancellationRequested)
                await SendsAsync(ct);
        }, ct);
    }

    /// <summary>By a key of the partner: the others send as the platform.</summary>
    public static async Task<OtherSender> BeginAsync(FaultedHost faulted, UsageSender sender, CancellationToken ct)
    {
        using var client = faulted.Client();
        using var partners = await client.GetAsync(new Uri("/api/v1/partners", UriKind.Relative), ct);
        var organizationId = (await partners.JsonAsync()).GetProperty("items")[0].GetProperty("id").GetGuid();
        var made = await faulted.PostAsync("api-keys", new { name = "other", organizationId, role = "PartnerAdministrator" }, ct);
        return new OtherSender(faulted, sender, made.GetProperty("key").GetString()!, ct);
    }

    /// <summary>Sends one batch, which is taken.</summary>
    public async Task SendsAsync(CancellationToken ct)
    {
        var record = _sender.Record($"served {Interlocked.Increment(ref _served)}");
        var sent = await UsageSender.SendAsync(_address, _key, ct, record);
        (sent.Status, sent.Counts).ShouldBe((HttpStatusCode.OK, "1 0 0"), $"{sent.Code}");
    }

    /// <summary>Sends what somebody else sends, and a batch of his own after the first half of it.</summary>
    public async Task<Sent> SeesAsync(FaultedHost faulted, HttpContent content, CancellationToken ct)
    {
        var half = new HalfSent(content);
        var sending = UsageSender.SendAsync(faulted.Address, faulted.Token, half, ct);
        // It may be refused, and its connection ended, before so much of it has gone.
        await Task.WhenAny(half.Begun, sending);
        await SendsAsync(ct);
        half.GoOn();
        var sent = await sending;
        if (sent.Status is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable)
            sent.TellsItsLimits.ShouldBeTrue(sent.Code);
        return sent;
    }

    /// <summary>All that he sent was taken, and is there.</summary>
    public async Task EndAsync(CancellationToken ct)
    {
        await _over.CancelAsync();
        await _sending;
        _over.Dispose();
        (await _sender.StoredAsync(ct)).Length.ShouldBe(_served);
    }
}

/// <summary>A body of which the second half is kept back until it is told to go on.</summary>
internal sealed class HalfSent : HttpContent
{
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly byte[] _body;

    public HalfSent(HttpContent whole)
    {
        using var copy = new MemoryStream();
        whole.CopyTo(copy, null, CancellationToken.None);
        _body = copy.ToArray();
        foreach (var (name, values) in whole.Headers)
            Headers.TryAddWithoutValidation(name, values);
    }

    public Task Begun => _begun.Task;

    public void GoOn() => _goOn.TrySetResult();

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        await stream.WriteAsync(_body.AsMemory(0, _body.Length / 2));
        await stream.FlushAsync();
        _begun.TrySetResult();
        await _goOn.Task;
        await stream.WriteAsync(_body.AsMemory(_body.Length / 2));
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _body.Length;
        return true;
    }
}
