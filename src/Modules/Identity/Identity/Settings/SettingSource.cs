namespace Licensing.Identity.Settings;

/// <summary>Where a value comes from: the organisation of that level on the path, or nobody said anything.</summary>
internal enum SettingSource { Default, Platform, Distributor, Partner, Tenant }
