using Tx.Core;

namespace Tx.Lang.Semantics;

/// <summary>Errors of names, types, shapes and calls.</summary>
public static class SemanticDiagnostics
{
    public static readonly DiagnosticDescriptor UnknownName = new("TX1001", Severity.Error, "unknown name",
        "`{0}` is not known here", "declare `{0}`, or import the file that does");
    public static readonly DiagnosticDescriptor DuplicateName = new("TX1002", Severity.Error, "name declared twice",
        "`{0}` is declared twice", "rename one of the two");
    public static readonly DiagnosticDescriptor ImportFailed = new("TX1003", Severity.Error, "import not found",
        "`{0}` cannot be imported", "the path is relative to the file that imports it");
    public static readonly DiagnosticDescriptor TypeMismatch = new("TX1004", Severity.Error, "wrong type",
        "this has type `{0}`, but `{1}` is needed here", "convert it by name: `{1}(…)`");
    public static readonly DiagnosticDescriptor MixedTypes = new("TX1005", Severity.Error, "operands of two types",
        "`{0}` has a `{1}` on its left and a `{2}` on its right", "convert one side by name: `{1}(…)` or `{2}(…)`");
    public static readonly DiagnosticDescriptor LiteralDoesNotFit = new("TX1006", Severity.Error, "literal out of range",
        "`{0}` is no value of `{1}`", "use a wider type, or convert by name what it meets");
    public static readonly DiagnosticDescriptor WrongRank = new("TX1007", Severity.Error, "wrong number of subscripts",
        "`{0}` has {1}, but {2} written here", "write one subscript for each dimension of `{0}`");
    public static readonly DiagnosticDescriptor TensorNeedsSubscripts = new("TX1008", Severity.Error, "tensor without subscripts",
        "`{0}` is a tensor with {1} and needs subscripts here", "write an element, such as `{0}[{2}]`");
    public static readonly DiagnosticDescriptor NotATensor = new("TX1009", Severity.Error, "subscript of what is no tensor",
        "`{0}` is {1} and has no elements", "only tensors take subscripts");
    public static readonly DiagnosticDescriptor FreeIndex = new("TX1010", Severity.Error, "index without a place",
        "the index `{0}` stands neither on the left side nor in a reduction around it", "put it on the left side, or reduce over it: `sum({0}: …)`");
    public static readonly DiagnosticDescriptor NoRange = new("TX1011", Severity.Error, "index without a range",
        "nothing fixes the range of {0}: no subscript of a read, and no declared shape, is met by it alone", "state the range: {1}");
    public static readonly DiagnosticDescriptor RangesDisagree = new("TX1012", Severity.Error, "index with two ranges",
        "`{0}` ranges over `{1}` in `{2}` and over `{3}` in `{4}`", "add `require {1} == {3}`, or give one of them another index");
    public static readonly DiagnosticDescriptor RangesNotComparable = new("TX1013", Severity.Error, "ranges cannot be compared",
        "the reads bound `{0}` by `{1}` and by `{2}`, and neither is known to be the smaller range", "add a `require` that orders the two, or state the range: {3}");
    public static readonly DiagnosticDescriptor IndexStartsOffZero = new("TX1014", Severity.Error, "left index does not start at 0",
        "the reads let `{0}` start at `{1}`, but a left-hand index starts at 0", "state its range: {2}");
    public static readonly DiagnosticDescriptor MissingEquation = new("TX1015", Severity.Error, "tensor without an equation",
        "`{0}` has no equation", "define it: `{1} = …`");
    public static readonly DiagnosticDescriptor UnusedTensor = new("TX1016", Severity.Warning, "unused tensor",
        "`{0}` is never read", "remove it, or use it");
    public static readonly DiagnosticDescriptor UnknownType = new("TX1017", Severity.Error, "unknown element type",
        "`{0}` is no element type", "the types are bool, i8 to i64, u8 to u64, f32 and f64");
    public static readonly DiagnosticDescriptor DimensionNotFound = new("TX1018", Severity.Error, "dimension that no shape fixes",
        "nothing fixes the dimension `{0}`", "let it stand alone in the shape of a parameter, such as `f32[{0}]`");
    public static readonly DiagnosticDescriptor NegativeExtent = new("TX1019", Severity.Error, "extent may be negative",
        "the extent `{1}` of `{0}` can be negative", "add `require {1} >= 0`");
    public static readonly DiagnosticDescriptor RequirementNotMet = new("TX1020", Severity.Error, "requirement of a callee not met",
        "`{0}` requires `{1}`, which does not always hold here", "add `require {2}`");
    public static readonly DiagnosticDescriptor ShapeMismatch = new("TX1021", Severity.Error, "shapes do not match",
        "dimension {0} of `{1}` has the extent `{2}`, but `{3}` takes `{4}` there", "add `require {2} == {4}`, or pass a tensor of that shape");
    public static readonly DiagnosticDescriptor ArgumentCount = new("TX1022", Severity.Error, "wrong number of arguments",
        "`{0}` takes {1}, but {2} given", "its parameters are {3}");
    public static readonly DiagnosticDescriptor UnknownArgument = new("TX1023", Severity.Error, "unknown argument name",
        "`{0}` has no parameter `{1}`", "its parameters are {2}");
    public static readonly DiagnosticDescriptor ArgumentType = new("TX1024", Severity.Error, "argument of another type",
        "`{0}` of `{1}` has elements of type `{2}`, but `{3}` was given", "convert the argument first: `{2}(…)`");
    public static readonly DiagnosticDescriptor ArgumentRank = new("TX1025", Severity.Error, "argument of another rank",
        "`{0}` of `{1}` has {2}, but what was given has {3}", "its type is `{4}`");
    public static readonly DiagnosticDescriptor NotConstant = new("TX1026", Severity.Error, "value not known at compile time",
        "{0} must be known when the kernel is compiled", "write a number, a `const`, or arithmetic on them");
    public static readonly DiagnosticDescriptor RequirementFalse = new("TX1027", Severity.Error, "requirement does not hold",
        "`{0}` requires `{1}`, which does not hold{2}", "pass what satisfies it");
    public static readonly DiagnosticDescriptor EmptyRange = new("TX1028", Severity.Error, "range may be empty",
        "`{0}` has no result where the range of `{1}` is empty", "add `require {2} >= 1`");
    public static readonly DiagnosticDescriptor DivisionByZero = new("TX1029", Severity.Error, "division by zero",
        "the divisor `{0}` can be 0", "add `require {0} >= 1`");
    public static readonly DiagnosticDescriptor ShiftOutOfRange = new("TX1030", Severity.Error, "shift out of range",
        "the shift amount `{0}` can be outside 0..{1}", "state the range of its indices, or add a `require`");
    public static readonly DiagnosticDescriptor AccumulatorOverflow = new("TX1031", Severity.Error, "accumulator can overflow",
        "`{0}` adds values up to {1} in `{2}`, which can overflow from {3} values on", "cast to a wider type: `sum(…: i32(…))`");
    public static readonly DiagnosticDescriptor ResultCount = new("TX1032", Severity.Error, "wrong number of results",
        "`{0}` gives {1}, but the left side names {2}", "name one target for each result: `(a, b) = …`");
    public static readonly DiagnosticDescriptor NotCovered = new("TX1033", Severity.Error, "tensor not covered",
        "no equation defines all elements of `{0}`", "add an equation for the elements that are left, or let a range reach them");
    public static readonly DiagnosticDescriptor NotInOperator = new("TX1034", Severity.Error, "statement in an operator",
        "{0} cannot stand in an operator", "an operator holds equations, declarations, calls, `for` and `require`");
    public static readonly DiagnosticDescriptor NoEffect = new("TX1035", Severity.Error, "line without effect",
        "this line defines nothing", "write an equation, such as `Y[i] = …`");
    public static readonly DiagnosticDescriptor RecursiveOperator = new("TX1036", Severity.Error, "operator calls itself",
        "`{0}` calls itself", "operators cannot be recursive; write the steps as equations");
    public static readonly DiagnosticDescriptor TypeNotInferred = new("TX1037", Severity.Error, "element type not inferred",
        "no argument of `{0}` says what `{1}` is", "let `{1}` be the element type of a parameter");
    public static readonly DiagnosticDescriptor OperandKind = new("TX1038", Severity.Error, "operation not defined on a type",
        "`{0}` is not defined on `{1}`", "it takes {2}");
    public static readonly DiagnosticDescriptor NotAnIndex = new("TX1039", Severity.Error, "subscript is no index",
        "a subscript has type `int`, but this has type `{0}`", "write indices and dimensions without a conversion");
    public static readonly DiagnosticDescriptor UnknownFunction = new("TX1040", Severity.Error, "unknown function",
        "`{0}` is no operator or function", "declare `op {0}`, or import the file that does");
    public static readonly DiagnosticDescriptor CallIsStage = new("TX1041", Severity.Error, "call on tensors in an equation",
        "`{0}` is called on a whole tensor inside an equation", "bind the call to a name on its own line: `s = {0}(…)`");
    public static readonly DiagnosticDescriptor Contradiction = new("TX1042", Severity.Error, "requirements contradict",
        "no sizes satisfy what `{0}` requires", "remove one of its `require` conditions");
    public static readonly DiagnosticDescriptor DefinesParameter = new("TX1043", Severity.Error, "parameter defined",
        "`{0}` is {1} and cannot be defined here", "give the left side a name of its own");
    public static readonly DiagnosticDescriptor LeftSide = new("TX1044", Severity.Error, "left side not understood",
        "this cannot stand on the left of an equation", "write a tensor with its indices, such as `Y[i, j] = …`");
    public static readonly DiagnosticDescriptor NameTaken = new("TX1045", Severity.Error, "name used for two things",
        "`{0}` is {1} and cannot be an index as well", "give the index a name of its own");
    public static readonly DiagnosticDescriptor UnusedLoopIndex = new("TX1046", Severity.Error, "index not on the left side",
        "`{0}` is given a range by `for`, but does not stand on the left side", "put it on the left side, or reduce over it");
    public static readonly DiagnosticDescriptor SliceInEquation = new("TX1047", Severity.Error, "slice in an equation",
        "a slice cannot stand in an equation", "write an index for each dimension");
    public static readonly DiagnosticDescriptor UnknownReducer = new("TX1048", Severity.Error, "unknown reduction",
        "`{0}` is no reduction", "the reductions are sum, prod, max, min, any, all, bit_and, bit_or, bit_xor, argmax, argmin, max_at and min_at");
    public static readonly DiagnosticDescriptor ConstantExpected = new("TX1049", Severity.Error, "tensor where a size is needed",
        "{0} cannot stand in {1}", "use dimensions, `const` values and numbers");
    public static readonly DiagnosticDescriptor ArgumentNotTensor = new("TX1050", Severity.Error, "argument is no tensor",
        "the argument for `{0}` of `{1}` must be a tensor with {2}", "give it a name on its own line, such as `t[i] = …`, and pass `t`");
    public static readonly DiagnosticDescriptor ArgumentShape = new("TX1051", Severity.Error, "shapes of arguments disagree",
        "`{0}` of `{1}` needs {2} in dimension {3}, but what was given has {4}", "its type is `{5}`{6}");
    public static readonly DiagnosticDescriptor SizeOverflow = new("TX1052", Severity.Error, "size out of range",
        "the extent `{0}` of `{1}` does not fit in 64 bits at this size", "use smaller tensors");
    public static readonly DiagnosticDescriptor UnknownConstraint = new("TX1053", Severity.Error, "unknown constraint",
        "`{0}` is no constraint on a type", "the constraints are number, float, integer and any");
    public static readonly DiagnosticDescriptor PackMisplaced = new("TX1054", Severity.Error, "pack misplaced",
        "`..{0}` cannot be expanded here", "a shape holds one pack, and a subscript uses one where a tensor has one");
    public static readonly DiagnosticDescriptor NotAnOperator = new("TX1055", Severity.Error, "not the kind of thing to call",
        "this cannot be called", "call an operator or a function by its name");
    public static readonly DiagnosticDescriptor CircularConst = new("TX1057", Severity.Error, "constant needs itself",
        "the value of `{0}` needs `{0}`", "give one of the constants a number");
    public static readonly DiagnosticDescriptor ResultShape = new("TX1056", Severity.Error, "result of another shape",
        "dimension {0} of what `{1}` gives has the extent `{2}`, but `{3}` is declared with `{4}`", "add `require {2} == {4}`, or change the shape of `{3}`");
    public static readonly DiagnosticDescriptor ShapeNotDeclared = new("TX1070", Severity.Error, "shape not declared",
        "`{0}` {1}, so its shape must be declared", "declare it on a line of its own before: `{0}: f32[…]`");
    public static readonly DiagnosticDescriptor DefinedTwice = new("TX1071", Severity.Error, "element defined twice",
        "two equations define the same elements of `{0}`", "let their ranges be disjoint, or change the tensor by an update such as `+=`");
    public static readonly DiagnosticDescriptor WrittenOutside = new("TX1072", Severity.Error, "left side outside of the tensor",
        "this writes outside of `{0}`, whose dimension {1} has the extent `{2}`", "{3}");
    public static readonly DiagnosticDescriptor ElementCycle = new("TX1073", Severity.Error, "elements need each other",
        "no order of evaluation computes `{0}`: its elements need each other", "let each element need only those of earlier steps");
    public static readonly DiagnosticDescriptor DataTarget = new("TX1074", Severity.Error, "definition at an index from data",
        "an equation cannot define `{0}` at an index that comes from data: no proof could say that it reaches every element", "define `{0}` first, then change it by an update: `{0}[…] += …`");
    public static readonly DiagnosticDescriptor UpdateReadsItself = new("TX1075", Severity.Error, "update reads what it changes",
        "an update of `{0}` cannot read `{0}`", "write the new values to another tensor, or as a recurrence");
    public static readonly DiagnosticDescriptor UpdateWithoutDefinition = new("TX1076", Severity.Error, "update without a definition",
        "`{0}` is updated before it is defined", "define it first: `{1} = 0`");
    public static readonly DiagnosticDescriptor CallInCycle = new("TX1077", Severity.Error, "call in a cycle",
        "the call that gives `{0}` needs whole tensors, which need `{0}`", "write the equations of the callee here");
    public static readonly DiagnosticDescriptor UpdateInCycle = new("TX1078", Severity.Error, "update in a cycle",
        "`{0}` is updated, but what its updates need is computed from `{0}`", "compute the new values as a tensor with a dimension for the steps");
    public static readonly DiagnosticDescriptor RangeFromData = new("TX1080", Severity.Error, "range from data",
        "the range of `{0}` {1} at `{2}`, which comes from data", "range over what is known before the kernel runs, and choose by a condition: `k in 0..n if …`");
    public static readonly DiagnosticDescriptor ConstOverflow = new("TX1058", Severity.Error, "constant too large",
        "the value of this constant does not fit 64 bits", "use smaller numbers");
    public static readonly DiagnosticDescriptor ImportCircle = new("TX1059", Severity.Error, "files that import one another",
        "`{0}` imports itself{1}", "move what both need into a file of its own");
    public static readonly DiagnosticDescriptor NothingToRead = new("TX1081", Severity.Error, "boundary of an empty dimension",
        "dimension {1} of `{0}` can be empty: then there is no element for what is outside", "add `require {2} >= 1`");
    public static readonly DiagnosticDescriptor ReducerForm = new("TX1082", Severity.Error, "reducer not well formed",
        "the reducer `{0}` {1}", "a reducer has two parameters and a result of one element type, `identity = …` and `combine = …`");
    public static readonly DiagnosticDescriptor ReducerLaw = new("TX1083", Severity.Error, "law of a reducer broken",
        "`{0}` is not {1}", "{2}");
}
