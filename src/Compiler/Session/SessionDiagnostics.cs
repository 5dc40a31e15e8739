using Tx.Core;

namespace Tx;

/// <summary>Messages about statements at the top level: TX17xx while they are checked, TX57xx while they run.</summary>
public static class SessionDiagnostics
{
    public static readonly DiagnosticDescriptor UnknownName = new("TX1701", Severity.Error, "unknown name at the top level",
        "there is no value named `{0}` here", "bind it first: `let {0} = …`");

    public static readonly DiagnosticDescriptor UnknownFunction = new("TX1702", Severity.Error, "unknown operator or function",
        "there is no operator or function named `{0}` here", "declare it with `op {0}(…)`, or import the file that does");

    public static readonly DiagnosticDescriptor WrongArgument = new("TX1703", Severity.Error, "argument of the wrong kind",
        "`{0}` takes {1} here, and this is {2}", "pass {1}");

    public static readonly DiagnosticDescriptor WrongArgumentCount = new("TX1704", Severity.Error, "wrong number of arguments",
        "`{0}` takes {1}, but {2} given", "call it as `{3}`");

    public static readonly DiagnosticDescriptor UnknownArgument = new("TX1705", Severity.Error, "unknown named argument",
        "`{0}` has no argument named `{1}`", "call it as `{2}`");

    public static readonly DiagnosticDescriptor NotAStatement = new("TX1706", Severity.Error, "form that does not stand at the top level",
        "{0} cannot stand here", "{1}");

    public static readonly DiagnosticDescriptor TensorArithmetic = new("TX1707", Severity.Error, "operator between whole tensors",
        "`{0}` works on elements, and {1} is a whole tensor", "write an equation for the elements, such as `let Y[i] = X[i] {0} 1`");

    public static readonly DiagnosticDescriptor BadExtent = new("TX1708", Severity.Error, "extent that is no size",
        "an extent is an integer from 0 to 2^63 - 1, and this is {0}", "write the size of the dimension");

    public static readonly DiagnosticDescriptor AlreadyBound = new("TX1709", Severity.Error, "name bound twice",
        "`{0}` is already bound in this file", "choose another name; only a prompt or a cell may bind a name again");

    public static readonly DiagnosticDescriptor DeclaredType = new("TX1710", Severity.Error, "value of another type than declared",
        "this is declared `{0}`, and its value is `{1}`", "declare it `{1}`");

    public static readonly DiagnosticDescriptor TupleCount = new("TX1711", Severity.Error, "wrong number of names",
        "{0} names are bound, and the value has {1}", "bind as many names as the operator has results");

    public static readonly DiagnosticDescriptor ConditionType = new("TX1712", Severity.Error, "condition that is neither true nor false",
        "a condition is true or false, and this is {0}", "compare it with something: `close(a, b)`, `n == 4`");

    public static readonly DiagnosticDescriptor BenchTarget = new("TX1713", Severity.Error, "nothing to measure",
        "`bench` measures a call of an operator, and this is {0}", "write `bench` before a call, such as `bench matmul(A, B)`");

    public static readonly DiagnosticDescriptor SubscriptCount = new("TX1714", Severity.Error, "wrong number of subscripts",
        "`{0}` has {1}, but {2} written here", "give one subscript a dimension; `..` stands for all that are left");

    public static readonly DiagnosticDescriptor ListShape = new("TX1715", Severity.Error, "list that is no tensor",
        "this list has items of different shapes", "give every row as many numbers");

    public static readonly DiagnosticDescriptor ListTypes = new("TX1716", Severity.Error, "list of two types",
        "this list has items of type `{0}` and of type `{1}`", "convert the items to one type by name: `{0}(…)`");

    public static readonly DiagnosticDescriptor ArraysUnnamed = new("TX1717", Severity.Error, "arrays without names",
        "the arrays of a .npz file have names, and `{0}` names none", "write `{1}`");

    public static readonly DiagnosticDescriptor ArrayNamed = new("TX1718", Severity.Error, "named array in a .npy file",
        "`{0}` is no .npz file, and only these hold arrays with names", "write `{1}`");

    public static readonly DiagnosticDescriptor OperatorNotChecked = new("TX1719", Severity.Note, "operator that is not checked",
        "`{0}` is not checked: no value of {1} is known that its `require` admits", "call it in the file, or say what to check it for: `tx check FILE -D {1}=…`");

    public static readonly DiagnosticDescriptor UnknownCommand = new("TX1720", Severity.Error, "unknown command",
        "there is no command `{0}`", "`:help` lists them");

    public static readonly DiagnosticDescriptor CommandRefused = new("TX1721", Severity.Error, "command that cannot be carried out",
        "{0}", "{1}");

    public static readonly DiagnosticDescriptor DeclarationNotSupported = new("TX3091", Severity.Error, "declarations that are not supported yet",
        "`{0} {1}` is not supported yet", "leave the declaration out; operators run by their default schedule");

    public static readonly DiagnosticDescriptor AssertionFailed = new("TX5701", Severity.Error, "assertion failed",
        "assertion failed{0}", "look at the values with `print`");

    public static readonly DiagnosticDescriptor ScalarDivision = new("TX5702", Severity.Error, "division by zero",
        "an integer is divided by zero", "check the divisor first");

    public static readonly DiagnosticDescriptor ScalarOverflow = new("TX5703", Severity.Error, "number too large",
        "the result does not fit 64 bits", "use smaller numbers");

    public static readonly DiagnosticDescriptor Cancelled = new("TX5704", Severity.Error, "evaluation cancelled",
        "the evaluation was cancelled", "values that were bound before it are still there; submit it again to run it");

    public static readonly DiagnosticDescriptor UnknownSchedule = new("TX2090", Severity.Error, "unknown schedule of a call",
        "`{0}` has no schedule `{1}`", "{2}");
    public static readonly DiagnosticDescriptor ScheduleNeverChosen = new("TX2091", Severity.Warning, "schedule that is never chosen",
        "the schedule `{0}` is never chosen: `{1}`, which comes before it, applies wherever it does",
        "give one of the two a `when`, or name it where it is called: `using = {0}`");
    public static readonly DiagnosticDescriptor ScheduleNotChecked = new("TX2092", Severity.Note, "schedule that is not checked",
        "the steps of the schedule `{0}` are not checked: {1}", "{2}");
    public static readonly DiagnosticDescriptor IntrinsicDiffers = new("TX2164", Severity.Error, "instruction does something else than it declares",
        "`{0}` does something else than it declares: {1}", "correct the equation or the `emit`, or leave the `emit` out");
    public static readonly DiagnosticDescriptor IntrinsicRefused = new("TX2165", Severity.Error, "instruction is not compiled",
        "what `{0}` emits is not compiled: {1}", "correct the `emit`, or leave it out");
    public static readonly DiagnosticDescriptor CalledScheduleLeftOut = new("TX2094", Severity.Note, "schedule that does not fit a call inside an operator",
        "the call `{0}` of `{1}` runs by the default, since a line of the schedule `{2}` does not fit there: {3}", "name the stages of `{0}` in a schedule of the caller, or call `{1}` by a statement of its own");
    public static readonly DiagnosticDescriptor ScheduleCheckedFor = new("TX2093", Severity.Note, "schedule checked for chosen values",
        "the schedule `{0}` is checked for {1} only: no call in the file gives another value", "call `{2}` in the file, or say what to check it for: `tx check FILE -D {3}`");
}
