namespace Licensing.Identity.Transfers;

internal enum TransferStatus { Pending, Done, Cancelled, Failed }
