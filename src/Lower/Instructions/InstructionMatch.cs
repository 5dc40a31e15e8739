using System.Collections.Immutable;
using Tx.Core;
using Tx.Lang.Instructions;
using Tx.Lang.Program;
using Tx.Lower.Analysis;
using Tx.Lower.Ir;
using Tx.Lower.Passes;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Instructions;

/// <summary>Why loops do not compute what an instruction does.</summary>
internal sealed record Mismatch(string Why, string Help)
{
    /// <summary>Which loop was taken for which index of the instruction when it was found.</summary>
    public string Loops { get; init; } = "";
}

/// <summary>An operand's place in a buffer: the indices of one element over the tile's loops and what is outside.</summary>
internal sealed record Tile(Buffer Buffer, ImmutableArray<Expr> Indices)
{
    /// <summary>Where the operand is a table, whose last index is an element or a number, the index of the buffer that this is, and its extent in the operand. That index is here the one of entry 0.</summary>
    public (int Dimension, long Extent)? Table { get; init; }
}

/// <summary>Loops that compute what an instruction does.</summary>
/// <param name="Loops">For each index of the pattern, the variable of the loop that is it.</param>
/// <param name="Tiles">For each operand its tile.</param>
internal sealed record InstructionMatch(InstructionPattern Pattern, ImmutableArray<Var> Loops, ImmutableDictionary<TensorSymbol, Tile> Tiles)
{
    /// <summary>Looks for an assignment of the loops to the pattern's indices under which a store is the pattern's.</summary>
    /// <param name="loops">The tile's loops, outermost first, of constant extent from 0; all of them.</param>
    /// <param name="store">Over these loops' variables and those outside.</param>
    /// <param name="combines">The store combines its value with the old one by this operator.</param>
    public static (InstructionMatch? Match, Mismatch? Mismatch) Find(InstructionPattern pattern, ImmutableArray<(Var Variable, long Extent)> loops, Store store, BinaryOp? combines, Expr value)
    {
        string name = pattern.Instruction.Name;
        if (combines != pattern.Combiner)
            return (null, new(pattern.Combiner is { } wanted
                ? $"`{name}` combines by `{wanted.Symbol}` with what `{pattern.Target.Name}` holds, and this {(combines is { } own ? $"combines by `{own.Symbol}`" : "replaces it")}"
                : $"`{name}` replaces what `{pattern.Target.Name}` holds, and this combines with it", "take an instruction of that form"));
        foreach (var (v, n) in loops)
            if (!pattern.Indices.Any(i => i.Extent == n)) return (null, new($"`{v.Name}` runs {n} times, and no index of `{name}` does: {pattern.Describe}", "split the loops by the instruction's extents first"));
        if (loops.Length != pattern.Indices.Length || !loops.Select(l => l.Extent).Order().SequenceEqual(pattern.Indices.Select(i => i.Extent).Order()))
        {
            var left = loops.Select(l => l.Extent).ToList();
            var missing = pattern.Indices.First(i => !left.Remove(i.Extent));
            return (null, new($"no loop here is `{missing.Name}` of `{name}`, which runs {missing.Extent} times", "take the loop outside of all those that the instruction covers, with these directly inside"));
        }
        Mismatch? best = null;
        int bestDepth = -1;
        foreach (var order in Orders(pattern.Indices, loops))
        {
            var attempt = new Attempt(pattern, order);
            if (attempt.Run(store, value)) return (new(pattern, order, attempt.Tiles.ToImmutableDictionary()), null);
            if (attempt.Depth > bestDepth) (best, bestDepth) = (attempt.Mismatch! with { Loops = Assignment(pattern, order) }, attempt.Depth);
        }
        return (null, best);
    }

    private static string Assignment(InstructionPattern pattern, ImmutableArray<Var> loops) =>
        loops.IsEmpty ? "" : $" (here {string.Join(", ", pattern.Indices.Zip(loops).Select(p => $"`{p.Second.Name}` is its `{p.First.Name}`"))})";

