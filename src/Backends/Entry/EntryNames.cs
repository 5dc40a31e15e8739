namespace Tx.Backends.Entry;

/// <summary>Names of what a library is made of beside its operators.</summary>
public static class EntryNames
{
    public static string Arena(string entry) => entry + "_arena";
    public static string Fail(string prefix) => prefix + "_tx_fail";
    public static string Launcher(string prefix) => prefix + "_tx_launcher";
    public static string Level(string prefix) => prefix + "_tx_level";
    public static string SetLauncher(string prefix) => prefix + "_set_launcher";
    public static string Cpu(string prefix) => prefix + "_cpu";
    public static string SetCpu(string prefix) => prefix + "_set_cpu";
    public static string Manifest(string prefix) => prefix + "_manifest";
}
