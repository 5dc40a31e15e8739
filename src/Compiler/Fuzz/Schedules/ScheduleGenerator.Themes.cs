using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Steps;

namespace Tx.Fuzz.Schedules;

// Most schedules have two or three steps that they are to hold together, so that rare ones meet each other.
internal sealed partial class ScheduleGenerator
{
    // Those that need others first, or certain programs.
    private static readonly HashSet<string> Rare =
        ["fold", "store_at", "reverse_compute_at", "pipeline", "double_buffer", "decompose_reduction", "tile", "pad", "tensorize", "rfactor", "nontemporal"];
    private static readonly HashSet<string> OfDevices = ["bind", "vthread", "cooperative"];

    private readonly HashSet<string> _themes = new(StringComparer.Ordinal);

    private void DrawThemes()
    {
        if (OneIn(5)) return;
        var all = _proposals.Select(p => p.Primitive).Distinct().Where(p => IsDevice || !OfDevices.Contains(p)).ToList();
        all = [.. all.SelectMany(p => Enumerable.Repeat(p, p is "cooperative" ? 16 : OfDevices.Contains(p) ? 6 : p is "fold" or "reverse_compute_at" ? 8 : Rare.Contains(p) ? 3 : 1))];
        for (int n = 2 + _random.Next(2); n > 0; n--) _themes.Add(Pick(all));
    }

    /// <summary>A step that a theme needs: itself, or what has to stand before it.</summary>
    private Proposal? Towards(string primitive)
    {
        if (primitive is "double_buffer" or "pipeline" && (OneIn(4) || !_lines.Exists(l => l.Primitive is "cache_read"))) return CacheRead();
        if (primitive is "fold" or "store_at" && (OneIn(4) || _state.Placed.IsEmpty)) return ComputeAt();
        if (primitive is "cooperative")
        {
            if (!_state.Nests.Order.Any(n => LoopPlace.LoopsIn(_state.Nests[n]).Any(IsThread))) return OneIn(3) ? Split() : Bind();
            if (OneIn(4) || !LiveStages().Exists(s => _state.FindBuffer(s) is { Scope: MemoryScope.Shared })) return SharedCache();
        }
        if (primitive is "tensorize" or "vthread" && _sizes is null && OneIn(2)) return Split();
        var ways = _proposals.Where(p => p.Primitive == primitive).ToList();
        return Pick(ways).Make();
    }
}
