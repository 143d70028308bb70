namespace Licensing.Identity.Organizations;

internal enum OrganizationStatus { Active, Suspended, Closed }
