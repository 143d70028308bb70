namespace Licensing.Provisioning.CustomerArea;

/// <summary>The industries of customers, as this door's clients know them. A family has no company.</summary>
internal static class Industries
{
    public const string Family = "family";

    /// <summary>Name by code, in the order in which they are shown.</summary>
    public static IReadOnlyDictionary<string, string> All { get; } = new Dictionary<string, string>
    {
        ["agriculture"] = "Agriculture",
        ["automotive"] = "Automotive",
        ["construction"] = "Construction",
        ["education"] = "Education",
        ["energy"] = "Energy and utilities",
        [Family] = "Family",
        ["finance"] = "Finance and insurance",
        ["food"] = "Food and beverage",
        ["government"] = "Government",
        ["healthcare"] = "Healthcare",
        ["hospitality"] = "Hospitality",
        ["it"] = "Information technology",
        ["legal"] = "Legal services",
        ["manufacturing"] = "Manufacturing",
        ["media"] = "Media and communication",
        ["nonprofit"] = "Non-profit",
        ["other"] = "Other",
        ["professional"] = "Professional services",
        ["realestate"] = "Real estate",
        ["retail"] = "Retail and wholesale",
        ["telecommunications"] = "Telecommunications",
        ["transport"] = "Transport and logistics",
    };
}
