namespace Licensing.Provisioning;

/// <summary>Everything the host may know about this module.</summary>
public static class ProvisioningModule;
