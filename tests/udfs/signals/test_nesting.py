"""Strings with code in them, raw strings, heredocs, dollar quotes: no comment is in them, but behind them."""

from __future__ import annotations

import time

import pytest

from udfs.signals.lexing import split

_CASES = [
    # JavaScript and TypeScript
    ("javascript", "x = `${o ? `${d}/*` : d}` // yes\n/* too */ y\n", ["// yes", "/* too */"]),
    ("javascript", "x = `a ${ {b: '}'}.b } // no` // yes\n", ["// yes"]),
    ("javascript", 'x = `${f("`")} // no`; // yes\n', ["// yes"]),
    ("javascript", "x = `${/* in */ a}` // yes\n", ["// yes"]),
    ("javascript", "x = `${s.replace(/`/g, '')} /*`; // yes\n", ["// yes"]),
    ("javascript", "x = `\\${ // no`; // yes\n", ["// yes"]),
    ("javascript", "x = `$ { ${a} # $${b} // no`; // yes\n", ["// yes"]),
    ("typescript", "type A = `${B}/*${C}`; // yes\n", ["// yes"]),
    ("tsx", "const a = <p className={`x ${b ? `y//${c}` : ''}`}>t</p>; // yes\n", ["// yes"]),
    ("javascript", "x = `${ never\ny = 1 // in the template\n", []),
    # Python
    ("python", "x = f\"{d['#']} # no\"  # yes\n", ["# yes"]),
    ("python", 'x = f"{d["#"]} # no"  # yes\n', ["# yes"]),
    ("python", "x = f'{a:#x} {b!r:>{w}} # no'  # yes\n", ["# yes"]),
    ("python", "x = f'{a:{'#'}>{w:{'<'}}}#'  # yes\n", ["# yes"]),
    ("python", "x = f'{{ # {a} }}'  # yes\n", ["# yes"]),
    ("python", "x = rf'''{f'{f'{1}#'}'} # no\n# no'''  # yes\n", ["# yes"]),
    ("python", "x = f'{{'.join(y)  # yes\n", ["# yes"]),
    ("python", "x = '{ # no'  # yes\n", ["# yes"]),
    ("python", "x = t'{a['b']}#'  # yes\n", ["# yes"]),
    ("python", "x = f'{a  # yes\n}'\n", []),
    ("starlark", 'a = """\n# no\n"""  # yes\nx = """no"""\n', ["# yes"]),
    # Kotlin, Swift, Scala, Dart, Groovy
    ("kotlin", 'val a = "${if (b) "/*" else "//"}" // yes\n', ["// yes"]),
    ("kotlin", 'val a = """C:\\""" // yes\n', ["// yes"]),
    ("kotlin", 'val a = """say "${x["//"]}"""" // yes\n', ["// yes"]),
    ("kotlin", 'val a = "${list.map { "${it}/*" }.size}" // yes\nval c = \'"\' // too\n', ["// yes", "// too"]),
    ("kotlin", 'val a = "\\${" // yes\n', ["// yes"]),
    ("swift", 'let a = "\\(b ? "/*" : "//")" // yes\n', ["// yes"]),
    ("swift", 'let a = #"\\("# // yes\n', ["// yes"]),
    ("swift", 'let a = ##"x "# // no"## // yes\n', ["// yes"]),
    ("swift", 'let a = """\n // no \\(f("""\n/*\n"""))\n""" // yes\n', ["// yes"]),
    ("swift", 'let a = #"""\n"// no" \\n"""# // yes\n', ["// yes"]),
    ("scala", 'val a = s"${m("/*")} //" // yes\n', ["// yes"]),
    ("scala", 'val a = s"""${f("""/*""")}""" // yes\nval b = "${" // too\n', ["// yes", "// too"]),
    ("scala", 'val a = raw"""\\""" // yes\n', ["// yes"]),
    ("dart", "var a = r'\\'; // yes\n", ["// yes"]),
    ("dart", "var a = '${m['//']} /*'; // yes\n", ["// yes"]),
    ("dart", "var a = r'''\n\\ ' // no'''; // yes\n", ["// yes"]),
    ("dart", "var a = 'it\\'s ${b.map((x) => '$x/*').join('//')}'; // yes\n", ["// yes"]),
    ("groovy", 'def a = "${b ? "/*" : ""}" // yes\n', ["// yes"]),
    ("groovy", "def a = '${' // yes\n", ["// yes"]),
    # C#, F#, C++, Rust
    ("csharp", 'var a = $"{d["//"]} /*"; // yes\n', ["// yes"]),
    ("csharp", 'var a = $@"c:\\{d["/*"]}\\"; // yes\n', ["// yes"]),
    ("csharp", 'var a = @$"{x:N2}""//"; // yes\n', ["// yes"]),
    ("csharp", 'var a = @"c:\\"; // yes\n', ["// yes"]),
    ("csharp", 'var a = @"say ""hi"" // no"; // yes\n', ["// yes"]),
    ("csharp", 'var a = """ "// no" """; // yes\n', ["// yes"]),
    ("csharp", 'var a = """" """/* """"; // yes\n', ["// yes"]),
    ("csharp", 'var a = $"{{ {b} }} {c:yyyy/MM//dd}"; // yes\n', ["// yes"]),
    ("f#", 'let a = $"{d["(*"]}" // yes\n', ["// yes"]),
    ("cpp", 'auto a = R"x(" // no )" )x"; // yes\nauto b = u8R"(/*)"; // too\n', ["// yes", "// too"]),
    ("rust", 'let a = br##"x "# // no"##; // yes\n', ["// yes"]),
    ("rust", 'let a = r"c:\\"; // yes\n', ["// yes"]),
    # Ruby, Elixir, CoffeeScript, Crystal, Julia, PowerShell, Terraform
    ("ruby", 'a = "#{b ? "# no" : "x"} # no" # yes\n', ["# yes"]),
    ("ruby", "a = \"#{h['#{']}\" # yes\n", ["# yes"]),
    ("ruby", 'a = <<~EOS # no\n  # no "\n  EOS\nb # yes\n', ["# yes"]),
    ("ruby", "f(<<A, <<-'B')\n# no\nA\n# no '\n  B\nb # yes\n", ["# yes"]),
    ("ruby", "a << FOO # yes\nclass << self # too\n", ["# yes", "# too"]),
    ("ruby", "=begin\nx\n=end\na # yes\n", ["=begin\nx\n=end", "# yes"]),
    ("ruby", "puts `ls #{d} # no` # yes\n", ["# yes"]),
    ("powershell", "a = @'\n# no\n'@ # yes\n", ["# yes"]),
    ("powershell", 'a = @"\n# no "x" \n"@; f @{a = 1} # yes\n', ["# yes"]),
    ("elixir", 'a = "#{b["# no"]} # no" # yes\n', ["# yes"]),
    ("coffeescript", 'a = "#{b["# no"]} # no" # yes\n', ["# yes"]),
    ("crystal", 'a = "#{b["# no"]} # no" # yes\n', ["# yes"]),
    ("julia", 'a = "$(b["# no"]) # no" # yes\n', ["# yes"]),
    ("powershell", 'a = "$(b "# no") # no" # yes\n', ["# yes"]),
    ("hcl", 'a = "${b["# no"]} # no" # yes\n', ["# yes"]),
    ("hcl", 'a = <<-EOF\n# no "\n  EOF\nb = 1 # yes\n', ["# yes"]),
    # Shells
    ("shell", 'a="$(echo "x # no")" # yes\n', ["# yes"]),
    ("shell", 'a="${b:-"# no"} # no" # yes\n', ["# yes"]),
    ("shell", "a='it # no\n# no' # yes\n", ["# yes"]),
    ("shell", 'a="one # no\n# no $(f \'"\')" # yes\n', ["# yes"]),
    ("shell", "cat <<EOF\n# no don't\nEOF\nb # yes\n", ["# yes"]),
    ("shell", "cat <<-'EOF' > f\n\t# no \"\n\tEOF\nb # yes\n", ["# yes"]),
    ("shell", 'cat << "E"\n# no\nE x\nE\nb # yes\n', ["# yes"]),
    ("shell", 'x=$((1 << N)) # yes\ny=$((1<<2)) # too\ncat <<< "# no" # three\n', ["# yes", "# too", "# three"]),
    ("shell", "echo don\\'t # yes\necho it's # too\nb # three\n", ["# yes", "# three"]),
    ("dockerfile", "RUN <<EOF\n# no\nEOF\n# yes\n", ["# yes"]),
    ("perl", "print <<EOT;\n# no don't\nEOT\n1; # yes\n", ["# yes"]),
    ("perl", 'print <<~"A B";\n # no \'\n A B\n1; # yes\n$x << 2; # too\n', ["# yes", "# too"]),
    ("php", "<?php $a = <<<EOT\ndon't // no # no\nEOT;\n// yes\n", ["// yes"]),
    ("php", "<?php $a = <<<'X'\n/* no\n  X . 'b'; # yes\n", ["# yes"]),
    # SQL
    ("sql", "select $$it's -- no$$ -- yes\n", ["-- yes"]),
    ("sql", "select $t$ $$ /* no $t$, 'a' -- yes\n", ["-- yes"]),
    ("sql", "create function f() as $$\nbegin -- yes\nend $$ language sql; -- too\n", ["-- yes", "-- too"]),
    ("sql", "do $x$ begin -- yes\nend $x$;\n", ["-- yes"]),
    ("sql", "comment on x is $$a\ndon't -- no$$; -- yes\n", ["-- yes"]),
    ("sql", "select $1, a$b$c -- yes\nwhere x = '$$' -- too\n", ["-- yes", "-- too"]),
    ("sql", "select E'it\\'s -- no' -- yes\n", ["-- yes"]),
    ("plpgsql", "x := e'a\\'/* no'; name'b\\' -- yes\n", ["-- yes"]),
    ("plsql", "x := q'[it's -- no]'; y := nq'!it's /* no!'; -- yes\n", ["-- yes"]),
    ("plsql", "x := Q'<it's -- no>'; -- yes\n", ["-- yes"]),
    # Regular expressions and literals with delimiters of their own
    ("javascript", "x = `${a.match(/`/)} // no`; // yes\n", ["// yes"]),
    ("javascript", "x = `${ /`/.test(a) } // no`; // yes\n", ["// yes"]),
    ("javascript", "if (a) /`/.test(b) // yes\ny = `// no` // too\n", ["// yes", "// too"]),
    ("javascript", "while (f(a)) /[/`'\"]/.exec(b); // yes\n", ["// yes"]),
    ("javascript", "const f = (a) => /`/.test(a) // yes\ncase /`/: // too\n", ["// yes", "// too"]),
    ("javascript", "x = `${typeof /`/ === 'object'} // no` // yes\n", ["// yes"]),
    ("javascript", "x = f(a) / 2 + (b) / 3 // yes\ny = notif(a) / b / c; // too\n", ["// yes", "// too"]),
    ("php", '<?php $a = "{$b["//x"]} # no"; // yes\n', ["// yes"]),
    ("php", '<?php $a = "{$b->c([\'/*\' => "x"])} {d"; // yes\n', ["// yes"]),
    ("nix", '{ a = "${a."#b"} # no"; } # yes\n', ["# yes"]),
    ("nix", '{ a = "$ ${f { b = "# no"; }} $"; } # yes\n', ["# yes"]),
    ("python", 'x = fr"\\{a["#"]} # no"  # yes\n', ["# yes"]),
    ("python", "x = rf'\\{a['#']} \\' # no'  # yes\n", ["# yes"]),
    ("ruby", "a = %w(# a #b) # yes\n", ["# yes"]),
    ("ruby", "a = %q{x {# no} #} + %Q[#{b} # no] + %r{# no}i # yes\n", ["# yes"]),
    ("ruby", "a = b %w # yes\nc = d % (e) # too\nf = g %i[h] if x % y # three\n", ["# yes", "# too", "# three"]),
    ("crystal", "a = %w(# a #b) # yes\n", ["# yes"]),
    ("elixir", "a = ~s(a # b) # yes\n", ["# yes"]),
    ("elixir", "a = ~r/# no/ ; b = ~w[# a #b]a ; c = ~S|\\| # yes\n", ["# yes"]),
    ("elixir", 'a = ~S"""\n# no\n""" # yes\n', ["# yes"]),
    ("groovy", "def a = $/ /* no // $/ $$ /$ // yes\n", ["// yes"]),
    ("groovy", "def a = (b =~ /x$/) // yes\n", ["// yes"]),
    ("groovy", "a =~ /\\$[0-9]+$/ || // yes\nb =~ /c$/ // too\n", ["// yes", "// too"]),
    ("ocaml", "let a = {|(* no |} (* yes *)\n", ["(* yes *)"]),
    ("ocaml", "let a = {x|(* |} no |x} (* yes *)\nlet b = { c | d = 1 } (* too *)\n", ["(* yes *)", "(* too *)"]),
    ("perl", 'f(<<"A", <<B);\n# no\nA\n# no \'\nB\n1; # yes\n', ["# yes"]),
    ("perl", "f(<<A . x(<<'B C'));\n# no\nA\n# no \"\nB C\n1; # yes\n", ["# yes"]),
    ("ruby", 'f(<<-"E O") # no\n# no \'\n  E O\nb # yes\n', ["# yes"]),
    ("shell", "cat <<'E O'\n# no \"\nE O\nb # yes\n", ["# yes"]),
    # Haskell
    ("haskell", "f = a --> b\ng = a |-- b\nh = a -- yes\n--- too\n", ["-- yes", "--- too"]),
    ("haskell", "--| no\n-- | yes\nx = (-->) -- too\n", ["-- | yes", "-- too"]),
]


