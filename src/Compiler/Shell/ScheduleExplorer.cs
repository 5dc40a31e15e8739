using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Tx.Core;
using Tx.Display;
using Tx.Lang.Program;
using Tx.Lang.Syntax;
using Tx.Lower.Build;
using Tx.Lower.Schedule.Steps;

namespace Tx.Shells;

/// <summary>A schedule that is written line by line: each line is applied at once, and can be taken back.</summary>
internal sealed class ScheduleExplorer
{
    private readonly Session _session;
    private readonly ImmutableDictionary<string, long> _sizes;
    private readonly string _head;

    /// <param name="from">Null: it begins with nothing.</param>
    /// <param name="sizes">All sizes of the operator, or none.</param>
    public ScheduleExplorer(Session session, OpSyntax syntax, Operator op, ScheduleSyntax? from, ImmutableDictionary<string, long> sizes)
    {
        (_session, Syntax, Operator, _sizes) = (session, syntax, op, sizes);
        string clauses = from is null ? " on cpu" : string.Concat(from.Clauses.Where(c => c is OnClauseSyntax or ExtendsClauseSyntax or RequireClauseSyntax).Select(c => " " + c.Span.Text));
        _head = $"schedule {from?.Name.Text ?? "lines"} for {op.Name}{clauses} {{\n";
        Lines = from is null ? [] : [.. from.Body.Select(i => i.Span.Text)];
        Applied = Apply(Lines);
    }

    public OpSyntax Syntax { get; }
    public Operator Operator { get; }
    /// <summary>The lines that were taken.</summary>
    public ImmutableList<string> Lines { get; private set; }
    /// <summary>The operator under these lines.</summary>
    public AppliedSchedule Applied { get; private set; }
    public ScheduleState State => Applied.Function.State;
    public ImmutableDictionary<string, long> Sizes => _sizes;

    /// <summary>The operator under the lines so far, to be printed, compiled and measured.</summary>
    public OperatorRequest Request => OperatorRequest.Of(_session, Syntax, Operator, _sizes, new(Applied.Elaborated!.Syntax, ImmutableSortedDictionary<string, long>.Empty));

    /// <summary>Adds lines.</summary>
    /// <returns>What there is to say, and whether they were taken: with an error they are not.</returns>
    public (bool IsTaken, ImmutableArray<AppliedStep> Steps, ImmutableArray<Diagnostic> Diagnostics) Add(string text)
    {
        var lines = Lines.Add(text.Trim());
        var applied = Apply(lines);
        var known = Applied.Diagnostics.Select(d => (d.Code, d.Message)).ToHashSet();
        ImmutableArray<Diagnostic> found = [.. applied.Diagnostics.Where(d => !known.Contains((d.Code, d.Message)))];
        if (applied.HasErrors && found.Any(d => d.IsError)) return (false, [], found);
        int done = Applied.Function.Steps.Length;
        (Lines, Applied) = (lines, applied);
        return (true, [.. applied.Function.Steps.Skip(done)], found);
    }

    /// <summary>What a line would do, without taking it.</summary>
    public AppliedSchedule Try(string line) => Apply(Lines.Add(line));

    /// <summary>Takes the last line back, and gives it; null where there is none.</summary>
    public string? Undo()
    {
        if (Lines.IsEmpty) return null;
        string last = Lines[^1];
        Lines = Lines.RemoveAt(Lines.Count - 1);
        Applied = Apply(Lines);
        return last;
    }

    /// <summary>The lines as a declaration.</summary>
    public string ToDeclaration(string name)
    {
        var text = new StringBuilder($"schedule {name}{_head[_head.IndexOf(" for ", StringComparison.Ordinal)..]}");
        foreach (string line in Lines.SelectMany(l => l.Split('\n'))) text.Append("    ").Append(line.TrimEnd()).Append('\n');
        return text.Append('}').ToString();
    }

    /// <summary>A step as it is shown: what it changed, why it is right, and what the nests cost after it.</summary>
    public DisplayBundle View(AppliedStep step, int number)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"// {number}. {step.Directive.Text}\n//    {step.Evidence}\n");
        text.Append(Difference(StepText.Loops(step.Before), StepText.Loops(step.After)));
        text.Append("// ").Append(Cost(step.After));
        return StepsFormat.One(text.ToString(), step, number, Cost(step.After));
    }

    /// <summary>The nests as they are, with what they cost.</summary>
    public DisplayBundle View() => NestFormat.Of($"{StepText.Loops(State).TrimEnd('\n')}\n// {Cost(State)}", Cost(State), NestViews.Of(State));

    public static string Cost(ScheduleState state)
    {
        var cost = NestCost.Of(state);
        return $"operations {cost.Operations}, loads {cost.Loads}, stores {cost.Stores}{(cost.Bytes is { } b ? string.Create(CultureInfo.InvariantCulture, $", footprint {b:#,0} bytes") : "")}";
    }

    /// <summary>The lines that differ, with some of those around.</summary>
    public static string Difference(string before, string after)
    {
        const int Around = 2;
        var lines = LineDifference.Of(before, after);
        if (lines.All(l => l.Change is LineChange.Same)) return "  (unchanged)\n";
        var text = new StringBuilder();
        bool isSkipping = false;
        for (int i = 0; i < lines.Length; i++)
        {
            bool isNear = Enumerable.Range(Math.Max(0, i - Around), Math.Min(lines.Length - 1, i + Around) - Math.Max(0, i - Around) + 1).Any(n => lines[n].Change is not LineChange.Same);
            if (!isNear)
            {
                if (!isSkipping) text.Append("  …\n");
                isSkipping = true;
                continue;
            }
            isSkipping = false;
            text.Append(lines[i].Change switch { LineChange.Added => "+ ", LineChange.Removed => "- ", _ => "  " }).Append(lines[i].Line).Append('\n');
        }
        return text.ToString();
    }

    private AppliedSchedule Apply(ImmutableList<string> lines)
    {
        var source = new SourceText($"<{Operator.Name}>", $"{_head}{string.Join('\n', lines.Select(l => "    " + l))}\n}}\n");
        var tree = SyntaxParser.Parse(source);
        var errors = tree.Diagnostics.Where(d => d.IsError).ToImmutableArray();
        if (!errors.IsEmpty || tree.Root.Items is not [ScheduleSyntax schedule])
            throw new DiagnosticException(errors.IsEmpty ? [Diagnostic.Create(SessionDiagnostics.CommandRefused, null, "this is no line of a schedule", "write a step such as `(io, ii) = C.i.split(8)`")] : errors);
        var dims = _sizes.IsEmpty ? null : Operator.Dims.ToDictionary(d => d, d => _sizes[d.Name]);
        return _session.Schedules.Apply(new(schedule, ImmutableSortedDictionary<string, long>.Empty), Operator, NestBuilder.Build(Operator, dims, keepsEmptyLoops: true).Functions[0], dims, _session.Schedules.Budget);
    }
}
