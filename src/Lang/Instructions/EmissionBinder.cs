using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Tx.Core;
using Tx.Lang.Program;
using Tx.Lang.Syntax;

namespace Tx.Lang.Instructions;

/// <summary>Binds the lines <c>emit llvm "name"(acc, broadcast(bits(i32, a), 16)) -> p</c> and <c>emit asm "vpaddd {q}, {p}, {acc}"(p, acc) -> q: i32[8]</c> of an
/// instruction against what LLVM knows of the intrinsics and operations. A line may use what those before it give; the last gives what the instruction writes.</summary>
internal sealed partial class EmissionBinder(string name, ImmutableArray<TensorSymbol> operands, TensorSymbol written, ImmutableArray<string> features, DiagnosticBag bag)
{
    private const int MaxLanes = 256;

    private readonly List<(string Name, EmitOperation Operation)> _made = [];

    /// <summary>Empty after errors, and where nothing is emitted.</summary>
    public ImmutableArray<EmitOperation> Bind(IReadOnlyList<EmitSyntax> lines)
    {
        for (int n = 0; n < lines.Count; n++)
            if (!Bind(lines[n], isLast: n == lines.Count - 1)) return [];
        return [.. _made.Select(m => m.Operation)];
    }

    private bool Refuse(SourceSpan span, string why, string help)
    {
        bag.Add(InstructionDiagnostics.EmissionForm, span, name, why, help);
        return false;
    }

    private bool Bind(EmitSyntax emit, bool isLast)
    {
        bool isC = emit.Language.Text == "c", isText = isC || emit.Language.Text == "asm";
        if (!isText && emit.Language.Text != "llvm") return Refuse(emit.Language.Span, $"`{emit.Language.Text}` is no language that is emitted", "write `emit llvm \"…\"(…)`, `emit asm \"…\"(…)` or `emit c \"…\"(…)`");
        var target = (Type: written.Type, Lanes: (int)Math.Min(int.MaxValue, Instruction.CountOf(written)));
        string result = emit.Result?.Text ?? written.Name;
        if (isLast && result != written.Name) return Refuse(emit.Result!.Span, $"its result is `{written.Name}`", $"write `-> {written.Name}`");
        if (!isLast && emit.Result is null) return Refuse(emit.Span, "only the last line writes the result", "name what this line gives: `-> p`");
        if (!isLast && (operands.Any(o => o.Name == result) || _made.Any(m => m.Name == result))) return Refuse(emit.Result!.Span, $"`{result}` is an operand or given already", "choose another name");

        (ElementType Type, int Lanes)? declared = null;
        if (emit.Type is { } type)
        {
            declared = TypeOf(type);
            if (declared is null) return Refuse(type.Span, "this is no type of a vector", "write an element type and a number of lanes: `i32[8]`");
            if (isLast && !IsSame(declared.Value, target)) return Refuse(type.Span, $"`{written.Name}` is {Show(target)}", $"write `{Show(target)}`, or leave the type out");
        }
        declared ??= isLast ? target : null;

        var arguments = new List<(EmitArgument Argument, ElementType Type, int Lanes)>();
        foreach (var a in emit.Arguments)
        {
            if (a.Name is not null && !isText) return Refuse(a.Name.Span, "arguments of LLVM have no names", "write them in order");
            if (Read(a.Value) is not { } read) return Refuse(a.Value.Span, "this is neither an operand nor made of one", "write an operand, what a line before gives, `bits(i32[16], b)`, `broadcast(x, 16)`, `i16(1)` or `vector(i8, 0, 1)`");
            arguments.Add(read);
        }
        if (isC) return InC(emit, result, declared, isLast ? target : null, arguments);
        if (isText) return Assembly(emit, result, declared, arguments);
        if (KnownIntrinsics.Find(emit.Text) is { } signature) return Intrinsic(emit, result, signature, isLast ? target : declared, arguments);
        return KnownOperations.Contains(emit.Text) ? Operation(emit, result, declared, arguments)
            : Refuse(emit.Span, $"`{emit.Text}` is not known", Suggestion.For(emit.Text, [.. KnownIntrinsics.Names, .. KnownOperations.Names]) is { } near ? $"did you mean `{near}`?" : "leave the emission out: the declared loops are emitted");
    }

