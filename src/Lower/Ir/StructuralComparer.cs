using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace Tx.Lower.Ir;

/// <summary>Compares IR by structure. As an equality comparer of expressions: free variables and buffers by identity, unequal hashes decide at once.
/// <see cref="AlphaEqual(LoopModule, LoopModule)"/> ignores the names of what is bound inside, and origins. Every pair is compared once, so shared parts cost nothing.</summary>
public sealed class StructuralComparer : IEqualityComparer<Expr>
{
    public static readonly StructuralComparer Instance = new();

    private StructuralComparer() { }

    public bool Equals(Expr? x, Expr? y) => Equal(x, y);
    public int GetHashCode(Expr e) => e.Hash;

    public static bool Equal(Expr? a, Expr? b) =>
        ReferenceEquals(a, b) || a is not null && b is not null && a.Hash == b.Hash && (a, b) switch
        {
            (IntImm x, IntImm y) => x.Value == y.Value && x.Type == y.Type,
            (Var, Var) => false,
            _ => new Comparison().Same(a, b),
        };

    public static bool Equal(Stmt a, Stmt b) => ReferenceEquals(a, b) || a.Hash == b.Hash && new Comparison().Same(a, b);

    /// <summary>Equal up to the names of variables and buffers bound inside; free ones by identity.</summary>
    public static bool AlphaEqual(Expr a, Expr b) => new Comparison().Same(a, b);

    /// <inheritdoc cref="AlphaEqual(Expr, Expr)"/>
    public static bool AlphaEqual(Stmt a, Stmt b) => new Comparison().Same(a, b);

    /// <summary>Equal up to the names of variables and buffers; functions and instances have their names.</summary>
    public static bool AlphaEqual(LoopFunction a, LoopFunction b) => new Comparison().Same(a, b);

    /// <inheritdoc cref="AlphaEqual(LoopFunction, LoopFunction)"/>
    public static bool AlphaEqual(LoopModule a, LoopModule b) =>
        a.Level == b.Level && a.Functions.Length == b.Functions.Length && a.Functions.Zip(b.Functions).All(p => AlphaEqual(p.First, p.Second));

    private sealed class Comparison
    {
        private readonly Dictionary<object, object> _right = new(ReferenceEqualityComparer.Instance);
        private readonly Dictionary<object, object> _left = new(ReferenceEqualityComparer.Instance);
        private readonly HashSet<(object, object)> _equal = new(PairComparer.Instance);

        public bool Same(LoopFunction a, LoopFunction b)
        {
            if (a.Name != b.Name || a.Target != b.Target || a.Parameters.Length != b.Parameters.Length || a.Dims.Length != b.Dims.Length || a.Strides.Length != b.Strides.Length
                || a.Temporaries.Length != b.Temporaries.Length || a.Messages.Length != b.Messages.Length) return false;
            foreach (var ((v, p, d), (w, q, e)) in a.Dims.Concat(a.Strides).Zip(b.Dims.Concat(b.Strides)))
            {
                if (d != e || v.Type != w.Type || a.Parameters.IndexOf(p) != b.Parameters.IndexOf(q) || !Bind(v, w)) return false;
            }
            for (int i = 0; i < a.Messages.Length; i++)
                if (a.Messages[i].Code != b.Messages[i].Code || a.Messages[i].Format != b.Messages[i].Format) return false;
            return Declare(a.Parameters, b.Parameters) && Declare(a.Temporaries, b.Temporaries) && Same(a.Body, b.Body);
        }