    // All assignments of loops with the right extents, that of the nest's own order first.
    private static IEnumerable<ImmutableArray<Var>> Orders(ImmutableArray<PatternIndex> indices, ImmutableArray<(Var Variable, long Extent)> loops)
    {
        if (indices.IsEmpty)
        {
            yield return [];
            yield break;
        }
        for (int n = 0; n < loops.Length; n++)
            if (loops[n].Extent == indices[0].Extent)
                foreach (var rest in Orders(indices[1..], loops.RemoveAt(n))) yield return [loops[n].Variable, .. rest];
    }

    public long ExtentOf(Var loop) => Pattern.Indices[Loops.IndexOf(loop)].Extent;

    /// <summary>What the instruction declares, on the tiles.</summary>
    public Store Store(BinaryOp? combines, Origin? origin)
    {
        var value = new OnTiles(this).Visit(Pattern.Value);
        var (buffer, indices) = Tiles[Pattern.Target];
        return new(buffer, indices, combines is { } op ? Expr.Make(op, new Load(buffer, indices), value) : value, null, false, origin);
    }

    private sealed class OnTiles(InstructionMatch match) : Rewriter
    {
        protected override Expr VisitVar(Var v) =>
            match.Pattern.Indices.Select(i => i.Variable).ToImmutableArray().IndexOf(v) is >= 0 and var n ? match.Loops[n] : v;

        protected override Expr VisitLoad(Load l)
        {
            var tile = match.Tiles[match.Pattern.Operands[l.Buffer]];
            return new Load(tile.Buffer, tile.Table is { } t ? tile.Indices.SetItem(t.Dimension, tile.Indices[t.Dimension] + Visit(l.Indices[^1])) : tile.Indices);
        }
    }

    /// <summary>The indices of all elements of an operand at once, in row-major order of its dimensions.</summary>
    public ImmutableArray<Expr> Vector(TensorSymbol operand)
    {
        var dimensions = DimensionsOf(Pattern, operand);
        var tile = Tiles[operand];
        return [.. tile.Indices.Select((e, n) => Lanes(e, dimensions, tile.Table?.Extent ?? 1, n == tile.Table?.Dimension))];
    }

    // The entries of a table are the last dimension: in one index of the buffer they follow each other, in the others they are all the same.
    private Expr Lanes(Expr index, ImmutableArray<PatternIndex> dimensions, long entries, bool isTable)
    {
        var form = LinearForm.Of(index)!;
        var rest = form;
        var parts = new List<(long Extent, long Stride)>();
        foreach (var i in dimensions)
        {
            var loop = Loops[Pattern.Indices.IndexOf(i)];
            parts.Add((i.Extent, form.CoefficientOf(loop)));
            rest = rest.Replace(loop, LinearForm.Of(0))!;
        }
        parts.Add((entries, isTable ? 1 : 0));
        parts.RemoveAll(p => p.Extent == 1);
        // Dimensions that go on where the next one ends are one.
        for (int n = parts.Count - 2; n >= 0; n--)
        {
            var (extent, stride) = parts[n + 1];
            if (stride == 0 || parts[n].Stride != stride * extent) continue;
            parts[n] = (parts[n].Extent * extent, stride);
            parts.RemoveAt(n + 1);
        }
        long lanes = parts.Aggregate(1L, (n, p) => n * p.Extent), inside = lanes;
        Expr vector = Expr.Index(0);
        foreach (var (extent, stride) in parts)
        {
            inside /= extent;
            if (stride == 0) continue;
            Expr lane = new Ramp(Expr.Index(0), Expr.Index(1), (int)lanes);
            if (inside > 1) lane = Expr.Make(BinaryOp.Div, lane, Expr.Index(inside));
            if (inside * extent < lanes) lane = Expr.Make(BinaryOp.Mod, lane, Expr.Index(extent));
            vector = LaneMath.Add(vector, LaneMath.Mul(lane, Expr.Index(stride)));
        }
        return LaneMath.Add(rest.ToExpr(), vector);
    }

