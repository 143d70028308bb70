using Licensing.Provisioning.Contracts;

namespace Licensing.Provisioning.Licenses;

internal static class LicensePayment
{
    extension(IPrepaidCredit credit)
    {
        /// <summary>Takes a licence's amount and points from its partner's credit.</summary>
        public Task<Result<Done>> SpendAsync(License license, string reference, CancellationToken ct)
        {
            var price = license.Price!.Value;
            return credit.SpendAsync(
                license.PartnerId, license.CreditKey, reference,
                [new CreditAmount(price.Currency.Code, price.Amount), new CreditAmount(CreditAmount.Points, license.Points)], ct);
        }
    }
}
