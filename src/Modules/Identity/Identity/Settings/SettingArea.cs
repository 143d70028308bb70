namespace Licensing.Identity.Settings;

internal enum SettingArea { Branding, Licensing, Identity }