    private static ImmutableArray<PatternIndex> DimensionsOf(InstructionPattern pattern, TensorSymbol operand)
    {
        var found = new Finder(pattern, operand);
        if (operand == pattern.Target) return [.. pattern.Written.Select(found.IndexOf)];
        found.Visit(pattern.Value);
        return found.Dimensions ?? throw new CompilerBugException("instruction", $"{operand.Name} is not read");
    }

    private sealed class Finder(InstructionPattern pattern, TensorSymbol operand) : Walker
    {
        public ImmutableArray<PatternIndex>? Dimensions { get; private set; }

        public PatternIndex IndexOf(Expr e) => pattern.Indices.First(i => ReferenceEquals(i.Variable, e));

        public override void Visit(Expr e)
        {
            if (e is Load l && pattern.Operands[l.Buffer] == operand) Dimensions = [.. l.Indices.Where(i => i is Var).Select(IndexOf)];
            else base.Visit(e);
        }
    }

    /// <summary>One assignment of loops to indices.</summary>
    private sealed class Attempt(InstructionPattern pattern, ImmutableArray<Var> loops)
    {
        public Dictionary<TensorSymbol, Tile> Tiles { get; private set; } = [];
        public Mismatch? Mismatch { get; private set; }
        /// <summary>How much of the value agreed.</summary>
        public int Depth { get; private set; }

        public bool Run(Store store, Expr value) =>
            Place(pattern.Target, [.. pattern.Written], store.Buffer, store.Indices, isWritten: true) && Unify(pattern.Value, value);

        private bool Fail(string why, string help)
        {
            Mismatch ??= new(why, help);
            return false;
        }

        private bool Unify(Expr p, Expr a)
        {
            switch (p, a)
            {
                case (Load x, Load y):
                    if (y.Predicate is not null) return Fail($"`{y.Buffer.Name}` is read under a condition where `{pattern.Operands[x.Buffer].Name}` is expected", "read through a cache that holds the neutral value: `cache_read`");
                    return x.Indices is [.., not Var and var entry] ? PlaceTable(pattern.Operands[x.Buffer], x.Indices[..^1], entry, y)
                        : Place(pattern.Operands[x.Buffer], x.Indices, y.Buffer, y.Indices, isWritten: false);
                case (Var x, _) when loops[IndexOf(x)] is var loop:
                    if (!StructuralComparer.Equal(loop, a)) return Fail($"`{Show(a)}` stands where `{Show(loop)}` is expected, from 0 on", "take a loop over all of this index");
                    Depth++;
                    return true;
                case (IntImm or FloatImm, IntImm or FloatImm) when StructuralComparer.Equal(p, a): Depth++; return true;
                case (Cast x, Cast y) when x.Kind == y.Kind && x.Type == y.Type: Depth++; return Unify(Unwidened(x.Operand, x.Kind), Unwidened(y.Operand, y.Kind));
                case (Unary x, Unary y) when x.Op == y.Op: Depth++; return Unify(x.Operand, y.Operand);
                case (Select x, Select y): Depth++; return Unify(x.Condition, y.Condition) && Unify(x.Then, y.Then) && Unify(x.Else, y.Else);
                case (Call x, Call y) when x.Function == y.Function: Depth++; return x.Arguments.Zip(y.Arguments).All(q => Unify(q.First, q.Second));
                case (Binary x, Binary y) when x.Op == y.Op && x.Left.Type == y.Left.Type:
                    Depth++;
                    var (tiles, first) = (new Dictionary<TensorSymbol, Tile>(Tiles), Mismatch);
                    if (Unify(x.Left, y.Left) && Unify(x.Right, y.Right)) return true;
                    if (x.Op is not (BinaryOp.Add or BinaryOp.Mul or BinaryOp.And or BinaryOp.Or or BinaryOp.Xor)) return false;
                    var why = Mismatch;
                    (Tiles, Mismatch) = (tiles, first);
                    if (Unify(x.Left, y.Right) && Unify(x.Right, y.Left)) return true;
                    Mismatch = why;
                    return false;
                default: return Fail($"`{Show(a)}` stands where `{Show(p)}` is expected", "take an instruction that computes this, or write the equation with the same types and operators");
            }
        }

