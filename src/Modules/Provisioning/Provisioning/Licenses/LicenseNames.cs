namespace Licensing.Provisioning.Licenses;

internal static class LicenseNames
{
    extension(IReadOnlyDictionary<string, string> names)
    {
        /// <summary>The name in a language, else in English.</summary>
        public string InLanguage(string language) => names.GetValueOrDefault(language.ToUpperInvariant()) ?? names["EN"];
    }
}