        public bool Same(Expr? a, Expr? b)
        {
            if (a is null || b is null) return a is null && b is null;
            if (a is Var || b is Var) return a is Var && b is Var && Corresponds(a, b);
            if (_equal.Contains((a, b))) return true;
            if (a.Type != b.Type) return false;
            RuntimeHelpers.EnsureSufficientExecutionStack();
            bool same = (a, b) switch
            {
                (IntImm x, IntImm y) => x.Value == y.Value,
                (FloatImm x, FloatImm y) => BitConverter.DoubleToInt64Bits(x.Value) == BitConverter.DoubleToInt64Bits(y.Value),
                (Binary x, Binary y) => x.Op == y.Op && Same(x.Left, y.Left) && Same(x.Right, y.Right),
                (Unary x, Unary y) => x.Op == y.Op && Same(x.Operand, y.Operand),
                (Call x, Call y) => x.Function == y.Function && Same(x.Arguments, y.Arguments),
                (Cast x, Cast y) => x.Kind == y.Kind && Same(x.Operand, y.Operand),
                (Select x, Select y) => x.Rare == y.Rare && Same(x.Condition, y.Condition) && Same(x.Then, y.Then) && Same(x.Else, y.Else),
                (Load x, Load y) => Corresponds(x.Buffer, y.Buffer) && Same(x.Indices, y.Indices) && Same(x.Predicate, y.Predicate),
                (Ramp x, Ramp y) => Same(x.Base, y.Base) && Same(x.Stride, y.Stride),
                (Broadcast x, Broadcast y) => Same(x.Value, y.Value),
                (LaneReduce x, LaneReduce y) => x.Op == y.Op && Same(x.Vector, y.Vector),
                (Let x, Let y) => Same(x.Value, y.Value) && Bind(x.Variable, y.Variable) && Same(x.Body, y.Body),
                _ => false,
            };
            if (same) _equal.Add((a, b));
            return same;
        }

        public bool Same(Stmt? a, Stmt? b)
        {
            if (a is null || b is null) return a is null && b is null;
            RuntimeHelpers.EnsureSufficientExecutionStack();
            return (a, b) switch
            {
                (Block x, Block y) => x.Statements.Length == y.Statements.Length && x.Statements.Zip(y.Statements).All(p => Same(p.First, p.Second)),
                (For x, For y) => x.Kind == y.Kind && x.Axis == y.Axis && x.Lanes == y.Lanes && Same(x.Min, y.Min) && Same(x.Extent, y.Extent) && Bind(x.Variable, y.Variable) && Same(x.Body, y.Body),
                (If x, If y) => Same(x.Condition, y.Condition) && Same(x.Then, y.Then) && Same(x.Else, y.Else),
                (Store x, Store y) => x.NonTemporal == y.NonTemporal && Corresponds(x.Buffer, y.Buffer) && Same(x.Indices, y.Indices) && Same(x.Value, y.Value) && Same(x.Predicate, y.Predicate),
                (LetStmt x, LetStmt y) => Same(x.Value, y.Value) && Bind(x.Variable, y.Variable) && Same(x.Body, y.Body),
                (Allocate x, Allocate y) => Declare(x.Buffer, y.Buffer) && Same(x.Body, y.Body),
                (Check x, Check y) => x.Message == y.Message && Same(x.Condition, y.Condition) && Same(x.Values, y.Values),
                (Effect x, Effect y) => x.Kind == y.Kind && x.Name == y.Name && Correspond(x.Buffers, y.Buffers) && Same(x.Arguments, y.Arguments),
                (Instance x, Instance y) => Same(x, y),
                (InstructionCall x, InstructionCall y) => x.Name == y.Name && Same(x.Emission, y.Emission) && Same(x.Body, y.Body),
                (Launch x, Launch y) => x.Function == y.Function && Correspond(x.Buffers, y.Buffers) && Same(x.Grid, y.Grid) && Same(x.Block, y.Block),
                _ => false,
            };
        }

        private bool Same(Instance x, Instance y)
        {
            if (x.Name != y.Name || x.Reassociate != y.Reassociate || x.Iterations.Length != y.Iterations.Length) return false;
            foreach (var (i, j) in x.Iterations.Zip(y.Iterations))
                if (i.Kind != j.Kind || !Same(i.Binding, j.Binding)) return false;
            foreach (var (i, j) in x.Iterations.Zip(y.Iterations))
                if (!Bind(i.Variable, j.Variable) || !Same(i.Start, j.Start) || !Same(i.End, j.End)) return false;
            return Same(x.Reads, y.Reads) && Same(x.Writes, y.Writes) && Same(x.Init, y.Init) && Same(x.Body, y.Body);
        }

