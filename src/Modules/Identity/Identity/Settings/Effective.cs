namespace Licensing.Identity.Settings;

internal sealed record Effective<T>(T Value, SettingSource Source);
