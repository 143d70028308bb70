using Licensing.Identity.Contracts;

namespace Licensing.Identity.Settings;

/// <summary>What the organisations on one path say for themselves, the root first; how that adds up to what holds at the path's end.</summary>
internal sealed class Chain<TOwn>(IReadOnlyList<(OrganizationKind Level, TOwn Own)> fromTheRoot)
{
    /// <summary>The nearest one that says something.</summary>
    public Effective<T> Nearest<T>(Func<TOwn, T?> said, T otherwise) where T : class? =>
        Last(fromTheRoot.Where(x => said(x.Own) is not null).Select(x => ((T)said(x.Own)!, x.Level)), otherwise);

    /// <summary>A no binds everyone below; else the nearest one that says something.</summary>
    public Effective<bool> UnlessForbidden(Func<TOwn, bool?> said, bool otherwise) => fromTheRoot.Any(x => said(x.Own) == false)
        ? new Effective<bool>(false, SourceOf(fromTheRoot.First(x => said(x.Own) == false).Level))
        : Last(fromTheRoot.Where(x => said(x.Own) is not null).Select(x => (said(x.Own)!.Value, x.Level)), otherwise);

    /// <summary>
    /// What is handed down from level to level: who is refused it himself hands it to nobody below him, neither by what he says nor because
    /// nobody says anything. Only what somebody above him says counts there.
    /// </summary>
    /// <param name="otherwise">What holds where nobody says anything.</param>
    /// <param name="saidOf">What is said of each level, from the distributors down to the one that is asked about.</param>
    public Effective<bool> HandedDown(bool otherwise, params Func<TOwn, bool?>[] saidOf)
    {
        var asked = UnlessForbidden(saidOf[^1], otherwise);
        for (var i = 0; asked.Value && i < saidOf.Length - 1; i++)
        {
            var level = OrganizationKind.Distributor + i;
            var above = new Chain<TOwn>([.. fromTheRoot.Where(x => x.Level <= level)]).UnlessForbidden(saidOf[i], true);
            if (!above.Value && !fromTheRoot.Any(x => x.Level < level && saidOf[^1](x.Own) == true))
                return above;
        }

        return asked;
    }

    /// <summary>With what the organisation at the path's end is about to say.</summary>
    public Chain<TOwn> And(OrganizationKind level, TOwn own) => new([.. fromTheRoot, (level, own)]);

    /// <summary>The strictest that anyone says; of equal ones the highest binds.</summary>
    public Effective<T> Strictest<T>(Func<TOwn, T?> said, T otherwise, Comparison<T> strictness) where T : struct
    {
        var strictest = new Effective<T>(otherwise, SettingSource.Default);
        foreach (var (level, own) in fromTheRoot)
            if (said(own) is { } value && (strictest.Source is SettingSource.Default || strictness(value, strictest.Value) > 0))
                strictest = new Effective<T>(value, SourceOf(level));
        return strictest;
    }

    /// <summary>What all that say something have in common; null where nobody does.</summary>
    public Effective<IReadOnlyList<string>?> Common(Func<TOwn, IReadOnlyList<string>?> said)
    {
        var common = new Effective<IReadOnlyList<string>?>(null, SettingSource.Default);
        foreach (var (level, own) in fromTheRoot)
            if (said(own) is { } allowed)
            {
                IReadOnlyList<string> left = common.Value is null ? allowed : [.. common.Value.Where(allowed.Contains)];
                if (common.Value is null || left.Count < common.Value.Count)
                    common = new Effective<IReadOnlyList<string>?>(left, SourceOf(level));
            }

        return common;
    }

    private static Effective<T> Last<T>(IEnumerable<(T Value, OrganizationKind Level)> said, T otherwise)
    {
        var last = new Effective<T>(otherwise, SettingSource.Default);
        foreach (var (value, level) in said)
            last = new Effective<T>(value, SourceOf(level));
        return last;
    }

    private static SettingSource SourceOf(OrganizationKind level) => (SettingSource)((int)level + 1);
}
