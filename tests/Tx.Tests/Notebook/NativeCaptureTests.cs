using System.Text;
using Tx.Repl.Notebook;

namespace Tx.Tests.Notebook;

/// <summary>Output that native code writes straight to a file comes in order among what is printed.</summary>
public class NativeCaptureTests
{
    private static (string Output, string Error, string Late) Capture(Action<NativeCapture, int, int> write)
    {
        var (text, error) = (new StringBuilder(), new StringBuilder());
        var (output, errors) = (Posix.Pipe(), Posix.Pipe());
        string seen;
        using (var capture = new NativeCapture(output.Write, errors.Write, (isError, s) => { lock (text) (isError ? error : text).Append(s); }))
        {
            write(capture, output.Write, errors.Write);
            capture.Flush();
            lock (text) seen = text.ToString();
        }
        // What was there before is there again.
        Posix.Write(output.Write, "after"u8);
        byte[] late = new byte[16];
        int count = Posix.Read(output.Read, late);
        foreach (int file in (int[])[output.Read, output.Write, errors.Read, errors.Write]) _ = Posix.Close(file);
        return (seen, error.ToString(), Encoding.UTF8.GetString(late, 0, count));
    }

    [Fact]
    public void LinesComeInOrder()
    {
        var (seen, error, late) = Capture((capture, output, errors) =>
        {
            for (int n = 0; n < 10_000; n++)
            {
                Posix.Write(output, Encoding.UTF8.GetBytes($"native {n}\n"));
                capture.Print($"printed {n}\n");
            }
            Posix.Write(errors, "warning\n"u8);
        });
        Assert.Equal(string.Concat(Enumerable.Range(0, 10_000).Select(n => $"native {n}\nprinted {n}\n")), seen);
        Assert.Equal("warning\n", error);
        Assert.Equal("after", late);
    }

    [Fact]
    public void FlushHandsOnEverythingSoFar()
    {
        var parts = new List<string>();
        var text = new StringBuilder();
        var (output, errors) = (Posix.Pipe(), Posix.Pipe());
        using (var capture = new NativeCapture(output.Write, errors.Write, (_, s) => text.Append(s)))
            for (int n = 0; n < 200; n++)
            {
                capture.Print($"{n}\0½");
                capture.Flush();
                parts.Add(text.ToString());
                text.Clear();
            }
        Assert.Equal(Enumerable.Range(0, 200).Select(n => $"{n}\0½"), parts);
        foreach (int file in (int[])[output.Read, output.Write, errors.Read, errors.Write]) _ = Posix.Close(file);
    }

    [Fact]
    public void LettersThatComeInPiecesStayWhole()
    {
        var (seen, _, _) = Capture((_, output, _) =>
        {
            foreach (byte b in "½𝕏"u8.ToArray()) Posix.Write(output, [b]);
            Posix.Write(output, [0xFF]);
        });
        Assert.Equal("½𝕏", seen[..3]);
    }
}
