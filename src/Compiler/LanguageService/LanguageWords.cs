using System.Collections.Immutable;

namespace Tx.LanguageServices;

/// <summary>A word that the language defines.</summary>
/// <param name="Usage">How it is written.</param>
/// <param name="Summary">One line of help.</param>
internal sealed record LanguageWord(string Name, string Usage, string Summary);

/// <summary>The functions, reductions and keywords of the language with a line of help for each. Primitives of schedules have theirs in the vocabulary.</summary>
internal static class LanguageWords
{
    /// <summary>Functions on elements, in equations.</summary>
    public static readonly ImmutableArray<LanguageWord> Elements =
    [
        new("exp", "exp(x)", "e to the power x"), new("exp2", "exp2(x)", "2 to the power x"), new("log", "log(x)", "the natural logarithm"), new("log2", "log2(x)", "the logarithm to base 2"),
        new("tanh", "tanh(x)", "the hyperbolic tangent"), new("sigmoid", "sigmoid(x)", "1 / (1 + exp(-x))"), new("erf", "erf(x)", "the error function"),
        new("sin", "sin(x)", "the sine of x in radians"), new("cos", "cos(x)", "the cosine of x in radians"), new("sqrt", "sqrt(x)", "the square root"),
        new("rsqrt", "rsqrt(x)", "1 / sqrt(x)"), new("pow", "pow(x, y)", "x to the power y"), new("abs", "abs(x)", "the value without its sign"),
        new("floor", "floor(x)", "rounded down"), new("ceil", "ceil(x)", "rounded up"), new("round", "round(x)", "rounded to nearest, ties to even"), new("trunc", "trunc(x)", "rounded to zero"),
        new("fma", "fma(a, b, c)", "a * b + c with one rounding"), new("popcount", "popcount(x)", "how many bits are set"), new("isnan", "isnan(x)", "true for NaN"),
        new("min", "min(a, b)", "the smaller value; the first NaN wins"), new("max", "max(a, b)", "the larger value; the first NaN wins"),
        new("clamp", "clamp(x, lo, hi)", "x, or the bound that it is beyond"), new("wrap", "wrap(e, n)", "e modulo n, for an index that goes round"),
        new("reflect", "reflect(e, n)", "e mirrored into 0..n, without repeating the ends"), new("select", "select(c, a, b)", "a where c holds, else b; both are evaluated"),
        new("ceil_div", "ceil_div(a, b)", "the quotient, rounded up"), new("trunc_div", "trunc_div(a, b)", "the quotient, rounded to zero, as in C"),
        new("trunc_mod", "trunc_mod(a, b)", "the remainder of trunc_div"), new("saturate", "saturate(u8, x)", "converts, and clamps to the range of the type"),
        new("bits", "bits(i32, x)", "the same bits in a type of the same width"),
    ];

    /// <summary>Functions in schedules.</summary>
    public static readonly ImmutableArray<LanguageWord> Schedules =
    [
        new("lanes", "lanes(f32)", "how many elements a vector of the target holds"), new("sizeof", "sizeof(f32)", "the bytes of an element"), new("ceil_div", "ceil_div(K, 8)", "the quotient, rounded up"),
        new("min", "min(a, b)", "the smaller number"), new("max", "max(a, b)", "the larger number"), new("divisors", "divisors(K)", "all divisors of a known size, as a domain of a knob"),
        new("auto", "auto(stage)", "gives what is not scheduled yet the default"),
    ];

    /// <summary>Functions of statements.</summary>
    public static readonly ImmutableArray<LanguageWord> Statements =
    [
        .. Builtin.All.Select(b => new LanguageWord(b.Name, b.Usage, b.Name switch
        {
            "print" => "prints values",
            "load" => "a tensor from a .npy or .npz file",
            "save" => "writes tensors to a .npy or .npz file",
            "random" => "a tensor of random elements, the same for the same seed",
            "zeros" => "a tensor of zeros",
            "full" => "a tensor with one value everywhere",
            "arange" => "the integers from start up to end, as a vector",
            "close" => "whether all elements agree up to a tolerance",
            "equal" => "whether all elements are the same",
            "reference" => "the value of a call by the reference evaluator, without a schedule",
            "symbolic" => "the value of a call by the kernel for all sizes",
            _ => "",
        })),
    ];

