namespace Licensing.Kernel;
public readonly record struct Currency(string Code) { public static Currency Parse(string code) => new(code); }
