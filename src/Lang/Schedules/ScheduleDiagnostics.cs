using Tx.Core;

namespace Tx.Lang.Schedules;

/// <summary>Errors of schedules that show before there is a loop nest.</summary>
public static class ScheduleDiagnostics
{
    public static readonly DiagnosticDescriptor NoOperator = new("TX2001", Severity.Error, "schedule without an operator",
        "the schedule `{0}` does not say what it schedules", "name the operator: `schedule {0} for op on cpu {{ … }}`");
    public static readonly DiagnosticDescriptor UnknownOperator = new("TX2002", Severity.Error, "schedule of an unknown operator",
        "`{0}` is no operator", "declare `op {0}`, or import the file that does");
    public static readonly DiagnosticDescriptor NoTarget = new("TX2003", Severity.Error, "schedule without a target",
        "the schedule `{0}` does not say what it is for", "name the target: `on cpu`");
    public static readonly DiagnosticDescriptor UnknownTarget = new("TX2004", Severity.Error, "unknown target",
        "`{0}` is no target", "the targets are {1}");
    public static readonly DiagnosticDescriptor UnknownBase = new("TX2005", Severity.Error, "unknown schedule",
        "`{1}` has no schedule `{0}`", "a schedule extends one of the same operator");
    public static readonly DiagnosticDescriptor CircularBase = new("TX2006", Severity.Error, "schedule extends itself",
        "the schedule `{0}` extends itself{1}", "let one of them extend nothing");
    public static readonly DiagnosticDescriptor Misplaced = new("TX2007", Severity.Error, "statement in a schedule",
        "{0} cannot stand in a {1}", "{2}");
    public static readonly DiagnosticDescriptor NoEffect = new("TX2008", Severity.Error, "line of a schedule without effect",
        "this line changes nothing: it is {0}", "{1}");
    public static readonly DiagnosticDescriptor UnknownName = new("TX2009", Severity.Error, "unknown name in a schedule",
        "`{0}` is not known in this {1}", "{2}");
    public static readonly DiagnosticDescriptor UnknownLoop = new("TX2010", Severity.Error, "unknown loop",
        "`{0}` has no loop or stage `{1}`", "{2}");
    public static readonly DiagnosticDescriptor SeveralEquations = new("TX2011", Severity.Error, "tensor with several equations",
        "`{0}` has several equations, each a nest of its own", "name one: {1}");
    public static readonly DiagnosticDescriptor SeveralLoops = new("TX2012", Severity.Error, "loop of several stages",
        "`{0}` is a loop of several stages", "name one: {1}");
    public static readonly DiagnosticDescriptor LoopGone = new("TX2013", Severity.Error, "loop that is gone",
        "`{0}` is gone: {1}", "{2}");
    public static readonly DiagnosticDescriptor PackNotFused = new("TX2014", Severity.Error, "pack that is not fused",
        "`{0}` stands for {1} loops", "make one loop of them first: `n = {0}.fuse()`");
    public static readonly DiagnosticDescriptor UnknownEquation = new("TX2015", Severity.Error, "unknown equation",
        "`{0}` has no {1}", "{2}");
    public static readonly DiagnosticDescriptor UnknownPrimitive = new("TX2016", Severity.Error, "unknown primitive",
        "`{0}` is no primitive of schedules", "{1}");
    public static readonly DiagnosticDescriptor WrongReceiver = new("TX2017", Severity.Error, "primitive on the wrong kind of thing",
        "`{0}` is called on {1}, but this is {2}", "{3}");
    public static readonly DiagnosticDescriptor UnknownFunction = new("TX2018", Severity.Error, "unknown function in a schedule",
        "`{0}` is no function or strategy", "declare `strategy {0}`, or import the file that does");
    public static readonly DiagnosticDescriptor MissingArgument = new("TX2019", Severity.Error, "missing argument in a schedule",
        "`{0}` needs {1}", "{2}");
    public static readonly DiagnosticDescriptor ExtraArgument = new("TX2020", Severity.Error, "argument too many in a schedule",
        "`{0}` takes no further argument", "{1}");
    public static readonly DiagnosticDescriptor UnknownArgument = new("TX2021", Severity.Error, "unknown argument in a schedule",
        "`{0}` has no parameter `{1}`", "{2}");
    public static readonly DiagnosticDescriptor ArgumentTwice = new("TX2022", Severity.Error, "argument given twice",
        "`{0}` of `{1}` is given twice", "remove one of the two");
    public static readonly DiagnosticDescriptor WrongKind = new("TX2023", Severity.Error, "wrong kind of value in a schedule",
        "{0} needs {1}, but this is {2}", "{3}");
    public static readonly DiagnosticDescriptor UnknownWord = new("TX2024", Severity.Error, "unknown word in a schedule",
        "`{0}` is no value of `{1}`", "the words are {2}");
    public static readonly DiagnosticDescriptor OutOfRange = new("TX2025", Severity.Error, "number out of range in a schedule",
        "{0} is {1}, which is not in 1..2147483648", "give a number from 1 to 2147483647");
    public static readonly DiagnosticDescriptor LoopTwice = new("TX2026", Severity.Error, "loop named twice",
        "`{0}` is given twice to `{1}`", "name each loop once");
    public static readonly DiagnosticDescriptor FactorCount = new("TX2027", Severity.Error, "loops without factors",
        "`tile` is given {0} and {1}", "give one factor for each loop: `C.tile(C.i, C.j, 8, 16)`");
    public static readonly DiagnosticDescriptor ResultCount = new("TX2028", Severity.Error, "wrong number of names",
        "`{0}` gives {1}, but {2} named", "{3}");
    public static readonly DiagnosticDescriptor NameTaken = new("TX2029", Severity.Error, "name already used in a schedule",
        "`{0}` is {1} and cannot be bound here", "choose another name");
    public static readonly DiagnosticDescriptor SizesUnknown = new("TX2030", Severity.Error, "known only with the sizes",
        "`{0}` is known only when sizes are known", "the schedule is for known shapes: give the sizes, or write a number");
    public static readonly DiagnosticDescriptor Arithmetic = new("TX2031", Severity.Error, "number that cannot be computed",
        "`{0}` {1}", "use other numbers");
    public static readonly DiagnosticDescriptor KnobDomain = new("TX2032", Severity.Error, "domain of a knob",
        "the domain of `{0}` {1}", "a domain is a list of numbers, a range or `divisors(K)`: `knob {0} in [4, 8]`, `knob {0} in 1..9`");
    public static readonly DiagnosticDescriptor KnobValue = new("TX2033", Severity.Error, "value of a knob outside its domain",
        "{0} is no value of the knob `{1}`", "its values are {2}");
    public static readonly DiagnosticDescriptor UnknownKnob = new("TX2034", Severity.Error, "unknown knob",
        "the schedule `{1}` has no knob `{0}`", "{2}");
    public static readonly DiagnosticDescriptor RequirementFalse = new("TX2035", Severity.Error, "requirement of a schedule does not hold",
        "`{0}` does not hold{1}", "choose other values, or another schedule");
    public static readonly DiagnosticDescriptor UnusedKnob = new("TX2036", Severity.Warning, "unused knob",
        "the knob `{0}` changes nothing", "remove it, or use it in a step");
    public static readonly DiagnosticDescriptor AutoNotLast = new("TX2037", Severity.Error, "`auto()` is not last",
        "`auto()` stands before other steps", "move it to the end of the schedule");
    public static readonly DiagnosticDescriptor AutoTwice = new("TX2038", Severity.Error, "`auto` given twice",
        "`{0}` stands here a second time", "remove one of the two");
    public static readonly DiagnosticDescriptor StrategyType = new("TX2039", Severity.Error, "type in a strategy",
        "`{0}` is no type of a strategy", "the types are stage, loop, int and bool");
    public static readonly DiagnosticDescriptor StrategyResult = new("TX2040", Severity.Error, "result of a strategy not bound",
        "the strategy `{0}` does not bind its result `{1}`", "bind it in the body: `{1} = …`");
    public static readonly DiagnosticDescriptor TooDeep = new("TX2041", Severity.Error, "schedule too long",
        "{0}", "a strategy that calls itself needs an `if` that ends it");
    public static readonly DiagnosticDescriptor LayoutForm = new("TX2042", Severity.Error, "layout not understood",
        "{0}", "write it as `(i, k) -> [i / 8, k, i % 8]`");
    public static readonly DiagnosticDescriptor LayoutRank = new("TX2043", Severity.Error, "layout of another rank",
        "`{0}` has {1}, but the layout names {2}", "name one axis for each dimension of `{0}`");
    public static readonly DiagnosticDescriptor UnknownInstruction = new("TX2044", Severity.Error, "unknown instruction",
        "`{0}` is no instruction", "declare `intrin {0}`, or import the file that does");
    public static readonly DiagnosticDescriptor NameNotUsed = new("TX2046", Severity.Error, "extension sets no knob",
        "`{0}` is no knob of `{1}`, and no line reads it", "{2}");
    public static readonly DiagnosticDescriptor NoCall = new("TX2047", Severity.Error, "not the result of a call",
        "`{0}` is not the result of a call", "{1}");
    public static readonly DiagnosticDescriptor NoCalledSchedule = new("TX2048", Severity.Error, "unknown schedule of a callee",
        "`{0}` has no schedule `{1}`", "{2}");
    public static readonly DiagnosticDescriptor NoLoops = new("TX2045", Severity.Error, "tensor without loops",
        "`{0}` is {1} and has no loops", "{2}");
}
