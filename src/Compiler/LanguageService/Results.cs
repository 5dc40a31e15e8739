using System.Collections.Immutable;
using Tx.Core;

namespace Tx.LanguageServices;

public enum CompletionKind { Keyword, Operator, Reducer, Function, Schedule, Strategy, Instruction, Target, Constant, Variable, Tensor, Dimension, Index, Loop, Stage, Primitive, Argument, Type, Word, File }

/// <param name="Detail">A few words: a signature or a type.</param>
/// <param name="Documentation">Markdown; empty where there is none.</param>
/// <param name="Insert">What is put in; <see cref="Label"/> where it is null.</param>
public sealed record CompletionEntry(string Label, CompletionKind Kind, string Detail = "", string Documentation = "", string? Insert = null);

/// <param name="Replaces">The word that an entry takes the place of.</param>
public sealed record CompletionResult(SourceSpan Replaces, ImmutableArray<CompletionEntry> Entries);

/// <param name="Markdown">What is known of the name.</param>
public sealed record HoverResult(SourceSpan Span, string Markdown);

/// <param name="Label">The whole signature.</param>
/// <param name="Parameters">The parts of the label that are parameters.</param>
/// <param name="Active">The parameter at the place; -1 where there is none.</param>
public sealed record SignatureResult(string Label, string Documentation, ImmutableArray<string> Parameters, int Active);

/// <param name="Span">All of it.</param>
/// <param name="NameSpan">Its name.</param>
public sealed record DocumentSymbol(string Name, string Detail, NameKind Kind, SourceSpan Span, SourceSpan NameSpan, ImmutableArray<DocumentSymbol> Children);

public enum SemanticKind { Keyword, Comment, Text, Number, Operator, Function, Parameter, Variable, Property, Type, TypeParameter, Constant, Class, Method, Macro }

/// <param name="IsDeclaration">The name is declared here.</param>
public readonly record struct SemanticToken(TextSpan Span, SemanticKind Kind, bool IsDeclaration);

/// <summary>Text that an editor shows inside a line: a type that is inferred.</summary>
public sealed record InlayHint(int Offset, string Text);

/// <summary>A schedule or an operator to which an editor offers commands.</summary>
/// <param name="Schedule">Null for an operator.</param>
public sealed record ProgramAction(SourceSpan Span, string Operator, string? Schedule);
