namespace Licensing.Provisioning.Signed;

// For the reference alone: what is read is SignedBody, by the rules of the product.

/// <summary>A signed update. Only <c>ccId</c> is required; what is absent stays as it is.</summary>
internal sealed record SignedUpdateBody(
    CcIdBody CcId, int? DigitalOnlySeats = null, int? EssentialSeats = null, int? ProfessionalSeats = null, int? EliteSeats = null,
    int? WorkforceOptimizationSeats = null, int? WorkforceManagementSeats = null, int? SpeechAnalyticsSeats = null, int? DialerSeats = null,
    AiMessagingBody? AiMessaging = null, AiAudioServicesBody? AiAudioServices = null, SipCredentialsBody? SipCredentials = null);

internal sealed record SignedDeleteBody(CcIdBody CcId);

internal sealed record CcIdBody(string ResellerId, string TenantId, string? ResellerName = null, string? TenantName = null);

internal sealed record AiMessagingBody(int? StandardBundles = null, int? AdvancedBundles = null);

internal sealed record AiAudioServicesBody(int AdditionalHours);