    private bool Intrinsic(EmitSyntax emit, string result, KnownIntrinsics.Signature signature, (ElementType, int)? declared, List<(EmitArgument Argument, ElementType Type, int Lanes)> arguments)
    {
        if (signature.Feature is { } needed && !features.Contains(needed)) return Refuse(emit.Span, $"`{emit.Text}` needs \"{needed}\"", $"declare the instruction `on cpu(\"{needed}\")`");
        if (arguments.Count != signature.Arguments.Length) return Refuse(emit.Span, $"`{emit.Text}` takes {signature.Arguments.Length} arguments", "pass one argument for each");
        for (int n = 0; n < arguments.Count; n++)
            if (!IsSame((arguments[n].Type, arguments[n].Lanes), signature.Arguments[n]))
                return Refuse(emit.Arguments[n].Value.Span, $"argument {n + 1} of `{emit.Text}` is {Show(signature.Arguments[n])}, this is {Show((arguments[n].Type, arguments[n].Lanes))}",
                    $"take its bits as that type: `bits({Show(signature.Arguments[n])}, …)`");
        return Made(emit, result, EmitKind.Intrinsic, emit.Text, arguments, signature.Result, declared, -1);
    }

    private bool Operation(EmitSyntax emit, string result, (ElementType Type, int Lanes)? declared, List<(EmitArgument Argument, ElementType Type, int Lanes)> arguments)
    {
        string word = emit.Text;
        if (word == "shufflevector")
        {
            if (arguments.Count < 3 || !IsSame(Of(arguments[0]), Of(arguments[1])) || arguments[0].Lanes == 1) return Refuse(emit.Span, "`shufflevector` takes two vectors of one type, and lanes", "write `shufflevector(x, y, 0, 8, 1, 9)`");
            int all = 2 * arguments[0].Lanes;
            foreach (var (a, syntax) in arguments.Zip(emit.Arguments).Skip(2))
                if (a.Argument.Constant is not { Lanes: [var lane] } || lane < 0 || lane >= all) return Refuse(syntax.Value.Span, $"a lane is a number from 0 to {all - 1}", "count the lanes of both vectors from 0");
            var mask = new EmitConstant(ElementType.I32, [.. arguments.Skip(2).Select(a => a.Argument.Constant!.Lanes[0])]);
            var shuffled = (arguments[0].Type, mask.Lanes.Length);
            arguments = [arguments[0], arguments[1], (new(null, null, mask, null, 0), ElementType.I32, mask.Lanes.Length)];
            return Made(emit, result, EmitKind.Operation, word, arguments, shuffled, declared, -1);
        }
        if (word == "bitcast")
        {
            if (arguments.Count != 1) return Refuse(emit.Span, "`bitcast` takes 1 argument", "pass the vector");
            if (declared is not { } taken) return Refuse(emit.Result!.Span, "`bitcast` needs the type of its result", "declare it: `-> x: i16[16]`");
            var given = Of(arguments[0]);
            return given.Type.Bits * given.Lanes == taken.Type.Bits * taken.Lanes ? Made(emit, result, EmitKind.Operation, word, arguments, taken, declared, -1)
                : Refuse(emit.Span, $"{Show(given)} has {given.Type.Bits * given.Lanes} bits, {Show(taken)} has {taken.Type.Bits * taken.Lanes}", "declare a type of as many bits");
        }
        bool isConversion = KnownOperations.IsConversion(word);
        int count = isConversion ? 1 : 2;
        if (arguments.Count != count) return Refuse(emit.Span, $"`{word}` takes {(count == 1 ? "1 argument" : "2 arguments")}", "pass one argument for each");
        var first = Of(arguments[0]);
        if (first.Type.IsFloat != KnownOperations.IsFloat(word)) return Refuse(emit.Arguments[0].Value.Span, $"`{word}` is on {(KnownOperations.IsFloat(word) ? "floats" : "integers")}, this is {Show(first)}", "take the operation for this type, or its bits: `bits(i32[8], x)`");
        if (!isConversion)
            return IsSame(first, Of(arguments[1])) ? Made(emit, result, EmitKind.Operation, word, arguments, first, declared, -1)
                : Refuse(emit.Arguments[1].Value.Span, $"the arguments of `{word}` are of one type; the first is {Show(first)}, this is {Show(Of(arguments[1]))}", $"take its bits as that type: `bits({Show(first)}, …)`");
        if (declared is not { } to) return Refuse(emit.Result!.Span, $"`{word}` needs the type of its result", "declare it: `-> x: i16[16]`");
        bool isWider = to.Type.Bits > first.Type.Bits, fits = to.Lanes == first.Lanes && !to.Type.IsFloat && to.Type.Bits != first.Type.Bits && isWider == (word != "trunc");
        return fits ? Made(emit, result, EmitKind.Operation, word, arguments, to, declared, -1)
            : Refuse(emit.Span, $"`{word}` makes no {Show(to)} of {Show(first)}", $"give the result as many lanes, of {(word == "trunc" ? "fewer" : "more")} bits");
    }

