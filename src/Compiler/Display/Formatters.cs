using System.Collections.Immutable;
using Tx.Core;

namespace Tx.Display;

/// <summary>How one kind of object is shown.</summary>
/// <param name="Kind">Objects of this type and of those derived from it.</param>
public sealed record Formatter(Type Kind, Func<object, DisplayBundle> Format)
{
    internal static Formatter Of<T>(Func<T, DisplayBundle> format) where T : notnull => new(typeof(T), subject => format((T)subject));
}

/// <summary>The one table of formatters. The prompt prints the plain form of a bundle, notebooks and <c>tx report</c> take the rich one.</summary>
public static class Formatters
{
    public static ImmutableArray<Formatter> All { get; } =
    [
        Formatter.Of<Value>(v => DisplayBundle.OfText(ValuePrinter.Print(v))),
        Formatter.Of<BenchResult>(r => DisplayBundle.OfText(BenchText.Line(r))),
        Formatter.Of<AppliedSchedule>(s => DisplayBundle.OfText(StepText.Print(s.Function))),
        Formatter.Of<Diagnostic>(d => DisplayBundle.OfText(DiagnosticRenderer.Render([d]))),
    ];

    /// <summary>The forms of an object.</summary>
    /// <exception cref="ArgumentException">The table has no formatter for it.</exception>
    public static DisplayBundle Of(object subject) =>
        (All.FirstOrDefault(f => f.Kind.IsInstanceOfType(subject)) ?? throw new ArgumentException($"nothing shows a {subject.GetType().Name}")).Format(subject);
}
