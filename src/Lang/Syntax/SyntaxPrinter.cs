using System.Text;
using Tx.Core;

namespace Tx.Lang.Syntax;

/// <summary>Syntax trees as text in one layout: a statement a line, blocks indented by four, an empty line around declarations. Parsing the
/// text gives the same tree. Comments other than documentation are not in the tree.</summary>
public sealed class SyntaxPrinter
{
    /// <summary>A header longer than this continues with its results and clauses in lines of their own.</summary>
    private const int MaxHeader = 120;

    private readonly StringBuilder _output = new();
    private readonly ExpressionPrinter _expressions;
    private int _indent;

    private SyntaxPrinter() => _expressions = new(_output);

    public static string Print(FileSyntax file)
    {
        var printer = new SyntaxPrinter();
        printer.Items(file.Items);
        return printer._output.ToString();
    }

    /// <summary>One item, with its line end.</summary>
    public static string Print(ItemSyntax item)
    {
        var printer = new SyntaxPrinter();
        printer.Item(item);
        return printer._output.ToString();
    }

    public static string Print(ExpressionSyntax expression)
    {
        var printer = new SyntaxPrinter();
        printer._expressions.Print(expression);
        return printer._output.ToString();
    }

    public static string Print(TypeSyntax type)
    {
        var printer = new SyntaxPrinter();
        printer._expressions.PrintType(type);
        return printer._output.ToString();
    }

    private static bool IsBlock(ItemSyntax item) =>
        item is TestSyntax or OpSyntax or ReducerSyntax or StrategySyntax or ScheduleSyntax or IntrinSyntax or TargetSyntax;

    private void Items(ValueArray<ItemSyntax> items)
    {
        for (int i = 0; i < items.Count; i++)
        {
            if (i > 0 && (IsBlock(items[i]) || IsBlock(items[i - 1]))) _output.Append('\n');
            Item(items[i]);
        }
    }

    private void Item(ItemSyntax item)
    {
        foreach (string line in item.Doc?.Split('\n') ?? []) Line(line.Length == 0 ? "///" : "/// " + line);
        Margin();
        switch (item)
        {
            case ImportSyntax import:
                _output.Append("import ").Append(StringLiteral.Quote(import.Path));
                break;
            case TestSyntax test:
                _output.Append("test ").Append(StringLiteral.Quote(test.Title));
                Block(test.Body);
                break;
            case OpSyntax op:
                Header("op ", op.Name, op.Generics, op.Parameters, op.Results, op.Clauses, op.Body);
                break;
            case StrategySyntax strategy:
                Header("strategy ", strategy.Name, [], strategy.Parameters, strategy.Results, strategy.Clauses, strategy.Body);
                break;
            case IntrinSyntax intrin:
                Header("intrin ", intrin.Name, [], intrin.Parameters, [], intrin.Clauses, intrin.Body);
                break;
            case ReducerSyntax reducer:
                _output.Append("reducer ").Append(reducer.Name.Text).Append('(');
                Parameters(reducer.Parameters);
                _output.Append(") -> ");
                _expressions.PrintType(reducer.Result);
                Block(reducer.Body);
                break;
            case ScheduleSyntax schedule:
                _output.Append("schedule ").Append(schedule.Name.Text);
                Clauses(schedule.Clauses, " ");
                Block(schedule.Body);
                break;
            case TargetSyntax target:
                _output.Append("target ").Append(target.Name.Text);
                Block(target.Body);
                break;
            default:
                Statement(item);
                break;
        }
        _output.Append('\n');
    }

    private void Statement(ItemSyntax item)
    {
        switch (item)
        {
            case LetSyntax let:
                Binding("let ", let.Target, let.Type, " = ", let.Value);
                break;
            case ConstSyntax constant:
                _output.Append("const ").Append(constant.Name.Text);
                TypeSuffix(constant.Type);
                Prefixed(" = ", constant.Value);
                break;
            case AssertSyntax assert:
                Prefixed("assert ", assert.Condition);
                break;
            case BenchSyntax bench:
                Prefixed("bench ", bench.Value);
                break;
            case RequireSyntax require:
                _output.Append("require ");
                _expressions.PrintList(require.Conditions);
                break;
            case KnobSyntax knob:
                _output.Append("knob ").Append(knob.Name.Text);
                Prefixed(" in ", knob.Domain);
                Prefixed(" = ", knob.Default);
                break;
            case IfSyntax conditional:
                If(conditional);
                break;
            case ForSyntax loop:
                _output.Append("for ");
                _expressions.PrintBinders(loop.Binders);
                Block(loop.Body);
                break;
            case MemorySyntax memory:
                _output.Append("memory ").Append(memory.Name.Text);
                TypeSuffix(memory.Type);
                break;
            case UnitSyntax unit:
                Unit(unit);
                break;
            case QueueSyntax queue:
                _output.Append("queue ").AppendJoin(" <-> ", queue.Units.Select(u => u.Text));
                break;
            case CyclesSyntax cycles:
                Prefixed("cycles ", cycles.Value);
                break;
            case EmitSyntax emit:
                _output.Append("emit ").Append(emit.Language.Text).Append(' ').Append(StringLiteral.Quote(emit.Text)).Append('(');
                _expressions.PrintArguments(emit.Arguments);
                _output.Append(')');
                if (emit.Result is { } result) _output.Append(" -> ").Append(result.Text);
                TypeSuffix(emit.Type);
                break;
            case SimpleSyntax simple:
                string sign = simple.Assign switch
                {
                    AssignKind.None => "", AssignKind.Assign => " = ", AssignKind.Add => " += ", AssignKind.Mul => " *= ",
                    AssignKind.And => " &= ", AssignKind.Or => " |= ", AssignKind.Xor => " ^= ",
                };
                Binding("", simple.Target, simple.Type, sign, simple.Value);
                break;
            default:
                throw new CompilerBugException("syntax printer", $"no text for {item.GetType().Name}");
        }
    }

