using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Text;
using Tx.Core;

namespace Tx.Lang.Program;

public static partial class Terms
{
    /// <summary>The term in the syntax of the language, with the brackets that it needs and no more.</summary>
    public static string Print(Term term)
    {
        var text = new StringBuilder();
        new Printer(text).Write(term, Level.Choice);
        return text.ToString();
    }

    /// <summary>A list of terms, joined by commas.</summary>
    public static string Print(ImmutableArray<Term> terms)
    {
        var text = new StringBuilder();
        new Printer(text).WriteList(terms);
        return text.ToString();
    }

    /// <summary>A subscript: an element of integer type stands there as it is, without the conversion that makes it an index.</summary>
    public static string PrintIndex(Term index) => Print(WithoutConversion(index));

    /// <summary>The subscripts of one element, joined by commas.</summary>
    public static string PrintIndices(ImmutableArray<Term> indices) => Print([.. indices.Select(WithoutConversion)]);

    private static Term WithoutConversion(Term index) =>
        index is CastTerm { Kind: CastKind.Convert, Type: ElementType.Int, Operand: { Type.IsInteger: true } element } ? element : index;

    /// <summary>How tight an operator binds, loosest first.</summary>
    private enum Level { Choice, Or, And, Comparison, BitOr, BitXor, BitAnd, Shift, Sum, Product, Unary, Default, Primary }

    private sealed class Printer(StringBuilder text)
    {
        public void WriteList(ImmutableArray<Term> terms)
        {
            for (int i = 0; i < terms.Length; i++)
            {
                if (i > 0) text.Append(", ");
                Write(terms[i], Level.Choice);
            }
        }

        public void Write(Term term, Level least)
        {
            RuntimeHelpers.EnsureSufficientExecutionStack();
            var level = LevelOf(term);
            bool brackets = level < least;
            if (brackets) text.Append('(');
            switch (term)
            {
                case ConstTerm c: WriteLiteral(c.Value); break;
                case DimTerm d: text.Append(d.Dim.Name); break;
                case IndexTerm i: text.Append(i.Index.Name); break;
                case ReadTerm r:
                    text.Append(r.Tensor.Name);
                    // A scalar stands without brackets.
                    if (!r.Indices.IsEmpty)
                    {
                        text.Append('[');
                        WriteList([.. r.Indices.Select(WithoutConversion)]);
                        text.Append(']');
                    }
                    if (r.Default is not null)
                    {
                        text.Append(" ?? ");
                        Write(r.Default, Level.Primary);
                    }
                    break;
                case UnaryTerm u:
                    text.Append(u.Op switch { UnaryOp.Neg => '-', UnaryOp.Not => '!', UnaryOp.BitNot => '~' });
                    Write(u.Operand, u.Operand is UnaryTerm { Op: UnaryOp.Neg } ? Level.Primary : Level.Unary);
                    break;
                case BinaryTerm b when level is Level.Primary: WriteCall(b.Op.Symbol, [b.Left, b.Right]); break;
                case BinaryTerm b: WriteInfix(b.Left, b.Op.Symbol, b.Right, level, level is Level.Comparison); break;
                case LogicalTerm l: WriteInfix(l.Left, l.IsAnd ? "&&" : "||", l.Right, level, false); break;
                case SelectTerm s:
                    Write(s.Condition, Level.Or);
                    text.Append(" ? ");
                    Write(s.Then, Level.Or);
                    text.Append(" : ");
                    Write(s.Else, Level.Choice);
                    break;
                case CastTerm { Kind: CastKind.Convert } c: WriteCall(c.Type.Name, [c.Operand]); break;
                case CastTerm c:
                    text.Append(c.Kind is CastKind.Saturate ? "saturate(" : "bits(").Append(c.Type.Name).Append(", ");
                    Write(c.Operand, Level.Choice);
                    text.Append(')');
                    break;
                case IntrinsicTerm f: WriteCall(f.Function.Name, f.Arguments); break;
                case ReduceTerm r: WriteReduction(r); break;
            }
            if (brackets) text.Append(')');
        }

        private void WriteInfix(Term left, string op, Term right, Level level, bool isSingle)
        {
            Write(left, isSingle ? level + 1 : level);
            // `a + -3` reads better as `a - 3`.
            if (op is "+" && right is ConstTerm { Type: ElementType.Int, Value.Integer: < 0 and > long.MinValue } c)
            {
                text.Append(" - ").Append(-c.Value.Integer);
                return;
            }
            text.Append(' ').Append(op).Append(' ');
            Write(right, level + 1);
        }

        private void WriteCall(string name, ImmutableArray<Term> arguments)
        {
            text.Append(name).Append('(');
            WriteList(arguments);
            text.Append(')');
        }

        private void WriteReduction(ReduceTerm r)
        {
            if (r.IsExact) text.Append("exact ");
            text.Append(r.Name).Append('(');
            for (int i = 0; i < r.Indices.Length; i++)
            {
                var index = r.Indices[i];
                text.Append(i > 0 ? ", " : "").Append(index.Name).Append(" in ");
                Write(index.Start, Level.Shift);
                text.Append("..");
                Write(index.End, Level.Shift);
            }
            if (r.Condition is not null)
            {
                text.Append(" if ");
                Write(r.Condition, Level.Or);
            }
            text.Append(": ");
            Write(r.Body, Level.Choice);
            text.Append(')');
        }

        private void WriteLiteral(Scalar value)
        {
            string digits = value.ToString();
            if (!value.Type.IsFloat) text.Append(digits);
            else if (double.IsFinite(value.Real)) text.Append(digits.AsSpan().IndexOfAny('.', 'E') < 0 ? digits + ".0" : digits.Replace("E+", "e", StringComparison.Ordinal).Replace('E', 'e'));
            else text.Append(double.IsNaN(value.Real) ? "nan" : value.Real < 0 ? "-inf" : "inf");
        }

        private static Level LevelOf(Term term) => term switch
        {
            ConstTerm c => (c.Type.IsFloat ? c.Value.Real < 0 : c.Value.Exact < 0) ? Level.Unary : Level.Primary,
            ReadTerm { Default: not null } => Level.Default,
            UnaryTerm => Level.Unary,
            BinaryTerm b => b.Op switch
            {
                BinaryOp.Mul or BinaryOp.Div or BinaryOp.Mod => Level.Product,
                BinaryOp.Add or BinaryOp.Sub => Level.Sum,
                BinaryOp.Shl or BinaryOp.Shr => Level.Shift,
                BinaryOp.And => Level.BitAnd,
                BinaryOp.Xor => Level.BitXor,
                BinaryOp.Or => Level.BitOr,
                BinaryOp.TruncDiv or BinaryOp.TruncMod or BinaryOp.Min or BinaryOp.Max => Level.Primary,
                _ => Level.Comparison,
            },
            LogicalTerm l => l.IsAnd ? Level.And : Level.Or,
            SelectTerm => Level.Choice,
            _ => Level.Primary,
        };
    }
}