        // i32(i16(x)) of a byte is i32(x): an operand that was widened in two steps.
        private static Expr Unwidened(Expr e, CastKind outer) =>
            e is Cast { Kind: CastKind.Convert } c && outer is CastKind.Convert && c.Type.Element.Holds(c.Operand.Type.Element) ? Unwidened(c.Operand, outer) : e;

        // Iteration variables have a "v" before their names.
        private string Show(Expr e) =>
            e.Substitute(e.FreeVars().Where(v => v.Name.Length > 1 && v.Name[0] == 'v' && !loops.Contains(v)).ToDictionary(v => v, v => (Expr)Var.Index(v.Name[1..]))).ToString();

        // A table is looked up along one index of the buffer; what the others are is the same for all entries.
        private bool PlaceTable(TensorSymbol operand, ImmutableArray<Expr> dimensions, Expr entry, Load read)
        {
            long extent = ((ConstTerm)operand.Shape[^1]).Value.Integer;
            var (tiles, first) = (new Dictionary<TensorSymbol, Tile>(Tiles), Mismatch);
            if (entry is IntImm { Value: var number }) return PlaceEntry(operand, dimensions, number, extent, read);
            for (int n = read.Indices.Length - 1; n >= 0; n--)
            {
                (Tiles, Mismatch) = (new(tiles), first);
                if (!Unify(entry, read.Indices[n])) continue;
                return read.Buffer.Shape[n] is IntImm { Value: var entries } && entries >= extent
                    ? Place(operand, dimensions, read.Buffer, read.Indices.SetItem(n, Expr.Index(0)), isWritten: false, (n, extent))
                    : Fail($"dimension {n} of `{read.Buffer.Name}` is not proved to have the {extent} entries of operand `{operand.Name}`", "look up a tensor of constant extent");
            }
            (Tiles, Mismatch) = (tiles, first);
            return Fail($"`{read.Buffer.Name}[{string.Join(", ", read.Indices.Select(Show))}]` is not looked up at `{Show(entry)}`, as operand `{operand.Name}` is", "write the index as the instruction does");
        }

        // All entries are read by their numbers, so that those of the buffer are inside of it wherever they start.
        private bool PlaceEntry(TensorSymbol operand, ImmutableArray<Expr> dimensions, long entry, long extent, Load read)
        {
            var (first, why) = (Mismatch, (Mismatch?)null);
            for (int n = read.Indices.Length - 1; n >= 0; n--)
            {
                if (LinearForm.Of(read.Indices[n])?.Plus(-entry) is not { } start) continue;
                if (Place(operand, dimensions, read.Buffer, read.Indices.SetItem(n, start.ToExpr()), isWritten: false, (n, extent))) return true;
                why ??= Mismatch;
                Mismatch = first;
            }
            Mismatch = why;
            return why is null && Fail($"`{read.Buffer.Name}[{string.Join(", ", read.Indices.Select(Show))}]` has no linear index, and operand `{operand.Name}` is read at entry {entry}", "write the index as the instruction does");
        }

