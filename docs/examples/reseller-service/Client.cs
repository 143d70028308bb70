using System.Net.Http.Headers;
using System.Runtime.Serialization;
using System.Text;

namespace Partner;

// Contracts as partners write them: the serializer puts their fields in the alphabet's order, in whatever namespace is named, and absent ones as nil.
[DataContract(Namespace = "http://schemas.partner.example/licensing")]
public sealed class CreateAccountRequest
{
    [DataMember] public string? Name { get; set; }
    [DataMember] public string? CompanyName { get; set; }
    [DataMember] public string? CountryCode { get; set; }
    [DataMember] public string? CurrencyCode { get; set; }
    [DataMember] public string? ContactEmail { get; set; }
    [DataMember] public string? Notes { get; set; }
}

[DataContract(Namespace = "")]
public sealed class CreatedAccount
{
    [DataMember] public int AccountId { get; set; }
}

[DataContract]
public sealed class GetAccountRequest
{
    [DataMember] public int AccountId { get; set; }
}

[DataContract(Namespace = "")]
public sealed class Account
{
    [DataMember] public int AccountId { get; set; }
    [DataMember] public string? Name { get; set; }
    [DataMember] public string? CompanyName { get; set; }
    [DataMember] public string? CountryCode { get; set; }
    [DataMember] public string? CurrencyCode { get; set; }
    [DataMember] public string? ContactEmail { get; set; }
    [DataMember] public string? Notes { get; set; }
    [DataMember] public string? Status { get; set; }
    [DataMember] public DateTime CreatedAt { get; set; }
}

[DataContract]
public sealed class SearchAccountsRequest
{
    [DataMember] public string? Name { get; set; }
    [DataMember] public int Page { get; set; } = 1;
    [DataMember] public int PageSize { get; set; } = 50;
}

[DataContract(Namespace = "")]
public sealed class FoundAccounts
{
    [DataMember] public List<Account> Accounts { get; set; } = [];
    [DataMember] public bool HasMore { get; set; }
    [DataMember] public int Page { get; set; }
}

[DataContract]
public sealed class AddCreditToAccountRequest
{
    [DataMember] public int AccountId { get; set; }
    [DataMember] public int Credits { get; set; }
    [DataMember] public int ExpiryMonths { get; set; } = 12;
    [DataMember] public string? Reference { get; set; }
}

[DataContract(Namespace = "")]
public sealed class AddedCredit
{
    [DataMember] public int AccountId { get; set; }
    [DataMember] public long Balance { get; set; }
    [DataMember] public DateTime ExpiryDate { get; set; }
    [DataMember] public string? LotId { get; set; }
    [DataMember] public string? Reference { get; set; }
}

[DataContract]
public sealed class GetChargeableActivityReportRequest
{
    [DataMember] public DateTime StartDate { get; set; }
    [DataMember] public DateTime EndDate { get; set; }
    [DataMember] public string GroupBy { get; set; } = "Month";
}

[DataContract(Namespace = "")]
public sealed class ChargeableActivityReport
{
    [DataMember] public List<ActivityReportRow> Rows { get; set; } = [];
}

[DataContract(Namespace = "")]
public sealed class ActivityReportRow
{
    [DataMember] public int AccountId { get; set; }
    [DataMember] public string? Meter { get; set; }
    [DataMember] public decimal Amount { get; set; }
}

[DataContract(Namespace = "")]
public sealed class Fault
{
    [DataMember] public FaultDetail? ErrorDetail { get; set; }
    [DataMember] public string? ErrorType { get; set; }
}

[DataContract(Namespace = "")]
public sealed class FaultDetail
{
    [DataMember] public string? Message { get; set; }
}

public sealed class FaultException(int status, Fault fault) : Exception($"{status} {fault.ErrorType}: {fault.ErrorDetail?.Message}")
{
    public int Status => status;
}

/// <summary>One object in, one object out.</summary>
public sealed class ResellerClient : IDisposable
{
    private readonly HttpClient _http;

    public ResellerClient(Uri address, string user, string password)
    {
        // The server gives a call 125 seconds, and says so when they are over.
        _http = new HttpClient { BaseAddress = new Uri(address, "/WebApi/ResellerService/"), Timeout = TimeSpan.FromSeconds(130) };
        _http.DefaultRequestHeaders.Authorization =
            new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")));
    }

    public async Task<TResult> CallAsync<TRequest, TResult>(string method, TRequest request)
    {
        using var body = new MemoryStream();
        new DataContractSerializer(typeof(TRequest)).WriteObject(body, request);
        using var content = new ByteArrayContent(body.ToArray());
        content.Headers.ContentType = new MediaTypeHeaderValue("application/xml");
        using var answer = await _http.PostAsync(new Uri(method, UriKind.Relative), content);
        await using var said = await answer.Content.ReadAsStreamAsync();
        if (!answer.IsSuccessStatusCode)
            throw new FaultException((int)answer.StatusCode, (Fault)new DataContractSerializer(typeof(Fault)).ReadObject(said)!);
        return (TResult)new DataContractSerializer(typeof(TResult)).ReadObject(said)!;
    }

    public void Dispose() => _http.Dispose();
}
