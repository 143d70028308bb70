namespace Licensing.Identity.Settings;

internal sealed record AreaView<TOwn, TEffective>(TOwn Own, TEffective Effective);
