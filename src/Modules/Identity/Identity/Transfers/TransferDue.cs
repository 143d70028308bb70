using Licensing.Kernel.Messaging;

namespace Licensing.Identity.Transfers;

/// <summary>The transfer's day begins.</summary>
/// <param name="Id">The transfer.</param>
[Message("identity.transfer-due.v1")]
internal sealed record TransferDue(TransferId Id);
