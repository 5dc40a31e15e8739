using Tx.Core;
using Tx.Lang.Syntax;

namespace Tx.LanguageServices;

/// <summary>What a name stands for.</summary>
public enum NameKind
{
    Unknown, Operator, Reducer, Strategy, Schedule, Intrinsic, Target, Constant, Parameter, Result, Tensor, Dimension, Index, TypeParameter, Type, Function, Variable,
    Loop, Stage, Knob, Primitive, Word, Argument,
}

/// <summary>A name in its place.</summary>
/// <param name="Use">Where it stands.</param>
/// <param name="Definition">Where it is declared or first defined.</param>
/// <param name="Declaration">The node that declares it: a declaration, a parameter, an equation.</param>
/// <param name="Owner">The operator whose equations it belongs to, for tensors, dimensions, indices and loops.</param>
internal sealed record ResolvedName(string Name, NameKind Kind, SourceSpan Use, SourceSpan? Definition = null, SyntaxNode? Declaration = null, OpSyntax? Owner = null);