    public static readonly ImmutableArray<LanguageWord> Reductions =
    [
        new("sum", "sum(k: x)", "the sum; 0 over nothing"), new("prod", "prod(k: x)", "the product; 1 over nothing"), new("max", "max(k: x)", "the largest value"), new("min", "min(k: x)", "the smallest value"),
        new("any", "any(k: c)", "whether c holds somewhere"), new("all", "all(k: c)", "whether c holds everywhere"), new("bit_and", "bit_and(k: x)", "all bits that every value has"),
        new("bit_or", "bit_or(k: x)", "all bits that some value has"), new("bit_xor", "bit_xor(k: x)", "all bits that an odd number of values has"),
        new("argmax", "argmax(k: x)", "the index of the largest value, the first of several"), new("argmin", "argmin(k: x)", "the index of the smallest value, the first of several"),
        new("max_at", "max_at(k: x)", "the largest value, and its index"), new("min_at", "min_at(k: x)", "the smallest value, and its index"),
    ];

    /// <summary>Words that begin a declaration or a statement of a file.</summary>
    public static readonly ImmutableArray<LanguageWord> TopLevel =
    [
        new("import", "import \"file.tx\"", "makes the declarations of another file known"), new("const", "const N: int = 4", "a value that is known when a kernel is compiled"),
        new("op", "op f(X: f32[N]) -> Y: f32[N] { … }", "an operator: equations over tensors"), new("reducer", "reducer r(a: f32, b: f32) -> f32 { … }", "a reduction of one's own"),
        new("schedule", "schedule s for f on cpu { … }", "how an operator is computed"), new("strategy", "strategy t(i: loop) -> io: loop { … }", "a function of schedules"),
        new("intrin", "intrin i(a: f32[8]) on cpu { … }", "an instruction: what it computes and what it emits"), new("target", "target t { … }", "an accelerator"),
        new("test", "test \"title\" { … }", "statements that `tx test` runs"), new("let", "let x = …", "binds a value to a name"), new("assert", "assert c", "fails where c does not hold"),
        new("bench", "bench f(X)", "measures a call"),
    ];

    public static readonly ImmutableArray<LanguageWord> Body =
    [
        new("for", "for t in 0..T { … }", "states the range of an index"), new("require", "require c", "a condition on sizes"), new("if", "sum(k if c: x)", "takes only what satisfies the condition"),
        new("exact", "exact sum(k: x)", "keeps the order of a reduction"), new("in", "k in 0..n", "states a range"),
    ];

    public static readonly ImmutableArray<LanguageWord> ScheduleBody =
    [
        new("knob", "knob n in [4, 8] = 8", "a number that a tuner may change"), new("require", "require n * m <= 448", "a condition on knobs and sizes"), new("if", "if c { … } else { … }", "a choice between lines"),
    ];

    public static readonly ImmutableArray<LanguageWord> Clauses =
    [
        new("for", "for f", "the operator that is scheduled"), new("on", "on cpu(\"avx2\")", "the target, with features that it must have"), new("extends", "extends s", "begins with the lines of another schedule"),
        new("when", "when N % 8 == 0", "a condition under which the schedule is taken"), new("require", "require N >= 1", "a condition on sizes"),
    ];

    /// <summary>A function or reduction by its name.</summary>
    public static LanguageWord? Function(string name) =>
        Reductions.Concat(Elements).Concat(Schedules).Concat(Statements).FirstOrDefault(w => w.Name == name);

    public static LanguageWord? Keyword(string name) => TopLevel.Concat(Body).Concat(ScheduleBody).Concat(Clauses).FirstOrDefault(w => w.Name == name);
}
