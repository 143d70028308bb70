using Licensing.Identity.Contracts;
using Licensing.Kernel;

namespace Licensing.Billing.Contracts;

/// <summary>What is booked of commissions.</summary>
public enum CommissionPostingKind
{
    /// <summary>Earned, or taken back of what was earned: an expense, owed to the organisation.</summary>
    Commission,

    /// <summary>Paid: what is owed goes against the bank.</summary>
    CommissionPayout,

    /// <summary>What was paid has come back, and is owed again.</summary>
    CommissionReturn,
}

/// <summary>A part of what is booked.</summary>
/// <param name="For">The month that it was earned in, or the payment's reference; the journal shows it.</param>
/// <param name="Amount">In whole minor units; below zero where it is less that is earned.</param>
public sealed record CommissionPostingPart(string For, decimal Amount);

/// <summary>One document of commissions in the journal.</summary>
/// <param name="Reference">Books it once: a second one of the same reference is the first.</param>
/// <param name="Kind">Which accounts.</param>
/// <param name="Number">The document's, for people and for the order of the journal.</param>
/// <param name="OrganizationId">Who earns.</param>
/// <param name="OwnerPath">Its path: it and those above it see the entries.</param>
/// <param name="DocumentOn">The document's own day; it is booked on the day on which it is told, or in the first month that is open.</param>
/// <param name="Currency">Of all parts.</param>
/// <param name="Parts">Not none; those of nothing have no entry.</param>
public sealed record CommissionPosting(
    string Reference, CommissionPostingKind Kind, string Number, OrganizationId OrganizationId, string OwnerPath, DateOnly DocumentOn,
    Currency Currency, IReadOnlyList<CommissionPostingPart> Parts);

/// <summary>
/// Books commissions and their payouts into the journal, by double entry, in the caller's transaction: what is earned and what is booked appear
/// together (ADR 0070). Checks no scope; the asking slice does.
/// </summary>
public interface ICommissionJournal
{
    /// <summary>Books them in one statement; what was booked before, by its reference, is not booked again.</summary>
    /// <exception cref="InvalidOperationException">What was booked by one of the references is another amount.</exception>
    Task PostAsync(IReadOnlyList<CommissionPosting> postings, CancellationToken ct);
}
