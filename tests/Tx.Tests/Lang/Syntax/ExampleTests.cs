using Antlr4.Runtime;
using Antlr4.Runtime.Atn;
using Antlr4.Runtime.Dfa;
using Antlr4.Runtime.Sharpen;
using Tx.Core;
using Tx.Lang.Syntax;

namespace Tx.Tests.Lang.Syntax;

/// <summary>The sample programs: no errors, no ambiguity, and a layout that parses back.</summary>
public class ExampleTests
{
    public static IEnumerable<string> Files() =>
        Directory.EnumerateFiles(Path.Combine(CaseFiles.Root, "examples"), "*.tx").Order(StringComparer.Ordinal);

    public static TheoryData<string> Names() => new(Files().Select(f => Path.GetFileName(f)!));

    private static string Read(string name) => File.ReadAllText(Path.Combine(CaseFiles.Root, "examples", name));

    [Theory, MemberData(nameof(Names))]
    public void Parse(string name) => Assert.NotEmpty(ParsedText.Items(Read(name)));

    [Theory, MemberData(nameof(Names))]
    public void AreUnambiguous(string name)
    {
        var reporter = new SyntaxReporter(new SourceText(name, Read(name)));
        var parser = SyntaxParser.Prepare(reporter.Source, reporter, out _)!;
        var ambiguities = new AmbiguityCollector();
        parser.AddErrorListener(ambiguities);
        parser.Interpreter.PredictionMode = PredictionMode.LL_EXACT_AMBIG_DETECTION;
        parser.file();
        Assert.Empty(ambiguities.Reports);
    }

    [Theory, MemberData(nameof(Names))]
    public void PrintToTheSameTokens(string name)
    {
        string text = Read(name), printed = SyntaxPrinter.Print(ParsedText.Parse(text).Root);
        Assert.Equal(Words(text), Words(printed));
        Assert.Equal(printed, SyntaxPrinter.Print(new FileSyntax(default, ParsedText.Items(printed))));
    }

    /// <summary>The words and signs of a text without those that the layout decides: line ends, parentheses, underscores in numbers.</summary>
    private static List<string> Words(string text)
    {
        var scanned = TokenScanner.Scan(new SourceText("<text>", text), new SyntaxReporter(new SourceText("<text>", text)))!;
        return [.. scanned.Tokens.Select(Word).Where(w => w is not ("(" or ")" or ";"))];

        static string Word(SourceToken token) =>
            double.TryParse(token.Text, System.Globalization.CultureInfo.InvariantCulture, out double number)
                ? number.ToString(System.Globalization.CultureInfo.InvariantCulture) : token.Text;
    }

    private sealed class AmbiguityCollector : BaseErrorListener, IParserErrorListener
    {
        public List<string> Reports { get; } = [];

        public override void ReportAmbiguity(Parser recognizer, DFA dfa, int startIndex, int stopIndex, bool exact, BitSet ambigAlts, ATNConfigSet configs) =>
            Add("ambiguity", recognizer, dfa, startIndex, stopIndex);

        public override void ReportAttemptingFullContext(Parser recognizer, DFA dfa, int startIndex, int stopIndex, BitSet conflictingAlts, SimulatorState conflictState) =>
            Add("full context", recognizer, dfa, startIndex, stopIndex);

        public override void ReportContextSensitivity(Parser recognizer, DFA dfa, int startIndex, int stopIndex, int prediction, SimulatorState acceptState) =>
            Add("context sensitivity", recognizer, dfa, startIndex, stopIndex);

        private void Add(string kind, Parser recognizer, DFA dfa, int start, int stop) =>
            Reports.Add($"{kind} in {recognizer.RuleNames[dfa.atnStartState.ruleIndex]} at {((ITokenStream)recognizer.InputStream).Get(start)} to {((ITokenStream)recognizer.InputStream).Get(stop)}");
    }
}