    private void Binding(string word, ExpressionSyntax target, TypeSyntax? type, string sign, ExpressionSyntax? value)
    {
        Prefixed(word, target);
        TypeSuffix(type);
        Prefixed(sign, value);
    }

    private void Prefixed(string prefix, ExpressionSyntax? expression)
    {
        if (expression is null) return;
        _output.Append(prefix);
        _expressions.Print(expression);
    }

    private void TypeSuffix(TypeSyntax? type)
    {
        if (type is null) return;
        _output.Append(": ");
        _expressions.PrintType(type);
    }

    private void If(IfSyntax conditional)
    {
        Prefixed("if ", conditional.Condition);
        Block(conditional.Then);
        if (conditional.Else.Count == 0) return;
        _output.Append(" else");
        if (conditional.Else is [IfSyntax { Doc: null } next])
        {
            _output.Append(' ');
            If(next);
        }
        else
        {
            Block(conditional.Else);
        }
    }

    private void Unit(UnitSyntax unit)
    {
        _output.Append("unit ").Append(unit.Name.Text).Append(" {\n");
        _indent++;
        foreach (var line in unit.Lines)
            Line((line.From is { } from ? $"dma {from.Text} -> " : "run ") + string.Join(", ", line.Names.Select(n => n.Text)));
        _indent--;
        Margin();
        _output.Append('}');
    }

    private void Header(string word, NameSyntax name, ValueArray<GenericSyntax> generics, ValueArray<ParameterSyntax> parameters,
        ValueArray<ParameterSyntax> results, ValueArray<ClauseSyntax> clauses, ValueArray<ItemSyntax> body)
    {
        int start = _output.Length;
        HeaderParts(" ");
        bool wraps = _output.Length - start > MaxHeader && (results.Count > 0 || clauses.Count > 0);
        if (wraps)
        {
            _output.Length = start;
            HeaderParts("\n" + new string(' ', 4 * (_indent + 1)));
            if (body.Count > 0)
            {
                _output.Append('\n');
                Margin();
            }
        }
        Block(body, wraps && body.Count > 0 ? "" : " ");

        void HeaderParts(string separator)
        {
            _output.Append(word).Append(name.Text);
            if (generics.Count > 0)
                _output.Append('<').AppendJoin(", ", generics.Select(g => $"{g.Name.Text}: {g.Constraint.Text}")).Append('>');
            _output.Append('(');
            Parameters(parameters);
            _output.Append(')');
            if (results.Count > 0)
            {
                _output.Append(separator).Append("-> ");
                Parameters(results);
            }
            Clauses(clauses, separator);
        }
    }

    private void Parameters(ValueArray<ParameterSyntax> parameters)
    {
        for (int i = 0; i < parameters.Count; i++)
        {
            if (i > 0) _output.Append(", ");
            if (parameters[i].IsConst) _output.Append("const ");
            _output.Append(parameters[i].Name.Text);
            TypeSuffix(parameters[i].Type);
            Prefixed(" = ", parameters[i].Default);
        }
    }

    private void Clauses(ValueArray<ClauseSyntax> clauses, string separator)
    {
        foreach (var clause in clauses)
        {
            _output.Append(separator);
            switch (clause)
            {
                case ForClauseSyntax c:
                    _output.Append("for ").Append(c.Operator.Text);
                    break;
                case OnClauseSyntax c:
                    _output.Append("on ").Append(c.Target.Text);
                    if (c.Features.Count > 0) _output.Append('(').AppendJoin(", ", c.Features.Select(StringLiteral.Quote)).Append(')');
                    break;
                case ExtendsClauseSyntax c:
                    _output.Append("extends ").Append(c.Schedule.Text);
                    break;
                case WhenClauseSyntax c:
                    Prefixed("when ", c.Condition);
                    break;
                case RequireClauseSyntax c:
                    _output.Append("require ");
                    _expressions.PrintList(c.Conditions);
                    break;
                default:
                    throw new CompilerBugException("syntax printer", $"no text for {clause.GetType().Name}");
            }
        }
    }

    private void Block(ValueArray<ItemSyntax> body, string before = " ")
    {
        _output.Append(before);
        if (body.Count == 0)
        {
            _output.Append("{ }");
            return;
        }
        _output.Append("{\n");
        _indent++;
        Items(body);
        _indent--;
        Margin();
        _output.Append('}');
    }

    private void Margin() => _output.Append(' ', 4 * _indent);

    private void Line(string text)
    {
        Margin();
        _output.Append(text).Append('\n');
    }
}
