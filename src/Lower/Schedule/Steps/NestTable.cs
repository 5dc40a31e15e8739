using System.Collections.Immutable;
using Tx.Core;
using Tx.Lower.Ir;
using Buffer = Tx.Lower.Ir.Buffer;

namespace Tx.Lower.Schedule.Steps;

/// <summary>The nests of a function in order, with an index from loops, instances and buffers to them. A step replaces the nests that it changes; what it costs
/// depends on their size, not on the function's. Immutable.</summary>
public sealed class NestTable
{
    public static readonly NestTable Empty = new([], ImmutableDictionary<int, Entry>.Empty, ImmutableDictionary<Var, int>.Empty, ImmutableDictionary.Create<string, int>(StringComparer.Ordinal),
        ImmutableDictionary<Buffer, ImmutableSortedSet<int>>.Empty, ImmutableDictionary<Buffer, ImmutableSortedSet<int>>.Empty, 0, []);

    private readonly ImmutableList<int> _order;
    private readonly ImmutableDictionary<int, Entry> _nests;
    private readonly ImmutableDictionary<Var, int> _ofLoop;
    private readonly ImmutableDictionary<string, int> _ofInstance;
    private readonly ImmutableDictionary<Buffer, ImmutableSortedSet<int>> _readers, _writers;
    private readonly int _next;

    private NestTable(ImmutableList<int> order, ImmutableDictionary<int, Entry> nests, ImmutableDictionary<Var, int> ofLoop, ImmutableDictionary<string, int> ofInstance,
        ImmutableDictionary<Buffer, ImmutableSortedSet<int>> readers, ImmutableDictionary<Buffer, ImmutableSortedSet<int>> writers, int next, ImmutableSortedSet<int> changed) =>
        (_order, _nests, _ofLoop, _ofInstance, _readers, _writers, _next, Changed) = (order, nests, ofLoop, ofInstance, readers, writers, next, changed);

    /// <summary>Numbers of the nests that are new since <see cref="Settled"/>.</summary>
    public ImmutableSortedSet<int> Changed { get; }
    /// <summary>The same table; what changes from here on is <see cref="Changed"/>.</summary>
    public NestTable Settled => Changed.IsEmpty ? this : new(_order, _nests, _ofLoop, _ofInstance, _readers, _writers, _next, []);

    public static NestTable Of(Stmt body) => (body is Block b ? b.Statements : [body]).Aggregate(Empty, (t, nest) => t.Append(nest));

    /// <summary>The nests' numbers, in the order in which they run. A number stays that of its nest while others come and go.</summary>
    public ImmutableList<int> Order => _order;
    public Stmt this[int nest] => _nests[nest].Nest;
    public bool TryGet(int number, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Stmt? nest)
    {
        nest = _nests.TryGetValue(number, out var entry) ? entry.Nest : null;
        return nest is not null;
    }
    /// <summary>Instances of a nest, in the order of the text.</summary>
    public ImmutableArray<Instance> Instances(int nest) => _nests[nest].Instances;
    public int? FindNest(Var loop) => _ofLoop.TryGetValue(loop, out int n) ? n : null;
    public int? FindNest(string instance) => _ofInstance.TryGetValue(instance, out int n) ? n : null;
    /// <summary>Nests with an instance that reads the buffer.</summary>
    public ImmutableSortedSet<int> Readers(Buffer buffer) => _readers.GetValueOrDefault(buffer, []);
    /// <summary>Nests with an instance that writes the buffer.</summary>
    public ImmutableSortedSet<int> Writers(Buffer buffer) => _writers.GetValueOrDefault(buffer, []);
    public Stmt Body => Block.Of(_order.Select(n => _nests[n].Nest));
    public IEnumerable<string> InstanceNames => _ofInstance.Keys;
    /// <summary>Nodes that <see cref="Replace"/> and its kin have looked at in nests of their own; for tests of growth.</summary>
    public int NodeCount(int nest) => _nests[nest].Nodes;

    public NestTable Append(Stmt nest) => Insert(_order.Count, nest);

    public NestTable InsertBefore(int other, Stmt nest) => Insert(_order.IndexOf(other), nest);
    public NestTable InsertAfter(int other, Stmt nest) => Insert(_order.IndexOf(other) + 1, nest);

