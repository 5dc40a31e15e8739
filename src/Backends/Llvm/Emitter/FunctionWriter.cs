using System.Globalization;
using System.Text;
using Tx.Lower.Ir;

namespace Tx.Backends.Llvm;

/// <summary>The text of one function: fresh names, blocks, and stack slots, which all stand in the entry block. (A slot in a loop would grow the
/// stack by iteration and be invisible to scalar replacement.)</summary>
/// <param name="symbol">Its name; functions that are written so are internal and return an <c>i32</c>.</param>
/// <param name="origins">Not null: each instruction says which statement it comes from.</param>
internal sealed class FunctionWriter(string symbol, OriginTable? origins = null)
{
    private readonly int? _scope = origins?.AddFunction(symbol);
    private Origin? _origin;
    private readonly StringBuilder _parameters = new();
    private readonly StringBuilder _slots = new();
    private readonly StringBuilder _body = new();
    private readonly Dictionary<string, int> _names = new(StringComparer.Ordinal);
    private int _temporaries;

    /// <summary>The block that instructions go to.</summary>
    public string CurrentBlock { get; private set; } = "entry";

    /// <summary>The origin of the instructions that follow; gives that of those before.</summary>
    public Origin? From(Origin? origin)
    {
        var before = _origin;
        _origin = origin;
        return before;
    }

    private string Location => _scope is { } scope ? origins!.LocationOf(_origin, scope) : "";

    /// <summary>A name that is new in this function, close to <paramref name="hint"/>; without its sigil and unquoted.</summary>
    public string Fresh(string hint)
    {
        int count = _names.GetValueOrDefault(hint);
        _names[hint] = count + 1;
        if (count == 0) return hint;
        string name = string.Create(CultureInfo.InvariantCulture, $"{hint}.{count}");
        // A source may itself hold the name `x.1`.
        return _names.ContainsKey(name) ? Fresh(name) : Reserve(name);
    }

    /// <summary>Adds a parameter and returns its operand.</summary>
    /// <param name="type">With its attributes.</param>
    public string Parameter(string type, string hint)
    {
        string operand = "%" + LlvmText.Name(Fresh(Readable(hint)));
        _parameters.Append(_parameters.Length == 0 ? "" : ", ").Append(type).Append(' ').Append(operand);
        return operand;
    }

    private string Reserve(string name)
    {
        _names[name] = 1;
        return name;
    }

    /// <summary>Writes <c>%v7 = instruction</c> and returns <c>%v7</c>.</summary>
    public string Assign(string instruction)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"%v{_temporaries++}");
        _body.Append("  ").Append(name).Append(" = ").Append(instruction).Append(Location).Append('\n');
        return name;
    }

    public Value Assign(IrType type, string instruction) => new(type, Assign(instruction));

    /// <summary>Writes <c>%hint = instruction</c> under a name for people.</summary>
    public string AssignNamed(string hint, string instruction)
    {
        string name = "%" + LlvmText.Name(Fresh(Readable(hint)));
        _body.Append("  ").Append(name).Append(" = ").Append(instruction).Append(Location).Append('\n');
        return name;
    }

    /// <summary>Writes an instruction without a result.</summary>
    public void Line(string instruction) => _body.Append("  ").Append(instruction).Append(Location).Append('\n');

    /// <summary>A slot on the stack, uninitialised.</summary>
    public string Slot(string hint, string type, long align)
    {
        string name = "%" + LlvmText.Name(Fresh(Readable(hint)));
        _slots.Append(CultureInfo.InvariantCulture, $"  {name} = alloca {type}, align {align}\n");
        return name;
    }

    /// <summary>Starts a block; the one before it must have ended.</summary>
    public void Block(string label)
    {
        CurrentBlock = label;
        _body.Append(LlvmText.Name(label)).Append(":\n");
    }

    public string Label(string hint) => Fresh(Readable(hint));

    public void Branch(string label) => Line($"br label %{LlvmText.Name(label)}");

    public void Branch(Value condition, string then, string @else) =>
        Line($"br {condition}, label %{LlvmText.Name(then)}, label %{LlvmText.Name(@else)}");

    public override string ToString() => $"define internal i32 @{LlvmText.Name(symbol)}({_parameters}) #0{(_scope is { } scope ? $" !dbg !{LlvmText.Number(scope)}" : "")} {{\nentry:\n{_slots}{_body}}}\n";

    // Temporaries are v0, v1, …: a source's name of that form gets out of their way.
    private static string Readable(string hint) =>
        hint is "entry" || hint.Length > 1 && hint[0] == 'v' && hint.AsSpan(1).IndexOfAnyExceptInRange('0', '9') < 0 ? hint + "." : hint;
}
