namespace Licensing.Testing; internal static class Placeholder;