    private NestTable Insert(int position, Stmt nest)
    {
        var placed = new NestTable(_order.Insert(position, _next), _nests, _ofLoop, _ofInstance, _readers, _writers, _next + 1, Changed);
        return placed.Put(_next, nest);
    }

    /// <summary>Puts a nest in the place of one; the same table where it is the same nest.</summary>
    public NestTable Replace(int number, Stmt nest) => ReferenceEquals(_nests[number].Nest, nest) ? this : Take(number).Put(number, nest);

    public NestTable Remove(int number)
    {
        var taken = Take(number);
        return new(_order.Remove(number), taken._nests, taken._ofLoop, taken._ofInstance, taken._readers, taken._writers, _next, Changed.Remove(number));
    }

    private NestTable Take(int number)
    {
        var entry = _nests[number];
        return new(_order, _nests.Remove(number), _ofLoop.RemoveRange(entry.Loops.Select(l => l.Variable)), _ofInstance.RemoveRange(entry.Instances.Select(i => i.Name)),
            Without(_readers, entry.Reads, number), Without(_writers, entry.Writes, number), _next, Changed);
    }

    private NestTable Put(int number, Stmt nest)
    {
        var entry = Entry.Of(nest);
        return new(_order, _nests.Add(number, entry), _ofLoop.SetItems(entry.Loops.Select(l => KeyValuePair.Create(l.Variable, number))),
            _ofInstance.SetItems(entry.Instances.Select(i => KeyValuePair.Create(i.Name, number))), With(_readers, entry.Reads, number), With(_writers, entry.Writes, number), _next, Changed.Add(number));
    }

    private static ImmutableDictionary<Buffer, ImmutableSortedSet<int>> With(ImmutableDictionary<Buffer, ImmutableSortedSet<int>> users, ImmutableHashSet<Buffer> buffers, int number) =>
        users.SetItems(buffers.Select(b => KeyValuePair.Create(b, users.GetValueOrDefault(b, []).Add(number))));

    private static ImmutableDictionary<Buffer, ImmutableSortedSet<int>> Without(ImmutableDictionary<Buffer, ImmutableSortedSet<int>> users, ImmutableHashSet<Buffer> buffers, int number) =>
        users.SetItems(buffers.Select(b => KeyValuePair.Create(b, users.GetValueOrDefault(b, []).Remove(number))));

    private sealed record Entry(Stmt Nest, ImmutableArray<For> Loops, ImmutableArray<Instance> Instances, ImmutableHashSet<Buffer> Reads, ImmutableHashSet<Buffer> Writes, int Nodes)
    {
        public static Entry Of(Stmt nest)
        {
            var loops = ImmutableArray.CreateBuilder<For>();
            var instances = ImmutableArray.CreateBuilder<Instance>();
            var (reads, writes) = (ImmutableHashSet.CreateBuilder<Buffer>(), ImmutableHashSet.CreateBuilder<Buffer>());
            int nodes = 0;
            Visit(nest);
            return new(nest, loops.ToImmutable(), instances.ToImmutable(), reads.ToImmutable(), writes.ToImmutable(), nodes);

            void Visit(Stmt s)
            {
                nodes++;
                switch (s)
                {
                    case Block b: foreach (var x in b.Statements) Visit(x); break;
                    case For f: loops.Add(f); Visit(f.Body); break;
                    case Allocate a: Visit(a.Body); break;
                    case LetStmt l: Visit(l.Body); break;
                    case If i: Visit(i.Then); if (i.Else is not null) Visit(i.Else); break;
                    case Instance i:
                        instances.Add(i);
                        foreach (var r in i.Reads) reads.Add(r.Buffer);
                        foreach (var r in i.Writes) writes.Add(r.Buffer);
                        break;
                    case Effect x:
                        foreach (var b in x.Buffers) { reads.Add(b); if (x.Kind is EffectKind.Copy) writes.Add(b); }
                        break;
                    default: throw new CompilerBugException("schedule", $"{s.GetType().Name} stands in a nest");
                }
            }
        }
    }
}
