namespace Tx.Build;

/// <summary>Files by which build tools find a library where it lies: pkg-config and CMake. They name no path; what is beside them is meant.</summary>
internal static class PackageFiles
{
    /// <summary><c>NAME.pc</c>: <c>PKG_CONFIG_PATH=DIR pkg-config --cflags --libs NAME</c>.</summary>
    public static string PkgConfig(LibraryModel library) => $"""
        prefix=${"{"}pcfiledir{"}"}

        Name: {library.Name}
        Description: operators of {library.Source}
        Version: 1
        Cflags: -I${"{"}prefix{"}"}
        Libs: -L${"{"}prefix{"}"} -l{library.Name}{(library.Targets[0].IsFreestanding ? "" : " -lm")}

        """.ReplaceLineEndings("\n");

    /// <summary><c>NAMEConfig.cmake</c>: <c>find_package(NAME CONFIG REQUIRED PATHS DIR)</c>, then <c>NAME::NAME</c> (shared where there is one) and <c>NAME::NAME_static</c>.</summary>
    public static string CMake(LibraryModel library, bool hasStatic, bool hasShared)
    {
        string name = library.Name, maths = library.Targets[0].IsFreestanding ? "" : "m";
        string Library(string target, string kind, string file, string link) => $"""
            if(NOT TARGET {name}::{target})
              add_library({name}::{target} {kind} IMPORTED)
              set_target_properties({name}::{target} PROPERTIES
                IMPORTED_LOCATION "${"{"}CMAKE_CURRENT_LIST_DIR{"}"}/{file}"
                INTERFACE_INCLUDE_DIRECTORIES "${"{"}CMAKE_CURRENT_LIST_DIR{"}"}"
                INTERFACE_LINK_LIBRARIES "{link}")
            endif()

            """.ReplaceLineEndings("\n");
        string text = "";
        if (hasShared) text += Library(name, "SHARED", $"lib{name}.so.1", "").Replace("INTERFACE_LINK_LIBRARIES \"\"", $"IMPORTED_SONAME \"lib{name}.so.1\"", StringComparison.Ordinal);
        if (hasStatic) text += Library(name + "_static", "STATIC", $"lib{name}.a", maths);
        if (hasStatic && !hasShared) text += Library(name, "STATIC", $"lib{name}.a", maths);
        return text;
    }
}
