namespace Licensing.Identity.Settings;

/// <summary>What an organisation says for itself in one area.</summary>
internal interface IOwnSettings
{
    static abstract SettingArea Area { get; }
}