        private bool Place(TensorSymbol operand, ImmutableArray<Expr> dimensions, Buffer buffer, ImmutableArray<Expr> indices, bool isWritten, (int Dimension, long Extent)? table = null)
        {
            if (buffer.Type != operand.Type) return Fail($"`{buffer.Name}` is {buffer.Type.Name}, and operand `{operand.Name}` is {operand.Type.Name}", "take an instruction for this type");
            var own = dimensions.Select(d => loops[IndexOf(d)]).ToList();
            foreach (var index in indices)
            {
                var used = loops.Where(v => index.UsesVar(v)).ToList();
                if (used.Count == 0) continue;
                var form = LinearForm.Of(index);
                if (form is null || form.Terms.Any(t => t.Key is not Var && t.Key.UsesAny(v => loops.Contains(v))))
                    return Fail($"`{buffer.Name}` is read at `{Show(index)}`, which is not linear in `{used[0].Name}`, where operand `{operand.Name}` is expected", "split the loops by the instruction's extents");
                if (used.FirstOrDefault(v => !own.Contains(v)) is { } stranger)
                    return Fail($"`{buffer.Name}[{string.Join(", ", indices.Select(Show))}]` changes with `{stranger.Name}`, and operand `{operand.Name}` does not", $"take another loop order, or an instruction in which `{operand.Name}` runs along it");
                if (isWritten && used.Count > 1) return Fail($"`{used[0].Name}` and `{used[1].Name}` meet in one index of `{buffer.Name}`", "take an instruction whose result has one dimension for each");
            }
            for (int d = 0; d < own.Count; d++)
                if (pattern.Indices[IndexOf(dimensions[d])].Extent > 1 && indices.Count(e => e.UsesVar(own[d])) != 1)
                    return Fail($"`{buffer.Name}[{string.Join(", ", indices.Select(Show))}]` does not run along `{own[d].Name}` as operand `{operand.Name}` does", "take an instruction in which it is the same for all of them");
            if (Tiles.TryGetValue(operand, out var known))
                return ReferenceEquals(known.Buffer, buffer) && known.Indices.SequenceEqual(indices, StructuralComparer.Instance) || Fail($"operand `{operand.Name}` is `{known.Buffer.Name}` and `{buffer.Name}`", "use one tensor for both");
            if (!isWritten && pattern.Target == operand) throw new CompilerBugException("instruction", $"{operand.Name} is read and written");
            // The last dimension lies in neighbouring elements.
            ImmutableArray<Expr> Row(Expr lanes, int at) => [.. indices.Select((e, n) => n == at ? lanes : e).Select(e => e.Substitute(loops.ToDictionary(v => v, _ => (Expr)Expr.Index(0))))];
            bool IsRow(ImmutableArray<Expr> row) => FlattenStorage.IndexOf(buffer, row) is Ramp { Stride: IntImm { Value: 1 } };
            if (table is { } t)
            {
                if (t.Extent > 1 && !IsRow(Row(LaneMath.Add(indices[t.Dimension], new Ramp(Expr.Index(0), Expr.Index(1), (int)t.Extent)), t.Dimension)))
                    return Fail($"entries of `{buffer.Name}` are not neighbouring elements, as those of operand `{operand.Name}` are", $"give it a layout: `{buffer.Name}.cache_read(at = …, layout = …)`");
            }
            else if (own.Count > 0 && pattern.Indices[IndexOf(dimensions[^1])].Extent is > 1 and var lanes)
            {
                int last = indices.ToList().FindIndex(e => LinearForm.Of(e) is { } form && form.CoefficientOf(own[^1]) != 0);
                var form = LinearForm.Of(indices[last])!;
                if (!IsRow(Row(LaneMath.Add(form.Replace(own[^1], LinearForm.Of(0))!.ToExpr(), new Ramp(Expr.Index(0), Expr.Index(form.CoefficientOf(own[^1])), (int)lanes)), last)))
                    return Fail($"`{own[^1].Name}` does not run over neighbouring elements of `{buffer.Name}`, as the last dimension of operand `{operand.Name}` does", $"give it a layout: `{buffer.Name}.cache_read(at = …, layout = …)`");
            }
            Depth += 2;
            Tiles[operand] = new(buffer, indices) { Table = table };
            return true;
        }

        private int IndexOf(Expr dimension)
        {
            for (int n = 0; n < pattern.Indices.Length; n++)
                if (ReferenceEquals(pattern.Indices[n].Variable, dimension)) return n;
            throw new CompilerBugException("instruction", $"{dimension} is no index");
        }
    }
}
