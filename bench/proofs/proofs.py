"""Times of the proofs of all steps, accepted and refused, warm: python3 bench/proofs/proofs.py [ROUNDS]. A step's time is the least of the rounds."""
import glob, json, os, re, statistics, subprocess, sys, tempfile

root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 4
with tempfile.TemporaryDirectory() as folder:
    files = []
    for path in sorted(glob.glob(f"{root}/tests/cases/refused/*.tx")):
        head, *cases = re.split(r"(?m)^// ----\n", open(path, encoding="utf-8").read())
        for n, case in enumerate(cases, 1):
            files.append(f"{folder}/{os.path.basename(path)[:-3]}_{n}.tx")
            with open(files[-1], "w", encoding="utf-8") as f:
                f.write(head + case)
    files += sorted(glob.glob(f"{root}/tests/cases/run/*.tx"))
    command = [f"{root}/tx", "check", "--json", "--evidence"]
    lines = subprocess.run(command + files * (rounds + 1), capture_output=True, text=True).stdout.splitlines()
steps = [step for step in map(json.loads, lines) if "ms" in step]
count = len(steps) // (rounds + 1)
best = [min(steps[n + count * r]["ms"] for r in range(1, rounds + 1)) for n in range(count)]
times = sorted(best)
print(f"{count} steps, {sum(s['tier'] == 'refused' for s in steps[:count])} refused: median {statistics.median(times):.2f} ms, 95 % below {times[int(count * 0.95)]:.1f} ms, worst {times[-1]:.1f} ms")
for n in sorted(range(count), key=lambda n: -best[n])[:12]:
    print(f"{best[n]:8.2f} ms  {steps[n]['tier']:8} {steps[n]['op']}: {steps[n]['directive']}")
