using System.Globalization;
using System.Text;
using Tx.Core;

namespace Tx.Lang.Syntax;

/// <summary>Expressions as text that parses back to the same tree. Parentheses stand where they are needed and around bit operations and
/// defaults inside other operators, whose grouping readers do not know by heart.</summary>
internal sealed class ExpressionPrinter(StringBuilder output)
{
    /// <summary>How tightly the place of an expression binds; what binds looser gets parentheses there.</summary>
    private enum Place { Any, Conditional, Operand, Default, Target }

    public void Print(ExpressionSyntax e) => Print(e, Place.Any);

    public void PrintArguments(ValueArray<ArgumentSyntax> arguments) => List(arguments, argument =>
    {
        if (argument.Name is { } name) output.Append(name.Text).Append(" = ");
        Print(argument.Value);
    });

    public void PrintBinders(ValueArray<BinderSyntax> binders) => List(binders, binder =>
    {
        output.Append(binder.Name.Text);
        if (binder.Range is not { } range) return;
        output.Append(" in ");
        Print(range);
    });

    public void PrintList(ValueArray<ExpressionSyntax> items) => List(items, Print);

    public void PrintType(TypeSyntax type)
    {
        output.Append(type.Name.Text);
        foreach (var bracket in type.Brackets) Enclose('[', bracket, ']');
    }

    private void List<T>(ValueArray<T> items, Action<T> print)
    {
        for (int i = 0; i < items.Count; i++)
        {
            if (i > 0) output.Append(", ");
            print(items[i]);
        }
    }

    private void Enclose(char open, ValueArray<ExpressionSyntax> items, char close)
    {
        output.Append(open);
        PrintList(items);
        output.Append(close);
    }

    private void Print(ExpressionSyntax e, Place place)
    {
        bool parentheses = NeedsParentheses(e, place);
        if (parentheses) output.Append('(');
        PrintBare(e);
        if (parentheses) output.Append(')');
    }

    private static bool NeedsParentheses(ExpressionSyntax e, Place place) => e switch
    {
        ConditionalSyntax => place >= Place.Conditional,
        BinarySyntax => place >= Place.Operand,
        DefaultSyntax => place is Place.Operand or Place.Target,
        UnarySyntax or IntegerSyntax or FloatSyntax => place == Place.Target,
        _ => false,
    };

    private void PrintBare(ExpressionSyntax e)
    {
        System.Runtime.CompilerServices.RuntimeHelpers.EnsureSufficientExecutionStack();
        switch (e)
        {
            case NameExpressionSyntax name:
                output.Append(name.Name);
                break;
            case IntegerSyntax integer:
                output.Append(integer.Value);
                break;
            case FloatSyntax number:
                output.Append(Text(number.Value));
                break;
            case StringSyntax text:
                output.Append(StringLiteral.Quote(text.Value));
                break;
            case BoolSyntax boolean:
                output.Append(boolean.Value ? "true" : "false");
                break;
            case UnarySyntax unary:
                output.Append(unary.Op switch { UnaryOp.Neg => '-', UnaryOp.Not => '!', UnaryOp.BitNot => '~' });
                Print(unary.Operand, Place.Operand);
                break;
            case BinarySyntax binary:
                Operand(binary.Left, binary.Op, onTheRight: false);
                output.Append(' ').Append(Sign(binary.Op)).Append(' ');
                Operand(binary.Right, binary.Op, onTheRight: true);
                break;
            case ConditionalSyntax conditional:
                Print(conditional.Condition, Place.Conditional);
                output.Append(" ? ");
                Print(conditional.Then);
                output.Append(" : ");
                Print(conditional.Else);
                break;
            case DefaultSyntax read:
                Print(read.Read);
                output.Append(" ?? ");
                Print(read.Default, Place.Default);
                break;
            case MemberSyntax member:
                Print(member.Target, Place.Target);
                output.Append('.').Append(member.Name.Text);
                break;
            case SubscriptSyntax subscript:
                Print(subscript.Target, Place.Target);
                Enclose('[', subscript.Subscripts, ']');
                break;
            case CallSyntax call:
                Print(call.Target, Place.Target);
                output.Append('(');
                PrintArguments(call.Arguments);
                output.Append(')');
                break;
            case ReductionSyntax reduction:
                Reduction(reduction);
                break;
            case TupleSyntax { Items: [var only] }:
                output.Append('(');
                Print(only);
                output.Append(",)");
                break;
            case TupleSyntax tuple:
                Enclose('(', tuple.Items, ')');
                break;
            case ListSyntax list:
                Enclose('[', list.Items, ']');
                break;
            case ArrowSyntax arrow:
                Print(arrow.Parameters);
                output.Append(" -> ");
                Print(arrow.Body);
                break;
            case RangeSyntax range:
                Print(range.Start);
                output.Append("..");
                if (range.End is { } end) Print(end);
                break;
            case PackSyntax pack:
                output.Append("..").Append(pack.Name?.Text);
                break;
            case ErrorExpressionSyntax:
                output.Append("<error>");
                break;
            default:
                throw new CompilerBugException("syntax printer", $"no text for {e.GetType().Name}");
        }
    }

    private void Reduction(ReductionSyntax reduction)
    {
        if (reduction.IsExact) output.Append("exact ");
        output.Append(reduction.Reducer.Text).Append('(');
        PrintBinders(reduction.Binders);
        if (reduction.Condition is { } condition)
        {
            output.Append(" if ");
            Print(condition, Place.Conditional);
        }
        output.Append(": ");
        Print(reduction.Body);
        output.Append(')');
    }

    private void Operand(ExpressionSyntax e, InfixOp parent, bool onTheRight)
    {
        if (e is BinarySyntax child && !Regroups(child.Op, parent, onTheRight)) PrintBare(child);
        else Print(e, Place.Operand);
    }

    private static bool Regroups(InfixOp child, InfixOp parent, bool onTheRight)
    {
        int inner = SyntaxBuilder.Precedence(child), outer = SyntaxBuilder.Precedence(parent);
        bool chain = inner == outer && (onTheRight || SyntaxBuilder.IsComparison(child));
        bool bits = child != parent && (IsBitOperation(child) && parent is not (InfixOp.AndAnd or InfixOp.OrOr) || IsBitOperation(parent));
        return inner > outer || chain || bits;
    }

    private static bool IsBitOperation(InfixOp op) => op is InfixOp.Shl or InfixOp.Shr or InfixOp.And or InfixOp.Xor or InfixOp.Or;

    private static string Sign(InfixOp op) => op switch
    {
        InfixOp.Mul => "*", InfixOp.Div => "/", InfixOp.Mod => "%", InfixOp.Add => "+", InfixOp.Sub => "-", InfixOp.Shl => "<<", InfixOp.Shr => ">>",
        InfixOp.And => "&", InfixOp.Xor => "^", InfixOp.Or => "|", InfixOp.Lt => "<", InfixOp.Gt => ">", InfixOp.Le => "<=", InfixOp.Ge => ">=",
        InfixOp.Eq => "==", InfixOp.Ne => "!=", InfixOp.AndAnd => "&&", InfixOp.OrOr => "||",
    };

    /// <summary>The shortest text that reads as the same number and as a float.</summary>
    private static string Text(double value)
    {
        string text = value.ToString("R", CultureInfo.InvariantCulture).ToLowerInvariant();
        return text.AsSpan().IndexOfAny(".e") >= 0 ? text : text + ".0";
    }
}