@pytest.mark.parametrize(("language", "text", "comments"), _CASES, ids=[ascii(c[:2]) for c in _CASES])
def test_comments_beside_strings_that_nest(language: str, text: str, comments: list[str]) -> None:
    found = split(text, language)
    assert found.comment_tokens == comments
    assert "".join(found.pieces) == found.code and len(found.code) + len(found.comments) == len(text)


def test_a_string_with_code_in_it_is_one_string() -> None:
    assert split("x = f\"{d['a']} b\" + 'c'\n", "python").strings == ["\"{d['a']} b\"", "'c'"]
    assert split('val a = "${f("b")}" + "c"\n', "kotlin").bare == 'val a = "" + ""\n'


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("javascript", "x = `${a\n`; y // yes\n"),
        ("python", "x = f'{a'  # yes\ny = f'{b:'  # too\n"),
        ("kotlin", 'val a = "${b" // yes\n'),
        ("ruby", 'a = "#{b" # yes\n'),
        ("shell", 'a="$(b" # yes\n'),
        ("sql", "select $$ -- yes\n"),
        ("shell", "cat <<EOF # yes\n"),
    ],
)
def test_code_that_is_never_closed_is_text(language: str, text: str) -> None:
    """As before there was a look into strings: the string ends where its quote does, the rest is told as ever."""
    assert split(text, language).comment_tokens[:1] == [text[text.index("yes") - 3 :].split("\n")[0].strip()]


@pytest.mark.parametrize(
    "language",
    [
        *("javascript", "python", "kotlin", "swift", "csharp", "ruby", "shell", "sql", "cpp"),
        *("elixir", "groovy", "ocaml", "php", "nix", "perl"),
    ],
)
@pytest.mark.parametrize(
    "unit",
    [
        "`${",
        "f'{",
        '"${',
        '"\\(',
        '$"{',
        '"#{',
        '"$(',
        "<<A\n",
        "<<A",
        "$a$",
        "$$",
        ' R"a(',
        ' r##"',
        '"""',
        "f'{x:",
        "{'",
        "= %w(",
        "= ~s(",
        "{a|",
        "q'[",
        "= $/",
        '"{$a',
        "<<A, <<B\n",
        "if (/",
    ],
    ids=ascii,
)
def test_time_is_linear_on_openers_without_an_end(language: str, unit: str) -> None:
    begin = time.process_time()
    split("x\n" + unit * (500_000 // len(unit)), language)
    split(("x\n" + unit) * (500_000 // len(unit)), language)
    assert time.process_time() - begin < 3
