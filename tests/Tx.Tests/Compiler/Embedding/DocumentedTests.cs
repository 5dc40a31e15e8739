using System.Reflection;
using System.Xml.Linq;
using Tx.Core;
using Tx.Runtime;

namespace Tx.Tests.Compiler.Embedding;

/// <summary>What people who embed tx meet says what it does.</summary>
public class DocumentedTests
{
    public static TheoryData<Type> Types() =>
    [
        typeof(TxProgram), typeof(TxOperator), typeof(ProgramOptions), typeof(CompileOptions), typeof(Kernel), typeof(CallableKernel), typeof(TensorArgument), typeof(ViewKind),
        typeof(KernelLibrary), typeof(LibraryKernel), typeof(WorkerPool),
    ];

    [Theory, MemberData(nameof(Types))]
    public void Members_are_documented(Type type)
    {
        string file = Path.ChangeExtension(type.Assembly.Location, ".xml");
        var documented = XDocument.Load(file).Descendants("member").Where(m => m.HasElements).Select(m => m.Attribute("name")!.Value.Split('(')[0].Split('~')[0]).ToHashSet();
        Assert.Contains($"T:{type.FullName}", documented);
        var members = type.GetMembers(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly)
            .Where(m => m is not (Type or ConstructorInfo or MethodInfo { IsSpecialName: true, Name: not "op_Implicit" }) && m.Name is not ("Dispose" or "value__" or "Name" or "Path" or "Image"));
        Assert.Empty(members.Select(m => $"{(m is MethodInfo ? "M" : m is PropertyInfo ? "P" : "F")}:{type.FullName}.{m.Name}{(m is MethodInfo { IsGenericMethod: true } g ? $"``{g.GetGenericArguments().Length}" : "")}").Except(documented));
    }
}
