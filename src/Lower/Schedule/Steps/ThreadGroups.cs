using Tx.Core;
using Tx.Lang.Schedules;
using Tx.Lower.Ir;
using Tx.Lower.Schedule.Placement;
using Tx.Lower.Schedule.Primitives;

namespace Tx.Lower.Schedule.Steps;

/// <summary>A barrier joins the threads of one group: the thread loops around it stand directly inside each other.</summary>
internal static class ThreadGroups
{
    /// <exception cref="DiagnosticException">After the step a barrier would join a part of the threads around it.</exception>
    public static void Require(ScheduleState after, Directive d)
    {
        if (after.Function.Target is null) return;
        foreach (int number in after.Nests.Changed)
            if (after.Nests.TryGet(number, out var nest) && Search.For(nest!) is { } found)
                throw new DiagnosticException(Diagnostic.Create(ScheduleRefusals.MarkVoided, d.Span, Names.Of(after, found.Inner.Variable), "bound",
                    $"something stands between it and `{Names.Of(after, found.Outer.Variable)}`, and a barrier joins all threads of a block"));
    }

    private sealed class Search : Walker
    {
        private readonly Stack<For> _threads = new();
        private (For Outer, For Inner)? _found;

        public static (For Outer, For Inner)? For(Stmt nest)
        {
            var search = new Search();
            search.Visit(nest);
            return search._found;
        }

        public override void Visit(Stmt s)
        {
            if (s is Effect { Kind: EffectKind.Barrier })
            {
                var threads = _threads.ToArray();
                for (int i = 1; i < threads.Length; i++)
                    if (!ReferenceEquals(threads[i].Body, threads[i - 1])) _found ??= (threads[i], threads[i - 1]);
            }
            bool isThread = s is For f && CacheReadStep.IsThread(f);
            if (isThread) _threads.Push((For)s);
            base.Visit(s);
            if (isThread) _threads.Pop();
        }
    }
}
