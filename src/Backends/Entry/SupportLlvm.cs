using System.Text;
using Tx.Backends.Llvm;
using Tx.Core;

namespace Tx.Backends.Entry;

/// <summary>What all entry points of a library share, as LLVM IR: refusals in words, the launcher of parallel loops, the manifest.</summary>
internal static class SupportLlvm
{
    /// <param name="manifest">A description of the library, in JSON.</param>
    public static string Print(string prefix, string manifest, CpuTarget target)
    {
        string fail = LlvmText.Name(EntryNames.Fail(prefix)), launcher = LlvmText.Name(EntryNames.Launcher(prefix)), set = LlvmText.Name(EntryNames.SetLauncher(prefix));
        int bytes = Encoding.UTF8.GetByteCount(manifest) + 1;
        string align = LlvmText.Number(target.PointerBytes);
        return string.Create(LlvmText.Culture, $$"""
            @{{LlvmText.Name(EntryNames.Manifest(prefix))}} = constant [{{bytes}} x i8] c"{{LlvmText.Escaped(manifest)}}\00"
            @tx.serial = internal constant { ptr, ptr, i32 } { ptr @tx.serial.launch, ptr null, i32 1 }
            @{{launcher}} = hidden global ptr @tx.serial, align {{align}}

            define internal i32 @tx.serial.launch(ptr %state, ptr %body, ptr %context, i64 %count, i64 %grain) #0 {
            entry:
              %code = call i32 %body(ptr %context, i64 0, i64 %count, i32 0)
              ret i32 %code
            }

            define i32 @{{set}}(ptr %launcher) #0 {
            entry:
              %none = icmp eq ptr %launcher, null
              br i1 %none, label %serial, label %look
            serial:
              store atomic ptr @tx.serial, ptr @{{launcher}} release, align {{align}}
              ret i32 0
            look:
              %launch = load ptr, ptr %launcher, align {{align}}
              %workers.at = getelementptr inbounds { ptr, ptr, i32 }, ptr %launcher, i32 0, i32 2
              %workers = load i32, ptr %workers.at, align 4
              %no.launch = icmp eq ptr %launch, null
              %no.workers = icmp slt i32 %workers, 1
              %wrong = or i1 %no.launch, %no.workers
              br i1 %wrong, label %refuse, label %take
            refuse:
              ret i32 {{(int)EntryCode.Launcher}}
            take:
              store atomic ptr %launcher, ptr @{{launcher}} release, align {{align}}
              ret i32 0
            }

            {{Fail(fail)}}
            attributes #0 = { nounwind }

            """).ReplaceLineEndings("\n");
    }

    // tx_status: code, argument, 160 bytes of text. A byte of the text below 9 stands for a value, see EntryText.
    private static string Fail(string name) => $$"""
        define hidden i32 @{{name}}(ptr %status, i32 %code, i32 %argument, ptr %text, i64 %a, i64 %b, i64 %c, i64 %d) #0 {
        entry:
          %values = alloca [4 x i64], align 8
          %digits = alloca [24 x i8], align 1
          %none = icmp eq ptr %status, null
          br i1 %none, label %back, label %start
        back:
          ret i32 %code
        start:
          %v1 = getelementptr inbounds i64, ptr %values, i32 1
          %v2 = getelementptr inbounds i64, ptr %values, i32 2
          %v3 = getelementptr inbounds i64, ptr %values, i32 3
          store i64 %a, ptr %values, align 8
          store i64 %b, ptr %v1, align 8
          store i64 %c, ptr %v2, align 8
          store i64 %d, ptr %v3, align 8
          store i32 %code, ptr %status, align 4
          %argument.at = getelementptr inbounds i8, ptr %status, i32 4
          store i32 %argument, ptr %argument.at, align 4
          %message = getelementptr inbounds i8, ptr %status, i32 8
          br label %next
        next:
          %read = phi i32 [ 0, %start ], [ %read.next, %put ], [ %read.next, %number.end ]
          %write = phi i32 [ 0, %start ], [ %write.next, %put ], [ %write.number, %number.end ]
          %read.at = getelementptr inbounds i8, ptr %text, i32 %read
          %byte = load i8, ptr %read.at, align 1
          %read.next = add i32 %read, 1
          %is.end = icmp eq i8 %byte, 0
          %is.full = icmp sge i32 %write, 159
          %stop = or i1 %is.end, %is.full
          br i1 %stop, label %end, label %kind
        kind:
          %is.value = icmp ult i8 %byte, 9
          br i1 %is.value, label %number, label %put
        put:
          %write.at = getelementptr inbounds i8, ptr %message, i32 %write
          store i8 %byte, ptr %write.at, align 1
          %write.next = add i32 %write, 1
          br label %next
        number:
          %is.hidden = icmp ugt i8 %byte, 4
          %first = select i1 %is.hidden, i8 5, i8 1
          %index = sub i8 %byte, %first
          %index.wide = zext i8 %index to i32
          %value.at = getelementptr inbounds i64, ptr %values, i32 %index.wide
          %value = load i64, ptr %value.at, align 8
          %is.negative = icmp slt i64 %value, 0
          %opposite = sub i64 0, %value
          %size = select i1 %is.negative, i64 %opposite, i64 %value
          %is.zero = icmp eq i64 %value, 0
          %is.nothing = and i1 %is.hidden, %is.zero
          br i1 %is.nothing, label %copy.start, label %digit
        digit:
          %rest = phi i64 [ %size, %number ], [ %quotient, %digit ]
          %count = phi i32 [ 0, %number ], [ %count.next, %digit ]
          %quotient = udiv i64 %rest, 10
          %whole = mul i64 %quotient, 10
          %last = sub i64 %rest, %whole
          %last.byte = trunc i64 %last to i8
          %character = add i8 %last.byte, 48
          %digit.at = getelementptr inbounds i8, ptr %digits, i32 %count
          store i8 %character, ptr %digit.at, align 1
          %count.next = add i32 %count, 1
          %is.done = icmp eq i64 %quotient, 0
          br i1 %is.done, label %sign, label %digit
        sign:
          br i1 %is.negative, label %minus, label %copy.start
        minus:
          %minus.at = getelementptr inbounds i8, ptr %digits, i32 %count.next
          store i8 45, ptr %minus.at, align 1
          %count.minus = add i32 %count.next, 1
          br label %copy.start
        copy.start:
          %left.all = phi i32 [ 0, %number ], [ %count.next, %sign ], [ %count.minus, %minus ]
          br label %copy
        copy:
          %left = phi i32 [ %left.all, %copy.start ], [ %left.next, %copy.put ]
          %to = phi i32 [ %write, %copy.start ], [ %to.next, %copy.put ]
          %is.copied = icmp eq i32 %left, 0
          %is.full.too = icmp sge i32 %to, 159
          %copy.stop = or i1 %is.copied, %is.full.too
          br i1 %copy.stop, label %number.end, label %copy.put
        copy.put:
          %left.next = sub i32 %left, 1
          %from.at = getelementptr inbounds i8, ptr %digits, i32 %left.next
          %from = load i8, ptr %from.at, align 1
          %to.at = getelementptr inbounds i8, ptr %message, i32 %to
          store i8 %from, ptr %to.at, align 1
          %to.next = add i32 %to, 1
          br label %copy
        number.end:
          %write.number = phi i32 [ %to, %copy ]
          br label %next
        end:
          %end.at = getelementptr inbounds i8, ptr %message, i32 %write
          store i8 0, ptr %end.at, align 1
          ret i32 %code
        }

        """;
}