        private bool Same(InstructionEmission? a, InstructionEmission? b)
        {
            if (a is null || b is null) return a is null && b is null;
            return a.Features.SequenceEqual(b.Features) && a.Operations.Length == b.Operations.Length && a.Operations.Zip(b.Operations).All(p => Same(p.First, p.Second))
                && Corresponds(a.Target, b.Target) && Same(a.Indices, b.Indices);
        }

        private bool Same(EmittedOperation a, EmittedOperation b) =>
            a.Kind == b.Kind && a.Text == b.Text && a.Type == b.Type && a.Tied == b.Tied && a.Arguments.Length == b.Arguments.Length
            && a.Arguments.Zip(b.Arguments).All(p => p.First.Earlier == p.Second.Earlier && p.First.Source == p.Second.Source && p.First.Bits == p.Second.Bits && p.First.Lanes == p.Second.Lanes
                && p.First.Numbers.SequenceEqual(p.Second.Numbers) && Same(p.First.Value, p.Second.Value));

        private bool Same(ImmutableArray<Region> a, ImmutableArray<Region> b) =>
            a.Length == b.Length && a.Zip(b).All(p => Corresponds(p.First.Buffer, p.Second.Buffer) && Same(p.First.Start, p.Second.Start) && Same(p.First.Extent, p.Second.Extent));

        private bool Same(ImmutableArray<Expr> a, ImmutableArray<Expr> b)
        {
            if (a.Length != b.Length) return false;
            for (int i = 0; i < a.Length; i++)
                if (!Same(a[i], b[i])) return false;
            return true;
        }

        private bool Declare(ImmutableArray<Buffer> a, ImmutableArray<Buffer> b) => a.Zip(b).All(p => Declare(p.First, p.Second));

        private bool Declare(Buffer a, Buffer b) =>
            a.Type == b.Type && a.Role == b.Role && a.Scope == b.Scope && a.Device == b.Device && a.Memory == b.Memory && Same(a.Shape, b.Shape)
            && Same(a.Layout, b.Layout) && a.TensorType == b.TensorType && Same(a.TensorShape, b.TensorShape) && Bind(a, b);

        private bool Same(BufferLayout? a, BufferLayout? b)
        {
            if (a is null || b is null) return a is null && b is null;
            if (a.Axes.Length != b.Axes.Length) return false;
            foreach (var (x, y) in a.Axes.Zip(b.Axes))
                if (!Bind(x, y)) return false;
            return Same(a.PhysicalShape, b.PhysicalShape) && Same(a.PhysicalIndices, b.PhysicalIndices);
        }

        private bool Correspond(ImmutableArray<Buffer> a, ImmutableArray<Buffer> b) => a.Length == b.Length && a.Zip(b).All(p => Corresponds(p.First, p.Second));

        private bool Bind(Var a, Var b) => a.Type == b.Type && Bind((object)a, b);

        // A node that stands in several places binds its variable several times; the last binding counts.
        private bool Bind(object a, object b)
        {
            if (_right.TryGetValue(a, out var before)) _left.Remove(before);
            if (_left.TryGetValue(b, out var other)) _right.Remove(other);
            _right[a] = b;
            _left[b] = a;
            return true;
        }

        private bool Corresponds(object a, object b) =>
            _right.TryGetValue(a, out var known) ? ReferenceEquals(known, b) : ReferenceEquals(a, b) && !_left.ContainsKey(b);
    }

    private sealed class PairComparer : IEqualityComparer<(object, object)>
    {
        public static readonly PairComparer Instance = new();
        public bool Equals((object, object) x, (object, object) y) => ReferenceEquals(x.Item1, y.Item1) && ReferenceEquals(x.Item2, y.Item2);
        public int GetHashCode((object, object) p) => unchecked(RuntimeHelpers.GetHashCode(p.Item1) * 397 ^ RuntimeHelpers.GetHashCode(p.Item2));
    }
}
