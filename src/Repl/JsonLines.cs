using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Tx.Core;

namespace Tx.Repl;

/// <summary>Machine-readable output: one object a line; the fields are a contract.</summary>
internal static class JsonLines
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary><c>code severity message file line column endLine endColumn help</c>; places are null where there is none. <c>witness</c>, <c>labels</c> and <c>fix</c> only where there are any.</summary>
    public static string Of(Diagnostic d) => Write(w => Fields(w, d));

    private static void Fields(Utf8JsonWriter w, Diagnostic d)
    {
        w.WriteString("code", d.Code);
        w.WriteString("severity", d.Severity switch { Severity.Error => "error", Severity.Warning => "warning", Severity.Note => "note" });
        w.WriteString("message", d.Message);
        if (d.Span is { } span)
        {
            w.WriteString("file", span.Source.Path);
            w.WriteNumber("line", span.Start.Line);
            w.WriteNumber("column", span.Start.Column);
            w.WriteNumber("endLine", span.End.Line);
            w.WriteNumber("endColumn", span.End.Column);
        }
        else
        {
            w.WriteNull("file");
            w.WriteNull("line");
            w.WriteNull("column");
            w.WriteNull("endLine");
            w.WriteNull("endColumn");
        }
        if (d.Help is null) w.WriteNull("help"); else w.WriteString("help", d.Help);
        if (d.Witness is not null) w.WriteString("witness", d.Witness);
        if (!d.Labels.IsDefaultOrEmpty)
        {
            w.WriteStartArray("labels");
            foreach (var label in d.Labels)
            {
                w.WriteStartObject();
                w.WriteString("file", label.Span.Source.Path);
                w.WriteNumber("line", label.Span.Start.Line);
                w.WriteNumber("column", label.Span.Start.Column);
                w.WriteString("text", label.Text);
                w.WriteEndObject();
            }
            w.WriteEndArray();
        }
        if (d.Fix is { } fix)
        {
            w.WriteStartObject("fix");
            w.WriteNumber("line", fix.Span.Start.Line);
            w.WriteNumber("column", fix.Span.Start.Column);
            w.WriteNumber("endLine", fix.Span.End.Line);
            w.WriteNumber("endColumn", fix.Span.End.Column);
            w.WriteString("text", fix.Replacement);
            w.WriteEndObject();
        }
    }

    /// <summary><c>test file line outcome ms output diagnostics</c>: the outcome is <c>passed</c> or <c>failed</c>.</summary>
    public static string Of(TestResult r, string printed) => Write(w =>
    {
        w.WriteString("test", r.Title);
        w.WriteString("file", r.Span.Source.Path);
        w.WriteNumber("line", r.Span.Start.Line);
        w.WriteString("outcome", r.Passed ? "passed" : "failed");
        w.WriteNumber("ms", Math.Round(r.Time.TotalMilliseconds, 3));
        w.WriteString("output", printed);
        w.WriteStartArray("diagnostics");
        foreach (var d in r.Diagnostics)
        {
            w.WriteStartObject();
            Fields(w, d);
            w.WriteEndObject();
        }
        w.WriteEndArray();
    });

    /// <summary><c>passed failed</c>: how many tests did.</summary>
    public static string OfTests(int passed, int failed) => Write(w =>
    {
        w.WriteNumber("passed", passed);
        w.WriteNumber("failed", failed);
    });

    /// <summary><c>schedule op target directive tier argument line</c>: a step of a schedule and why it is right; the tier is <c>proved checked tested</c>.
    /// <c>consts</c> and <c>shape</c> only where it was applied for such values.</summary>
    public static string Of(CheckedSchedule schedule, Lower.Schedule.Steps.AppliedStep step) => Write(w =>
    {
        Place(w, schedule);
        Done(w, step);
    });

    /// <summary>The same fields for a step of the schedules of an operator's calls: <c>schedule</c> is <c>null</c>, since the operator has none.</summary>
    public static string Of(CheckedCalls calls, Lower.Schedule.Steps.AppliedStep step) => Write(w =>
    {
        Place(w, null, calls.Syntax.Name.Text, "cpu", calls.Consts, calls.Sizes);
        Done(w, step);
    });

    private static void Done(Utf8JsonWriter w, Lower.Schedule.Steps.AppliedStep step)
    {
        w.WriteString("directive", step.Directive.Text);
        w.WriteString("tier", step.Evidence.Tier.ToString().ToLowerInvariant());
        w.WriteString("argument", step.Evidence.Argument);
        if (step.Directive.Span is { } span) w.WriteNumber("line", span.Start.Line); else w.WriteNull("line");
        w.WriteNumber("ms", Math.Round(step.Time.TotalMilliseconds, 3));
    }

    /// <summary>The same fields for a step that is refused: its tier is <c>refused</c>, and what is wrong stands in its diagnostic.</summary>
    public static string Of(CheckedSchedule schedule, Lower.Schedule.Steps.RefusedStep step) => Write(w =>
    {
        Place(w, schedule);
        w.WriteString("directive", step.Directive.Text);
        w.WriteString("tier", "refused");
        w.WriteNull("argument");
        if (step.Directive.Span is { } span) w.WriteNumber("line", span.Start.Line); else w.WriteNull("line");
        w.WriteNumber("ms", Math.Round(step.Time.TotalMilliseconds, 3));
    });

    private static void Place(Utf8JsonWriter w, CheckedSchedule s) => Place(w, s.Syntax.Name.Text, s.Applied.Function.Plain.Name, s.Target, s.Consts, s.Sizes);

    private static void Place(
        Utf8JsonWriter w, string? schedule, string op, string target, System.Collections.Immutable.ImmutableArray<(string Name, Scalar Value)> consts, System.Collections.Immutable.ImmutableArray<(string Name, long Size)>? shape)
    {
        if (schedule is null) w.WriteNull("schedule"); else w.WriteString("schedule", schedule);
        w.WriteString("op", op);
        w.WriteString("target", target);
        if (!consts.IsEmpty)
        {
            w.WriteStartObject("consts");
            foreach (var (name, value) in consts)
                if (value.Type is ElementType.Bool) w.WriteBoolean(name, value.IsTrue);
                else if (value.Type.IsInteger) w.WriteNumber(name, value.Integer);
                else w.WriteString(name, value.ToString());
            w.WriteEndObject();
        }
        if (shape is not { } sizes) return;
        w.WriteStartObject("shape");
        foreach (var (name, size) in sizes) w.WriteNumber(name, size);
        w.WriteEndObject();
    }

    /// <summary><c>op schedule shape threads median_us min_us gflops peak_gflops fraction_of_peak repetitions compile_ms</c>.</summary>
    public static string Of(BenchResult r) => Write(w =>
    {
        w.WriteString("op", r.Operator);
        w.WriteString("schedule", r.Schedule);
        w.WriteStartObject("shape");
        foreach (var (name, size) in r.Shape) w.WriteNumber(name, size);
        w.WriteEndObject();
        w.WriteNumber("threads", r.Threads);
        w.WriteNumber("median_us", Math.Round(r.MedianMicroseconds, 3));
        w.WriteNumber("min_us", Math.Round(r.MinMicroseconds, 3));
        w.WriteNumber("gflops", Math.Round(r.Gflops, 4));
        w.WriteNumber("peak_gflops", Math.Round(r.PeakGflops, 3));
        w.WriteNumber("fraction_of_peak", Math.Round(r.FractionOfPeak, 5));
        w.WriteNumber("repetitions", r.Repetitions);
        w.WriteNumber("compile_ms", Math.Round(r.CompileMilliseconds, 3));
    });

    internal static string Write(Action<Utf8JsonWriter> fields)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, Options))
        {
            writer.WriteStartObject();
            fields(writer);
            writer.WriteEndObject();
        }
        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