    private bool Assembly(EmitSyntax emit, string result, (ElementType Type, int Lanes)? declared, List<(EmitArgument Argument, ElementType Type, int Lanes)> arguments)
    {
        if (features.IsEmpty) return Refuse(emit.Language.Span, "assembly is for one kind of processor", "declare the feature that it needs: `on cpu(\"avx2\")`");
        if (declared is not { } type) return Refuse(emit.Result!.Span, "assembly needs the type of its result", "declare it: `-> p: i32[8]`");
        if (OwnNames(emit) is not { } names) return false;
        int tied = names.IndexOf(result);
        if (tied >= 0 && !IsSame(Of(arguments[tied]), type)) return Refuse(emit.Arguments[tied].Span, $"`{result}` is read as {Show(Of(arguments[tied]))} and written as {Show(type)}", "give both one type");
        if (Filled(emit, names, word => word == result ? "$0" : null, names.Append(result)) is not { } text) return false;
        if (!Placeholder().Matches(emit.Text).Any(m => m.Groups[1].Value == result)) return Refuse(emit.Span, $"it does not write its result `{result}`", $"name it in the text: `{{{result}}}`");
        return Made(emit, result, EmitKind.Assembly, text, arguments, type, declared, tied);
    }

    /// <summary>An expression of C over numbers: an operand of several elements is taken as the bits of one.</summary>
    /// <param name="written">The operand that the last line gives.</param>
    private bool InC(EmitSyntax emit, string result, (ElementType Type, int Lanes)? declared, (ElementType Type, int Lanes)? written, List<(EmitArgument Argument, ElementType Type, int Lanes)> arguments)
    {
        if (declared is not { } type) return Refuse(emit.Result!.Span, "an expression of C needs the type of its result", "declare it: `-> p: i32`");
        if (OwnNames(emit) is not { } names) return false;
        foreach (var (a, syntax) in arguments.Zip(emit.Arguments))
            if (a.Lanes != 1 || a.Argument.Lanes != 0 || a.Type.IsPacked)
                return Refuse(syntax.Span, $"an argument of C is one number, this is {Show(Of(a))}", $"take its bits as one: `bits(i{(a.Type.Bits * a.Lanes).ToString(System.Globalization.CultureInfo.InvariantCulture)}, …)`");
        if (type.Lanes != 1 && (written is null || type.Type.Bits * type.Lanes is not (16 or 32 or 64)))
            return Refuse(emit.Span, $"its result {Show(type)} is not one number", "give the bits of what is written as a number of 16, 32 or 64 bits");
        return Filled(emit, names, _ => null, names) is { } text && Made(emit, result, EmitKind.C, text, arguments, type, declared, -1);
    }

    // The names by which the text knows its arguments.
    private List<string>? OwnNames(EmitSyntax emit)
    {
        var names = new List<string>();
        foreach (var a in emit.Arguments)
        {
            if ((a.Name?.Text ?? (a.Value as NameExpressionSyntax)?.Name) is not { } own || names.Contains(own))
            {
                Refuse(a.Span, $"an argument of {(emit.Language.Text == "c" ? "C" : "assembly")} has a name of its own", "name it: `x = bits(i32[8], a)`");
                return null;
            }
            names.Add(own);
        }
        return names;
    }

    // The text with numbers in the place of names in braces; null after an error.
    private string? Filled(EmitSyntax emit, List<string> names, Func<string, string?> other, IEnumerable<string> known)
    {
        string? unknown = null;
        string text = Placeholder().Replace(emit.Text.Replace("$", "$$", StringComparison.Ordinal), m =>
        {
            string word = m.Groups[1].Value;
            if (other(word) is { } result) return result;
            int at = names.IndexOf(word);
            if (at < 0) unknown ??= word;
            return $"${at + 1}";
        });
        if (unknown is null) return text;
        Refuse(emit.Span, $"`{{{unknown}}}` is no operand of this {(emit.Language.Text == "c" ? "expression" : "assembly")}",
            Suggestion.For(unknown, known) is { } near ? $"did you mean `{{{near}}}`?" : $"its operands are {string.Join(", ", known.Distinct().Select(n => $"`{{{n}}}`"))}");
        return null;
    }

    private bool Made(
        EmitSyntax emit, string result, EmitKind kind, string text, List<(EmitArgument Argument, ElementType Type, int Lanes)> arguments, (ElementType Type, int Lanes) type,
        (ElementType Type, int Lanes)? declared, int tied)
    {
        if (declared is { } wanted && !IsSame(wanted, type)) return Refuse(emit.Span, $"`{emit.Text}` gives {Show(type)}, `{result}` is {Show(wanted)}", "declare it with that shape");
        _made.Add((result, new(kind, text, [.. arguments.Select(a => a.Argument)], (declared ?? type).Type, type.Lanes, tied, emit.Span)));
        return true;
    }

