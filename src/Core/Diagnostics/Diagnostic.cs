using System.Collections.Immutable;
using System.Globalization;

namespace Tx.Core;

public enum Severity { Note, Warning, Error }

/// <summary>One kind of message. <c>TX0xxx</c> text and parsing, <c>TX1xxx</c> names, types, shapes, bounds, <c>TX2xxx</c> schedules,
/// <c>TX3xxx</c> limits of lowering, <c>TX4xxx</c> backends, <c>TX5xxx</c> run time, <c>TX9xxx</c> internal.</summary>
/// <param name="Code">Unique, never reused.</param>
/// <param name="Severity">Errors make a program's exit code 1.</param>
/// <param name="Title">A few words, for the list of codes.</param>
/// <param name="Message">A composite format string; lower case, no full stop, identifiers in backticks.</param>
/// <param name="Help">A composite format string over the same arguments: the next step.</param>
public sealed record DiagnosticDescriptor(string Code, Severity Severity, string Title, string Message, string Help);

/// <summary>A second place that an error concerns, with a few words under its caret.</summary>
public sealed record Label(SourceSpan Span, string Text);

/// <summary>An edit that mends the program; tests apply it.</summary>
public sealed record Fix(SourceSpan Span, string Replacement);

/// <summary>One message about a program.</summary>
public sealed record Diagnostic(
    DiagnosticDescriptor Descriptor,
    SourceSpan? Span,
    string Message,
    string? Help,
    ImmutableArray<Label> Labels,
    string? Witness = null,
    Fix? Fix = null)
{
    public string Code => Descriptor.Code;
    public Severity Severity => Descriptor.Severity;
    public bool IsError => Severity == Severity.Error;

    /// <summary>Formats the descriptor's message and help with <paramref name="args"/>.</summary>
    public static Diagnostic Create(DiagnosticDescriptor descriptor, SourceSpan? span, params object?[] args) => new(
        descriptor, span,
        string.Format(CultureInfo.InvariantCulture, descriptor.Message, args),
        descriptor.Help.Length == 0 ? null : string.Format(CultureInfo.InvariantCulture, descriptor.Help, args),
        []);

    public Diagnostic WithLabel(SourceSpan span, string text) => this with { Labels = Labels.Add(new(span, text)) };
    public Diagnostic WithHelp(string help) => this with { Help = help };
    public Diagnostic WithWitness(string witness) => this with { Witness = witness };
    public Diagnostic WithFix(SourceSpan span, string replacement) => this with { Fix = new(span, replacement) };
}

/// <summary>Collects messages in the order in which they are found.</summary>
public sealed class DiagnosticBag
{
    private readonly List<Diagnostic> _items = [];

    public IReadOnlyList<Diagnostic> Items => _items;
    public bool HasErrors { get; private set; }

    public void Add(Diagnostic diagnostic)
    {
        _items.Add(diagnostic);
        HasErrors |= diagnostic.IsError;
    }

    public void Add(DiagnosticDescriptor descriptor, SourceSpan? span, params object?[] args) =>
        Add(Diagnostic.Create(descriptor, span, args));

    public void AddRange(IEnumerable<Diagnostic> diagnostics)
    {
        foreach (var d in diagnostics) Add(d);
    }
}

/// <summary>Stops work on one request with messages for the user (run time, import, missing library).</summary>
public sealed class DiagnosticException(ImmutableArray<Diagnostic> diagnostics)
    : Exception(diagnostics.IsEmpty ? "" : $"{diagnostics[0].Code}: {diagnostics[0].Message}")
{
    public DiagnosticException(Diagnostic diagnostic) : this([diagnostic]) { }
    public DiagnosticException(DiagnosticDescriptor descriptor, SourceSpan? span, params object?[] args)
        : this(Diagnostic.Create(descriptor, span, args)) { }

    public ImmutableArray<Diagnostic> Diagnostics { get; } = diagnostics;

    /// <summary>All of them as the command line shows them: message, source line with carets, witness, help.</summary>
    public string Rendered => DiagnosticRenderer.Render(Diagnostics);

    /// <summary>What an uncaught exception shows.</summary>
    public override string ToString() => $"{GetType()}: {Rendered.TrimEnd()}\n{StackTrace}";
}

/// <summary>A defect of tx itself: never raised by a wrong program.</summary>
public sealed class CompilerBugException(string phase, string message, Exception? inner = null)
    : Exception($"{phase}: {message}", inner)
{
    public string Phase { get; } = phase;
}
