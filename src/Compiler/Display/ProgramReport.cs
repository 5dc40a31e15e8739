using System.Collections.Immutable;
using System.Xml.Linq;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Syntax;
using static Tx.Display.Markup;

namespace Tx.Display;

/// <summary>What a report is about.</summary>
public sealed record ReportOptions
{
    /// <summary>Null: all operators of the file.</summary>
    public string? Operator { get; init; }
    /// <summary>Null: that which dispatch takes, or else the default.</summary>
    public string? Schedule { get; init; }
    public ImmutableSortedDictionary<string, long>? Knobs { get; init; }
    /// <summary>Not empty: the operator is shown and measured at these sizes, and the program's statements do not run.</summary>
    public ImmutableDictionary<string, long> Sizes { get; init; } = ImmutableDictionary<string, long>.Empty;
}

/// <summary>A program as one page: what its statements print and measure, and of each operator its source, nests, schedules with steps and evidence, memory and assembly.
/// Operators that the statements call are shown at the sizes of their largest call, others for all sizes.</summary>
public static class ProgramReport
{
    /// <summary>Runs the program and makes the page; null where that fails, which the output has been told.</summary>
    /// <param name="settings">Of the session that the program runs in.</param>
    /// <param name="output">Gets what is wrong.</param>
    /// <param name="lacksLibrary">A library that tx needs is missing.</param>
    /// <exception cref="RequestException">There is no such operator, schedule or dimension.</exception>
    public static string? Make(string path, SessionOptions settings, ReportOptions options, ISessionOutput output, out bool lacksLibrary)
    {
        var record = new ReportRecord(output);
        using var session = new Session(settings, record) { Called = record.Call };
        bool isDone = options.Sizes.IsEmpty ? session.RunFile(path) : session.Load(path) is not null;
        lacksLibrary = session.LacksLibrary;
        return isDone ? Write(path, session, options, record) : null;
    }

    private static string Write(string path, Session session, ReportOptions options, ReportRecord record)
    {
        // Those of the file, and those of others that it calls or schedules.
        bool IsHere(SourceSpan span) => Path.GetFullPath(span.Source.Path) == Path.GetFullPath(path);
        bool IsOwn(OpSyntax o) => IsHere(o.Span);
        var operators = session.Declarations.Operators.Values.Where(o => options.Operator is { } name ? o.Name.Text == name : IsOwn(o) || record.LargestCall(o.Name.Text) is not null || session.Schedules.SchedulesOf(o.Name.Text).Any(s => IsHere(s.Span)))
            .OrderBy(o => !IsOwn(o)).ThenBy(o => o.Span.Source.Path, StringComparer.Ordinal).ThenBy(o => o.Span.Span.Start).ToList();
        // The request says which operators there are.
        if (operators.Count == 0 && options.Operator is { } missing) OperatorRequest.Find(session, missing, options.Sizes);
        var page = new Page(Path.GetFileName(path));
        if (operators.Count > 1) page.Add(Html("nav", null, [.. operators.Select(o => Html("a", null, new XAttribute("href", "#" + Anchor(o)), o.Name.Text))]));
        if (options.Sizes.IsEmpty && record.Items.Count > 0)
        {
            page.Heading("Results");
            page.Add(record.Items);
            if (record.Results.Count > 0) page.View(Roofline.Of(Path.GetFileName(path), MachinePeaks.Measure(ElementType.F32, session.Threads), record.Results.Select(r => (r.Operator, r))));
        }
        foreach (var op in operators) Section(page, session, op, options, record.LargestCall(op.Name.Text));
        return page.ToString();
    }

    private static string Anchor(OpSyntax op) => $"op-{op.Name.Text}";

    private static void Section(Page page, Session session, OpSyntax op, ReportOptions options, ResolvedCall? call)
    {
        page.Heading(op.Name.Text, anchor: Anchor(op));
        page.Text(op.Span.Text);
        var schedules = session.Schedules.SchedulesOf(op.Name.Text).ToList();
        OperatorRequest? request = null;
        Try(page, () => request = options.Sizes.IsEmpty && call is not null && options.Schedule is null
            ? OperatorRequest.Of(session, op, call) : OperatorRequest.Find(session, op.Name.Text, SizesOf(options, call), options.Schedule, options.Knobs), options.Operator is not null);
        if (request is null) return;
        if (schedules.Count > 0)
        {
            page.Heading(schedules.Count == 1 ? "Schedule" : "Schedules", 3);
            foreach (var schedule in schedules.Where(s => options.Schedule is null || s.Name.Text == options.Schedule)) Try(page, () => Schedule(page, request, schedule, options));
        }
        page.Heading("Nests", 3);
        Try(page, () => page.View(request.Nests()));
        page.Heading("Where stages are computed and stored", 3);
        Try(page, () => page.View(request.Tree()));
        if (request.IsForDevice) return;
        page.Heading("Memory", 3);
        Try(page, () => page.View(request.Memory()));
        if (!options.Sizes.IsEmpty)
        {
            page.Heading("Against the machine", 3);
            Try(page, () => page.View(request.Roofline()));
        }
        page.Heading("Assembly beside its source", 3);
        Try(page, () => page.View(request.Assembly()));
    }

    private static ImmutableDictionary<string, long> SizesOf(ReportOptions options, ResolvedCall? call) =>
        !options.Sizes.IsEmpty || call is null ? options.Sizes : call.Dims.ToImmutableDictionary(d => d.Key.Name, d => d.Value, StringComparer.Ordinal);

    private static void Schedule(Page page, OperatorRequest request, ScheduleSyntax schedule, ReportOptions options)
    {
        page.Text(schedule.Span.Text);
        if (request.Under(schedule.Name.Text, options.Knobs).Steps() is { } applied) page.View(applied);
    }

    /// <summary>What cannot be shown says why, in its place.</summary>
    private static void Try(Page page, Action show, bool isAsked = false)
    {
        try { show(); }
        catch (DiagnosticException e) when (!isAsked) { page.Add(e.Diagnostics.Select(StepsFormat.Message)); }
        catch (RequestException e) when (!isAsked) { page.Note(e.Message); }
    }
}

/// <summary>What a program prints and measures, in order, as parts of a page; and the calls that it makes.</summary>
internal sealed class ReportRecord(ISessionOutput output) : ISessionOutput
{
    private readonly Dictionary<string, (double Work, ResolvedCall Call)> _calls = new(StringComparer.Ordinal);

    public List<XElement> Items { get; } = [];
    public List<BenchResult> Results { get; } = [];

    public void Print(string text) => Items.Add(Page.Block(text));
    public void Print(IReadOnlyList<Value> values)
    {
        foreach (var v in values) Add(v);
    }
    public void Display(DisplayBundle bundle) => Items.Add(bundle.Rich is { } rich ? XElement.Parse($"<div>{rich}</div>", LoadOptions.PreserveWhitespace) : Page.Block(bundle.Plain));
    public void Echo(Value value) => Add(value);
    public void Bench(BenchResult result)
    {
        Results.Add(result);
        Add(result);
    }
    public void Report(Diagnostic diagnostic)
    {
        output.Report(diagnostic);
        Items.Add(StepsFormat.Message(diagnostic));
    }

    private void Add(object subject) => Display(Formatters.Of(subject));

    public void Call(ResolvedCall call)
    {
        double work = 1 + FlopCount.Of(call.Operator, call.Dims);
        if (!_calls.TryGetValue(call.Operator.Name, out var known) || work > known.Work) _calls[call.Operator.Name] = (work, call);
    }

    public ResolvedCall? LargestCall(string op) => _calls.TryGetValue(op, out var known) ? known.Call : null;
}
