using System.Collections.Immutable;
using Tx.Core;
using Tx.Runtime;

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
        Formatter.Of<TensorValue>(t => t.Data is { } data ? TensorView.Of(data) : DisplayBundle.OfText(ValuePrinter.Print(t))),
        Formatter.Of<NativeTensor>(TensorView.Of),
        Formatter.Of<TupleValue>(TupleFormat.Of),
        Formatter.Of<Value>(v => DisplayBundle.OfText(ValuePrinter.Print(v))),
        Formatter.Of<BenchResult>(BenchText.Of),
        Formatter.Of<LoopNests>(NestFormat.Of),
        Formatter.Of<AppliedSchedule>(StepsFormat.Of),
        Formatter.Of<StepEvidenceList>(EvidenceFormat.Of),
        Formatter.Of<ScheduleTree>(TreeFormat.Of),
        Formatter.Of<MemoryPlan>(MemoryFormat.Of),
        Formatter.Of<Roofline>(RooflineFormat.Of),
        Formatter.Of<AssemblyListing>(AssemblyFormat.Of),
        Formatter.Of<Diagnostic>(d => DisplayBundle.OfText(DiagnosticRenderer.Render([d]))),
    ];

    /// <summary>The forms of an object.</summary>
    /// <exception cref="ArgumentException">The table has no formatter for it.</exception>
    public static DisplayBundle Of(object subject) =>
        (All.FirstOrDefault(f => f.Kind.IsInstanceOfType(subject)) ?? throw new ArgumentException($"nothing shows a {subject.GetType().Name}")).Format(subject);
}

/// <summary>The results of an operator, one below the other.</summary>
internal static class TupleFormat
{
    public static DisplayBundle Of(TupleValue tuple)
    {
        var items = tuple.Items.Select(Formatters.Of).ToList();
        string plain = $"({string.Join(",\n ", items.Select(i => i.Plain))})";
        return tuple.Items.All(i => i is TensorValue { Data.Rank: > 0 })
            ? DisplayBundle.OfHtml(plain, Markup.Write(tuple.Items.Select(i => ((TensorValue)i).Data!).Select(t => TensorView.Page(t, TensorSummary.Of(t))))) : DisplayBundle.OfText(plain);
    }
}