    private (EmitArgument Argument, ElementType Type, int Lanes)? Read(ExpressionSyntax e)
    {
        switch (e)
        {
            case NameExpressionSyntax n when _made.FindIndex(m => m.Name == n.Name) is >= 0 and var at:
                var made = _made[at].Operation;
                return (new(null, at, null, null, 0), made.Type, made.Lanes);
            case NameExpressionSyntax n when operands.FirstOrDefault(o => o.Name == n.Name) is { } operand && Instruction.CountOf(operand) is <= MaxLanes and var count:
                return (new(operand, null, null, null, 0), operand.Type, (int)count);
            case IntegerSyntax when Number(e) is { } i: return Constant(ElementType.I32, [i]);
            case CallSyntax { Target: NameExpressionSyntax { Name: "vector" }, Arguments: { Count: > 1 and <= MaxLanes + 1 } lanes } when lanes[0].Value is NameExpressionSyntax t && ElementTypes.TryParse(t.Name, out var type) && !type.IsFloat:
                var numbers = lanes.Skip(1).Select(a => Number(a.Value)).ToList();
                return numbers.TrueForAll(n => n is not null) ? Constant(type, [.. numbers.Select(n => n!.Value)]) : null;
            case CallSyntax { Target: NameExpressionSyntax t, Arguments: [{ Value: var value }] } when ElementTypes.TryParse(t.Name, out var type) && !type.IsFloat && Number(value) is { } number: return Constant(type, [number]);
            case CallSyntax { Target: NameExpressionSyntax { Name: "broadcast" }, Arguments: [{ Value: var inner }, { Value: IntegerSyntax { Value: > 1 and <= MaxLanes and var lanes } }] }
                when Read(inner) is { Lanes: 1, Argument.Lanes: 0 } one:
                return (one.Argument with { Lanes = (int)lanes }, one.Type, (int)lanes);
            case CallSyntax { Target: NameExpressionSyntax { Name: "bits" }, Arguments: [{ Value: var type }, { Value: var inner }] }
                when Read(inner) is { Argument: { Lanes: 0, Bits: null } } value && TypeOf(type) is var (element, count) && element.Bits * count == value.Type.Bits * value.Lanes:
                return (value.Argument with { Bits = (element, count) }, element, count);
            default: return null;
        }
    }

    private static (EmitArgument, ElementType, int)? Constant(ElementType type, ImmutableArray<long> lanes) => (new(null, null, new(type, lanes), null, 0), type, lanes.Length);

    private static long? Number(ExpressionSyntax e) => e switch
    {
        IntegerSyntax { Value: <= long.MaxValue } i => (long)i.Value,
        UnarySyntax { Op: UnaryOp.Neg, Operand: IntegerSyntax { Value: <= long.MaxValue } i } => -(long)i.Value,
        _ => null,
    };

    private static (ElementType, int)? TypeOf(ExpressionSyntax e) => e switch
    {
        NameExpressionSyntax n when ElementTypes.TryParse(n.Name, out var type) => (type, 1),
        SubscriptSyntax { Target: NameExpressionSyntax n, Subscripts: [IntegerSyntax { Value: > 0 and <= MaxLanes and var lanes }] } when ElementTypes.TryParse(n.Name, out var type) => (type, (int)lanes),
        _ => null,
    };

    private static (ElementType, int)? TypeOf(TypeSyntax t) =>
        !ElementTypes.TryParse(t.Name.Text, out var type) ? null
        : t.Brackets.Count == 0 ? (type, 1)
        : t.Brackets is [[IntegerSyntax { Value: > 0 and <= MaxLanes and var lanes }]] ? (type, (int)lanes) : null;

    private static (ElementType Type, int Lanes) Of((EmitArgument Argument, ElementType Type, int Lanes) a) => (a.Type, a.Lanes);

    // LLVM's integers have no sign.
    private static bool IsSame((ElementType Type, int Lanes) a, (ElementType Type, int Lanes) b) =>
        a.Lanes == b.Lanes && a.Type.Bits == b.Type.Bits && a.Type.IsFloat == b.Type.IsFloat;

    private static string Show((ElementType Type, int Lanes) t) => t.Lanes == 1 ? t.Type.Name : $"{t.Type.Name}[{t.Lanes}]";

    [GeneratedRegex(@"\{([A-Za-z_][A-Za-z_0-9]*)\}")]
    private static partial Regex Placeholder();
}
