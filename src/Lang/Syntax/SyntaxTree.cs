using System.Collections.Immutable;
using Tx.Core;

namespace Tx.Lang.Syntax;

/// <summary>The result of parsing: always a tree, with every error found on the way.</summary>
public sealed record SyntaxTree(SourceText Source, FileSyntax Root, ImmutableArray<Diagnostic> Diagnostics);
