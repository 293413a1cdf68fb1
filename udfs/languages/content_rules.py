"""Own content rules for extensions that several languages share: a table, looked up by udfs/languages/detect.py.

A rule is (language, pattern) or (language, pattern, pattern that must not be found). FIRST is asked before Linguist's
heuristics: where those are known to answer wrongly or not at all. THEN is asked after them. What is still open is settled
by CLUES: the candidate with the most matching patterns. `^` and `$` are line boundaries; (?i) ignores case.
"""

# ruff: noqa: E501 - one rule a line reads better than a folded pattern.

from __future__ import annotations

from typing import Final

Rule = tuple[str, str] | tuple[str, str, str]

_CPP: Final = (
    r"^\s*(?:template\s*<|class\s+\w+|using\s+namespace|namespace\s+\w+|(?:public|private|protected)(?:\s+\w+)?\s*:)"
    r"|\bstd::|^\s*#\s*include\s*<(?:iostream|vector|string|map|memory)>|^\s*(?:virtual|explicit|friend class)\s|\w+::\w+\("
)
_RAKU: Final = (
    r"^\s*use\s+v6\b|^\s*unit\s|^\s*has\s+(?:\w+\s+)?[$@%&][.!]|^\s*(?:multi|proto)\s+\w+|^\s*(?:grammar|role)\s+\w+"
    r"|\bmy\s+(?:Str|Int|Num|Bool|Rat|Array|Hash)\s+[$@%]|\bis\s+(?:rw|export|copy)\b|\bgather\b|\.say;|^\s*method\s+\w+"
    r"|^#!.*(?:perl6|raku)\b|->\s*[$@%]\w+\s*\{"
)
_PERL: Final = (
    r"^\s*(?:use|no)\s+(?:strict|warnings|lib|vars|utf8|v?5|[A-Z]\w*(?:::\w+)+|[A-Z]\w+)\b[^\n]*;|^\s*(?:my|our|local)\s*[$@%(]"
    r"|^\s*sub\s+\w+|^\s*package\s+[\w:]+\s*;|@ARGV|=~\s*[ms/]|\$_\b|^require\s+['\"\w]|^=head1"
)
_PROLOG: Final = r"^\s*:-\s|^[a-z]\w*(?:\([^\n]*\))?\s*(?::-|-->)|^[a-z]\w*\([^\n]*\)\.\s*$"
_PLSQL: Final = (
    r"(?i)\bvarchar2\b|\bdbms_\w+|%(?:row)?type\b|\bpls_integer\b|\bend\s*;\s*\n/\s*$|^\s*whenever\s+sqlerror"
    r"|\bcreate\s+or\s+replace\s+(?:editionable\s+)?(?:package|type|procedure|trigger)\b|\bsysdate\b|\bnumber\s*\(\s*\d"
)
_MARKUP: Final = r"\A\s*<(?:\?xml|!--|!DOCTYPE|[a-zA-Z])"
_EUPHORIA: Final = (
    r"^\s*end\s+(?:if|for|while|function|procedure|type)\b|^\s*(?:include|without|with)\s+\w+(?:\.e)?\s*$"
)

FIRST: Final[dict[str, tuple[Rule, ...]]] = {
    ".C .H": (("cpp", _CPP), ("c", "")),
    ".al": (("perl", r"^(?:package\s+[\w:]+;|sub\s+\w+\s*\{|use\s+strict)"),),
    ".b": (("limbo", r"^\s*(?:implement|include|import)\s+[\w\"]|:\s*(?:adt|con|fn|module|import|list of)\b"),),
    ".bb": (
        ("clojure", r"^\s*\((?:ns|def\w*|require|let|println|->>?)\s"),
        ("blitzbasic", r"(?i)^\s*(?:end (?:function|if|type|select)|graphics\s+\d|function \w+[%#$]?\s*\(|(?:local|global) \w+[%#$.=])"),
        ("bitbake", r"^(?:inherit|require)\s|^[A-Z][A-Z0-9_]*(?:[_:][\w${}-]+)*\s*(?:[?:+.]|\?\?)?=\s*[\"']|^(?:python )?do_\w+"),
    ),
    ".bf": (
        ("hyphy", r"^\s*(?:ExecuteAFile|LoadFunctionLibrary|DataSet|DataSetFilter|LikelihoodFunction|Model|Tree|ffunction)\b"),
        ("beef", r"^\s*(?:namespace|class|struct|using)\s+\w"),
        ("befunge", r"[_,.#$|>v]@|@[,<v^]|:#|,_|_,|\"[<>^v]|^[<>^v ]*\d+[*+:]", r"\b(?:function|return|include|if)\b"),
    ),
    ".brd": (("kicad legacy layout", r"^PCBNEW-BOARD"), ("eagle", _MARKUP)),
    ".cl": (
        ("opencl", r"\b(?:__kernel|__global|__constant|kernel\s+void|get_global_id|cl_khr_\w+)\b"),
        ("common lisp", r"^\s*\(\s*(?:def\w+|in-package|load|require|setf|setq|let\*?|format|eval-when)\b"),
        ("cool", r"(?i)^\s*class\s+\w+(?:\s+inherits\s+\w+)?\s*(?:--[^\n]*)?\{"),
    ),
    ".cls": (
        ("tex", r"^\s*\\(?:NeedsTeXFormat|ProvidesClass|RequirePackage|LoadClass|DeclareOption)\b"),
        ("openedge abl", r"(?i)^\s*(?:using\s+[\w.*]+\.\s*$|end\s+(?:class|method|interface)\s*\.|routine-level|block-level)"),
    ),
    ".d": (
        ("dtrace", r"^#!\S*dtrace|^#pragma\s+D\s|^(?:\w*:){3}[\w-]*|^(?:BEGIN|END|dtrace:::\w+)\s*(?:\{|$)|^\s*provider\s+\w+\s*\{"),
        ("makefile", r"\A(?:#[^\n]*\n)*\s*[\w./\\$()-]+\.(?:l?o|d|obj)\b[^\n;{]*:"),
    ),
    ".e .ex": (("euphoria", _EUPHORIA),),
    ".ftl": (("fluent", r"^-?[a-zA-Z][\w-]*\s*=", r"</?[#@]|\[/?#|^\s*<"), ("freemarker", r"</?[#@]\w|\[/?#\w")),
    ".g": (("g-code", r"^(?:N\d+\s*)?[GM]\d{1,3}(?:\.\d)?(?:\s+[A-Z][-\d.]|\s*;|\s*\(|\s*$)"),),
    ".fs": (("forth", r"^: \S|^\\\s|\(\s[^)\n]*--[^)\n]*\)", r"^\s*(?:let|open|module|namespace)\s"),),
    ".gml": (("graph modeling language", r"(?i)^\s*graph\s*\[|^\s*graph\s*\n\s*\["),),
    ".gs": (
        ("genie", r"^\[indent|^init\s*$|^uses\s*$|^\s*def\s+\w+[^{]*$"),
        ("gosu", r"^\s*(?:uses\s+[\w.]+|package\s+[\w.]+\s*;?\s*$|enhancement\s|classpath\s|(?:override|static)\s+function)|^\s*property\s+[gs]et"),
        ("glsl", r"\b(?:gl_\w+|EmitVertex|EndPrimitive|layout\s*\()"),
        ("gosu", r"\bfunction\s+\w*\s*\([^)\n]*\w+\s*:|\bvar\s+_?\w+\s*:\s*\w|\)\s*:\s*\w+\s*\{"),
    ),
    ".j": (("jasmin", r"^\s*\.(?:class|super|method|source|field|end|limit|interface|bytecode)\b"),),
    ".l": (
        ("lex", r"^%%\s*$|^%\{\s*$|^%option\b|^%[xs]\s"),
        ("picolisp", r"^#?\s*\((?:de|class|rel|dm|load|must|setq|symbols)\s+[^\n]*"),
    ),
    ".lean": (
        ("lean 4", r":=\s*by\b|^\s*(?:deriving|macro_rules|macro|syntax|elab|inductive \w+ where|namespace Lean)\b|=>|\bfun\b[^\n,]*=>|^import [A-Z]"),
        ("lean", r"^begin$|\bbegin\b|λ[^\n]*,|^\s*(?:meta|parameters?|hypothesis)\s|,\s*$|^import [a-z]"),
    ),
    ".for": (("formatted", r"\A\s*[-+]?[\d.]", r"(?i)\b(?:integer|real|end|format|write|call|program|function|subroutine|do)\b"),),
    ".lisp .lsp": (
        ("common lisp", r"(?i)^\s*\(\s*(?:defun|defmacro|defvar|defparameter|defclass|defsystem|in-package|defpackage|declaim|asdf:)"),
        ("newlisp", r"^\s*\((?:define|context|new|set '|load)\b|\[text\]|#!.*newlisp|\(define\b"),
    ),
    ".m": (
        ("objective-c", r"^\s*(?:@(?:interface|implementation|protocol|class|end)\b|#\s*(?:import|include)\s*[<\"])"),
        ("mercury", r"^\s*:-\s*(?:module|import_module|interface|implementation|pred|func|type|mode)\b"),
        ("limbo", r"^implement\s+\w+|^include\s+\"|:\s*(?:module|adt)\s*$|:\s*(?:module|adt)\s*\{|PATH:\s*con\b"),
        ("mathematica", r"\A\s*\(\*|\bBeginPackage\[|\b(?:Module|Block|With|Table|Plot|Print|Needs)\[|^\s*\w+\[[^\]\n]*_[^\]\n]*\]\s*:?="),
        ("muf", r"^: \w|^\$(?:def|include|author|version)\b|^lvar\s"),
        ("m", r"^[%\w]*(?:\([^)\n]*\))?[ \t]+(?:;|(?:[nsqdwkfi]|new|set|quit|do|write|kill)(?::\S+)?[ \t]+[\w^\"($%]+[=,^(])|\$\$\w*\^|^%?\w+(?:\([^)\n]*\))?\s+;", r"^\s*(?:%[\s%]|function\b)"),
        ("matlab", r"^\s*%|^\s*(?:function|classdef)\b|^\s*(?:end|endfunction|clear|clc|close all)\s*;?\s*$"),
    ),
    ".md": (("gcc machine description", r"^\(define_(?:insn|expand|attr|c_enum|peephole|predicate|mode|constraint|split|const)", r"^```"),),
    ".ml": (
        ("standard ml", r"^\s*(?:structure|signature|datatype|functor)\s+\w|^\s*fun\s+\w+[^\n>]*=", r"^\s*let\s+\w+[^\n]*=[^\n]*\bin\b|^let\s|;;"),
        ("ocaml", r";;\s*$|^let\s+(?:rec\s+)?(?:\(\)|\w+)[^\n]*=|^open\s+[A-Z]\w*\s*$", r"^\s*(?:fun\s+\w+[^\n>]*=|datatype\s|structure\s)"),
    ),
    ".mo": (
        ("modelica", r"^\s*(?:within\b[^\n]*;|equation\s*$|end\s+\w+\s*;|(?:partial\s+|encapsulated\s+)?(?:model|package|block|connector|record)\s+\w+)"),
        ("motoko", r"^\s*(?:import\s+\w+\s*=?\s*\"|(?:persistent\s+)?actor\b|(?:public\s+|shared\s+|private\s+)*func\s|let\s|type\s+\w+\s*=|module\s*\{)"),
    ),
    ".mod": (
        ("modula-2", r"^\s*(?:(?:DEFINITION|IMPLEMENTATION)\s+)?MODULE\s+\w+|^\s*FROM\s+\w+\s+IMPORT\b"),
        ("ampl", r"^\s*(?:minimize|maximize|subject to|s\.t\.|param)\s+\w+", r"^\s*NEURON\b"),
    ),
    ".odin": (("odin", r"^package\s+\w+|::\s*(?:proc|struct|enum|union)\b"),),
    ".pkl": (("pickle", r"\A(?:\(?[dl]p\d|\(i|c\w[\w.]*\n\w+\n|\x80)|^[tR]+p\d+\s*$"),),
    ".pl": (
        ("raku", _RAKU, r"^\s*use\s+(?:strict|warnings)\b"),
        ("perl", _PERL, r"^\s*:-\s|^[a-z]\w*(?:\([^\n]*\))?\s*(?::-|-->)"),
        ("prolog", _PROLOG),
    ),
    ".pm": (("x pixmap", r"\A\s*/\* XPM"), ("raku", _RAKU, r"^\s*use\s+(?:strict|warnings)\b"), ("perl", _PERL)),
    ".pro": (
        ("qmake", r"^\s*(?:TEMPLATE|TARGET|QT|CONFIG|SOURCES|HEADERS|SUBDIRS|DEFINES|INCLUDEPATH|LIBS|FORMS)\s*[+*-]?=|^\s*include\(\S+\.pri\)"),
        ("proguard", r"^\s*-(?:keep|dont|optimiz|include|injars|libraryjars|renamesource|assume|print|allow|repackage|verbose)"),
        ("prolog", _PROLOG),
        ("idl", r"(?i)^\s*(?:pro|function)\s+\w+|\bend(?:for|if|else|while|rep)\b|\bprint\s*,|^\s*compile_opt\b"),
    ),
    ".re": (("cpp", r"^\s*#\s*include\s*[<\"]|/\*!re2c|\bint\s+main\s*\(|^\s*#(?:define|ifdef|ifndef)\s"),),
    ".rpy": (("ren'py", r"^(?:label|screen|define|init|image|transform|style|default|translate)\b"),),
    ".s": (("unix assembly", r"^\s*\.(?:globl|cfi_\w+|p2align|ident)\b"),),
    ".sc": (
        ("supercollider", r"^\s*\+?\s*[A-Z]\w*\s*(?::\s*[A-Z]\w*\s*)?\{|^\s*(?:classvar|var)\s+[<>]?\s*\w+[^\n:]*;|^\s*\*\s?\w+\s*\{", r"\bdef\s+\w+|\bval\s+\w+\s*[:=]|^\s*import\s"),
    ),
    ".sql": (("tsql", r"(?i)^\s*GO\s*;?\s*$|^\s*set\s+nocount\s+on|\bdeclare\s+@\w+|\[dbo\]"),),
    ".st": (("smalltalk", r"^!\s*\w+|\bmethodsFor:|\bsubclass:\s*#|\binstanceVariableNames:|^\s*\|(?:\s*\w+)+\s*\|\s*$"),),
    ".t": (
        ("terra", r"\bterralib\b|^\s*(?:local\s+)?terra\s+\w*|^\s*local\s+\w+(?:\s*,\s*\w+)*\s*=|^\s*require\s*\(?[\"']"),
        ("raku", _RAKU, r"^\s*use\s+(?:strict|warnings)\b"),
        ("turing", r"^\s*(?:put|get|proc|procedure|loop)\b[^;\n]*$|:=|^\s*end\s+(?:for|loop|if|case|\w+)\s*$", r";\s*$"),
        ("perl", _PERL),
    ),
    ".v": (
        ("verilog", r"\bendmodule\b|^\s*`(?:timescale|define|include|ifdef|ifndef|default_nettype)"),
        ("coq", r"^\s*(?:(?:From\s+\S+\s+)?Require\b|Proof\b|Qed\.|(?:Inductive|Fixpoint|Theorem|Lemma|Definition|Notation|Section|Ltac|Declare|Hint)\s)"),
    ),
    ".x": (("linker script", r"^\s*SECTIONS\b|^\s*MEMORY\b|\bOUTPUT_FORMAT\("),),
    ".ts": (("xml", r"\A\s*<(?:\?xml\b|!DOCTYPE\s+TS\b|!--(?!#)|TS(?:\s+\w+=|\s*>\s*<))"),),
    ".typ .mm .gst .pluginspec .workflow .res": (("xml", _MARKUP),),
    ".lock .backup": (("json", r"\A\s*[{\[]\s*[\"{\[\]}]"), ("toml", r"^\[\[?\w[\w.-]*\]\]?\s*$"), ("yaml", r"\A(?:---|\w+:\s*$)")),
    ".config .dist": (("xml", _MARKUP), ("json", r"\A\s*[{\[]\s*\"")),
    ".metadata": (("xpages", _MARKUP),),
    ".src": (("erlang", r"^\{\s*application\s*,"),),
    ".in": (("cmake", r"(?i)^\s*(?:set|include|cmake_\w+|find_\w+|if|@PACKAGE_INIT@)\b\s*(?:\(|$)"),),
    ".1 .2 .3 .4 .5 .6 .7 .8 .9": (("roff manpage", r"^[.']\s*(?:TH|Dt)\s+\S"), ("roff", r"^[.'](?:[A-Za-z]{2}\b|\\\")")),
}  # fmt: skip

THEN: Final[dict[str, tuple[Rule, ...]]] = {
    ".as": (
        ("actionscript", r"\bfunction\s+\w*\s*\(|^\s*package\b|^\s*import\s+\w+[\w.*]*;|:\s*(?:void|Void|Number|String|Boolean|MovieClip)\b"),
        ("angelscript", r"\b\w+\s*@|&\s*(?:in|out|inout)\b|^\s*#include|^\s*(?:void|int|uint|float|bool|string|array<)\b"),
    ),
    ".asc": (
        ("asciidoc", r"^(?:\[\[|\[source|:[\w-]+:|image::|include::|\.[A-Z]\w+|\* \w)"),
        ("ags script", r"^\s*(?:#define|#ifn?def|struct|managed|import|export|function|enum)\b|^\s*//|player\."),
    ),
    ".bs": (
        ("bikeshed", r"^\s*<(?:h\d|pre|p|div|dl|section)\b|^(?:Title|Shortname|Level|Status):"),
        ("brighterscript", r"(?i)^\s*(?:end\s+(?:class|namespace|if|enum|interface)|import\s+\"|class\s+\w+|namespace\s+[\w.]+\s*$)"),
        ("bluespec bh", r"^(?:import\s+\w+|interface\s+\w+\s*=|\w+\s*::)|<-|\brules\b"),
    ),
    ".cake": (("csharp", r"^\s*(?:#(?:addin|tool|load|r)\s|Task\s*\(|var\s+\w+\s*=|using\s)|;\s*$"), ("coffeescript", r"->|^\s*task\s")),
    ".cfg": (("haproxy", r"^\s*(?:global|defaults|(?:frontend|backend|listen)\s+[\w.-]+[^=\n]*)\s*$", r"^\s*\["), ("ini", r"^\s*\[|=")),
    ".ch": (("charity", r"^\s*(?:data|codata|def)\s+\w+|\brf\s+\""), ("xbase", r"(?i)#\s*\w+")),
    ".cp": (("component pascal", r"^\s*MODULE\s+\w+|\bPROCEDURE\b|^\s*END\s+\w+\."), ("cpp", "")),
    ".cue": (("cue sheet", r"(?i)^\s*(?:FILE\s+\"|TRACK\s+\d+\s+\w+|INDEX\s+\d\d\s|PERFORMER\s+\"|CATALOG\s)"), ("cue", "")),
    ".ddl .prc": (("plsql", _PLSQL), ("sql", "")),
    ".dsc": (("debian package control file", r"^(?:Format|Source|Binary|Maintainer|Checksums-\w+):[ \t]|^Files:"), ("denizenscript", "")),
    ".e": (
        ("eiffel", r"(?i)^\s*(?:indexing|class\s+[A-Z_]+|deferred class|feature\b|inherit\b|create\b)"),
        ("e", r"->|<-|\bdef\s+\w+|:=\s|^\s*pragma\.|\bprintln\("),
        ("euphoria", r"^--|\b(?:puts|printf)\s*\(\s*\d|^\s*(?:\?|procedure|global)\s"),
    ),
    ".f .for": (
        ("fortran", r"(?i)^\s+(?:subroutine|program|function|implicit|integer|real|common|dimension|call|double|parameter)\b"),
        ("forth", r"^\s*\\\s|\(\s[^)\n]*--[^)\n]*\)"),
    ),
    ".frag": (
        ("glsl", r"#version|\bvoid\s+main|^\s*(?:uniform|varying|precision|in|out)\s|\bgl_\w+|\bvec[234]\b"),
        ("javascript", r"\bfunction\b|\bvar\s|=>"),
    ),
    ".fr": (("frege", r"::|\bwhere\b"),),
    ".fs": (("forth", r"^\\\s|\(\s[^)\n]*--[^)\n]*\)"), ("glsl", r"\bgl_\w+|void\s+main\s*\(")),
    ".fx": (("hlsl", r"\b(?:technique\d*|float[1-4](?:x[1-4])?|sampler\w*|[Tt]exture\w*|cbuffer)\b"), ("flux", r"->|^\s*(?:source|typedef|handle)\b")),
    ".gs": (("javascript", r"\bfunction\b|\bvar\s|\bconst\s|=>"),),
    ".h": (("cpp", r"include\s*<[a-z_]+>|const\s+\w[\w:]*\s*&|enum\s+class\b|override\s*(?:final\s*)?[;{]|nullptr\b|^\s*(?:virtual|explicit|friend class)\s|^\s*(?:public|private|protected)(?:\s+slots)?\s*:|&\s+operator|\)\s*const\s*[;{]|~\w+\(\)"),),
    ".i": (("swig", r"%\w+|#include"), ("assembly", r"(?i)^\s*(?:\.\w+|\w+\s+equ\s|;|mov|lda|ld|push)")),
    ".jq": (("jsoniq", r":=|\b(?:declare|jsoniq|return)\b|import\s+module"), ("jq", "")),
    ".ks": (
        ("kickstart", r"^(?:install|lang|keyboard|rootpw|bootloader|timezone|network|authconfig|clearpart|part)\b|^%(?:packages|post|pre|end)"),
        ("kerboscript", ""),
    ),
    ".l": (("common lisp", r"^\s*\(\s*(?:in-package|def\w+|setq|setf)"), ("roff", r"^[.'](?:\\\"|[A-Za-z]{2})"), ("picolisp", r"^\s*\(")),
    ".m": (
        ("mathematica", r"\(\*|:>|/@|\w\[\[|\b[A-Z]\w+\[[^\n]*\]\s*;?\s*$"),
        ("objective-c", r"@\"|^\s*#\s*(?:define|ifdef|if)\b|\bNS[A-Z]\w+|\[\w+\s+\w+[:\]]"),
    ),
    ".moo": (("mercury", r"^\s*:-\s"), ("moocode", "")),
    ".ms": (("unix assembly", r"^\s*\.(?:text|data|globa?l|section|align|file|type|word)\b"),),
    ".nas": (("nasal", r"\bvar\s+\w+\s*=|\bfunc\b|\bforeach\b|\b[gs]etprop\(|\bnil\b"), ("assembly", "")),
    ".nb": (("mathematica", r"Notebook\[|\(\*|Cell\[|Wolfram|CreatedBy"), ("text", "")),
    ".nu": (("nu", r"^\s*[;(]|^#!.*nush"), ("nushell", r"^\s*(?:mut|use|source|alias|for|if|def|\$env|ls|open|match)\b|\s\|\s")),
    ".p": (("gnuplot", r"^\s*(?:set|unset|s?plot|replot|pause)\s"),),
    ".pbt": (("powerbuilder", r"\A\s*(?:Save Format v|\$PB|appname|@begin)|^applib"), ("protocol buffer text format", "")),
    ".plt": (("gnuplot", ""),),
    ".pp": (("pascal", r"(?i)^\s*(?:unit|program)\s+\w+;|^\s*uses\s|\{\$\w|^\s*begin\s*$|:="), ("puppet", "")),
    ".q": (("hiveql", r"(?i)^\s*(?:select|insert|create|drop|explain|from|use|load\s+data|alter|set\s+hive|describe)\s"),),
    ".qs": (("q#", r"^\s*(?:open\s+Microsoft|function\s+\w+\s*\([^)]*:|operation\s)"),),
    ".rsc": (("routeros script", r"^\s*/(?:ip|interface|system|tool|queue|routing|user|log)\b|(?:^|\s):(?:local|global|foreach|if|put|log|set|do)\b"), ("rascal", "")),
    ".scd": (("markdown", r"^#+ [A-Z]+\s*$"), ("supercollider", "")),
    ".sch": (
        ("eagle", r"<!DOCTYPE\s+eagle|<eagle\b"),
        ("kicad schematic", r"\A\s*(?:EESchema|\(kicad_sch)"),
        ("xml", _MARKUP),
        ("scheme", ""),
    ),
    ".shader": (("shaderlab", r"^\s*(?:Shader\s*\"|SubShader\b|Properties\b)|CGPROGRAM|HLSLPROGRAM"), ("glsl", "")),
    ".sls": (("scheme", r"^\s*\((?:library|import|define)|^#!r6rs|\A\s*[(;]"), ("saltstack", "")),
    ".spec": (
        ("rpm spec", r"^(?:Name|Version|Summary|Release|License|Group)\s*:|^%(?:description|prep|build|define|global|files|install|changelog)"),
        ("ruby", r"^\s*(?:Gem::|Pod::|describe\b|require\s+['\"]|it\s+['\"])|\bdo\s*\|?\w*\|?\s*$"),
        ("python", r"\bAnalysis\(|\b(?:EXE|PYZ|COLLECT)\(|^(?:import|from|def)\s"),
    ),
    ".sql": (
        ("tsql", r"(?i)\bnvarchar\b|@@\w+|\bsp_\w+|\]\.\["),
        ("plsql", _PLSQL),
        ("plpgsql", r"(?i)\breturns\s+(?:trigger|setof)\b|\braise\s+notice\b|\bplpgsql\b"),
        ("sqlpl", r"(?i)\bbegin\s+atomic\b|\blanguage\s+sql\s|^\s*end\s*@|\breferencing\s+(?:new|old)\s+as\b|\bdb2\b"),
    ),
    ".srt": (("subrip text", r"-->"), ("srecode template", r"^(?:template|set|context|sectiondictionary|----)\b")),
    ".trigger": (("apex", r"(?i)^\s*trigger\s+\w+\s+on\b"), ("shell", "")),
    ".typ": (("typst", ""),),
    ".v": (("v", r"^\s*(?:(?:pub\s+)?fn\s|struct\s+\w+\s*\{|module\s+\w+\s*$|import\s+[\w.]+\s*$)"), ("coq", r"^\s*\(\*"), ("verilog", "")),
    ".vhost": (("nginx", r"^\s*(?:server|location|upstream)\b[^<\n]*\{|^\s*listen\s[^;\n]*;"), ("apacheconf", "")),
    ".txt": (
        ("adblock filter list", r"\A\[(?:[Aa]d[Bb]lock|u[Bb]lock|[Aa]d[Gg]uard)"),
        ("hosts file", r"\A(?:[ \t]*(?:#[^\n]*)?\n)*(?:\d{1,3}\.){3}\d{1,3}[ \t]+[A-Za-z][\w.-]*[ \t]*(?:#[^\n]*)?$"),
    ),
    ".w": (("openedge abl", r"(?i)&analyze-suspend|^\s*(?:define|create)\s+\w+|^\s*end\s+procedure"), ("cweb", "")),
    ".workflow": (("hcl", ""),),
    ".x": (("logos", r"^\s*%(?:hook|end|ctor|orig|group|new|class)\b"), ("linker script", r"\bENTRY\(|\*\(\.text"), ("rpc", "")),
}  # fmt: skip

CLUES: Final[dict[str, tuple[str, ...]]] = {
    "perl": (r"\bmy\s+[$@%]", r"^\s*use\s+[\w:]+", r"\$\w+->", r"^\s*sub\s+\w+"),
    "python": (r"^\s*def\s+\w+\(.*:\s*$", r"^(?:import|from)\s+\w+", r"\bself\b", r"^\s*(?:if|for|while|else)\b[^\n]*:\s*$"),
    "ruby": (r"^\s*require\s+['\"]", r"\bdo\s*\|", r"^\s*def\s+\w+[^:]*$", r"^\s*end\s*$"),
    "php": (r"<\?(?:php|=)?", r"\$this->", r"\becho\s+"),
    "lua": (r"\blocal\s+\w+", r"\bthen\s*$", r"^\s*--", r"\bfunction\s+[\w.:]+\("),
    "shell": (r"^\s*(?:fi|done|esac)\s*$", r"\becho\s", r"\$\{\w+|\$\(", r"\[\s+[^\]\n]*\]\s*(?:;|&&|\|\|)"),
    "scala": (r"\bdef\s+\w+", r"\bval\s+\w+", r"^\s*import\s+\w", r"^\s*(?:case\s+class|object|trait)\s+\w", r"=>"),
    "supercollider": (
        r"^\s*\+?\s*[A-Z]\w*\s*(?::\s*[A-Z]\w*\s*)?\{", r"\{\s*(?:arg\b|\|)", r"\.(?:ar|kr|ir)\(",
        r"\bvar\s+(?:<|>|\w+\s*[,;=])", r"^\s*\*\w+\s*\{", r"\bSynthDef\b", r"\^\w", r"~\w+",
    ),
    "mql4": (r"(?i)mql4", r"\bOrder(?:Select|Send|Close)\(", r"\b(?:Ask|Bid|Bars)\b", r"^\s*extern\s", r"\bMODE_\w+", r"\bdouble\s+\w+\[\]"),
    "mql5": (r"(?i)mql5", r"\bclass\s+C[A-Z]", r"\bMql\w+", r"\bPosition(?:Select|Get)\w*\(", r"\bENUM_\w+", r"\bvirtual\b", r"^\s*input\s"),
    "haproxy": (r"^\s*(?:timeout|option|server|bind)\s",),
    "pawn": (r"^\s*(?:native|forward|stock)\s", r"\bFloat:", r"^\s*native\s+(?:\w+:)?\w+\(", r"^\s*#include\s*<\w+>\s*$", r"_included"),
    "sourcepawn": (
        r"^\s*native\s+(?:int|bool|void|Handle|float|any|Action|char)\b", r"\bmethodmap\b", r"\bHandle:|\bHandle\s", r"(?i)sourcemod",
        r"\bSharedPlugin\b", r"^\s*(?:native|forward|stock)\s", r"_included",
    ),
    "cpp": (_CPP, r"^\s*#\s*(?:include|ifdef|ifndef|define)\s", r"^\s*(?:static|inline|const|void|int|bool)\s[^\n]*[;{(]", r"\w+->\w+"),
    "html": (r"\A\s*<(?!\?)", r"</(?:div|table|p|a|ul|li|span|script|td|head)>", r"<!--"),
    "sql": (r"(?i)^\s*(?:select|insert\s+into|create\s+table|drop\s+table|update)\s", r"^--\s?(?:source|disable_|echo|eval)\b|^let \$", r"(?i)^\s*from\s+\w+"),
    "assembly": (
        r"(?i)^\s+(?:mov|lda|ldx|sta|push|call|ld|jmp|jsr|add|org)\s", r"(?i)^\.?\w+:?\s+(?:equ|db|dw|dd|macro|proc|struct)\b",
        r"^%(?:macro|define|include|ifdef)", r"^\s*;", r"^\s*\.(?:macro|byte|word|equ|define|include)\b",
    ),
    "bitbake": (r"^[A-Z][A-Z0-9_]*\s*[?:+.]?=\s*\"", r"^do_\w+", r"^SRC_URI|^DESCRIPTION|^LICENSE"),
    "pascal": (r"(?i)^\s*(?:procedure|function)\s+[\w.]+[^\n{]*;\s*$", r":=", r"\{\$", r"(?i)^\s*begin\s*$"),
    "nasl": (r"\blocal_var\b", r"\bscript_\w+\(", r"\bget_kb_item\("),
    "vba": (r"\b(?:Workbook|Worksheet|Range|Cells)\b",),
    "visual basic 6.0": (r"^\s*Attribute VB_", r"^\s*(?:Public|Private)\s+(?:Sub|Function|Declare)\b", r"^\s*Option Explicit"),
    "freebasic": (r"(?i)^\s*#include\b", r"(?i)\bas\s+(?:\w+\s+)?(?:ptr|integer|zstring|ubyte)\b", r"(?i)^\s*(?:end\s+)?namespace\b"),
    "basic": (r"^\s*\d+\s+[A-Z]+", r"(?i)^\s*(?:\d+\s+)?(?:print|goto|gosub|rem|input|let)\s"),
}  # fmt: skip

OWN_RULES_ONLY: Final = frozenset({".txt", ".ts"})
"""Linguist's patterns are not asked. Of .txt they are slow, and the mode line of a Vim help file is read before; of .ts
they take the generic in `Map<TS, string>` for Qt's XML."""

CLUED: Final = frozenset({".inc", ".sc", ".mqh", ".cgi", ".fcgi", ".bas", ".frm", ".bi"})
"""The extensions for which the clues are asked: elsewhere a language without clues would always lose."""

DEFAULTS: Final[dict[str, str]] = {
    ".asc": "asciidoc", ".asm": "assembly", ".bas": "basic", ".bf": "brainfuck", ".bb": "blitzbasic", ".ch": "xbase", ".cls": "apex",
    ".cfg": "ini", ".cl": "opencl", ".cs": "csharp", ".e": "eiffel", ".f": "fortran", ".for": "fortran", ".frag": "glsl", ".fs": "f#",
    ".fx": "hlsl", ".g": "gap", ".gd": "gdscript", ".gs": "javascript", ".hh": "cpp", ".i": "swig", ".inc": "php", ".l": "lex",
    ".lean": "lean 4", ".lsp": "common lisp", ".m": "matlab", ".mask": "mask", ".mc": "monkey c", ".mod": "linux kernel module",
    ".mqh": "mql5", ".ms": "maxscript", ".n": "nemerle", ".ncl": "ncl", ".nu": "nushell", ".odin": "odin", ".pl": "perl", ".pm": "perl",
    ".pro": "idl", ".properties": "java properties", ".re": "reason", ".res": "rescript", ".rno": "runoff", ".s": "unix assembly",
    ".sc": "supercollider", ".sol": "solidity", ".spec": "rpm spec", ".srt": "subrip text", ".st": "smalltalk", ".t": "perl",
    ".toc": "tex", ".rs": "rust", ".r": "r", ".p": "openedge abl", ".q": "q", ".qs": "qt script", ".d": "d", ".cgi": "perl",
    ".fcgi": "perl", ".ex": "elixir", ".es": "javascript", ".csl": "kusto", ".gml": "game maker language", ".as": "angelscript",
    ".b": "brainfuck", ".bs": "brighterscript", ".ftl": "freemarker", ".mojo": "mojo", ".sw": "sway", ".ml": "ocaml", ".v": "verilog",
    ".lisp": "common lisp", ".dsp": "faust", ".ecl": "ecl", ".pp": "puppet", ".mo": "modelica", ".al": "al", ".j": "objective-j",
    ".mm": "objective-c++", ".gst": "gosu", ".pluginspec": "ruby", ".brd": "kicad legacy layout",
}  # fmt: skip

SHARED_NAMES: Final[dict[tuple[str, ...], tuple[Rule, ...]]] = {
    ("hosts file", "ini"): (("ini", r"^\[\w"), ("hosts file", "")),
    # Their programs read comments in them, and every JSON is one with comments.
    ("json", "json with comments"): (("json with comments", ""),),
    ("pip requirements", "text"): (
        ("pip requirements", r"^[ \t]*(?:[\w.-]+(?:\[[\w., -]*\])?[ \t]*(?:[<>=!~]=|[<>][ \t]*\d|@[ \t])|-[rcef]\b|--\w|(?:git|https?)[:+]\S+$)"),
        ("text", r"^[ \t]*\w[^\s#]*[ \t]+\w[^\n#]*[ \t]\w"),
        ("pip requirements", ""),
    ),
}  # fmt: skip
"""Languages that share file names, whatever the name: the first rule that holds; the last always does."""

ALSO_RUN: Final[dict[str, frozenset[str]]] = {
    "javascript": frozenset(("typescript", "tsx", "coffeescript", "livescript", "rescript", "purescript", "imba")),
    "python": frozenset(("cython", "hy", "sage", "starlark", "mojo")),
    "ruby": frozenset(("crystal",)),
    "groovy": frozenset(("gradle", "nextflow")),
    "lua": frozenset(("luau", "moonscript", "fennel")),
    "scheme": frozenset(("racket",)),
    "shell": frozenset(("fish", "nushell", "openrc runscript")),
    "ocaml": frozenset(("rescript", "reason")),
    "perl": frozenset(("pod",)),
    "php": frozenset(("hack",)),
}
"""Languages of files that the program of another one runs: a .ts file that begins with `#!/usr/bin/env node`."""

RUN_BY: Final[dict[str, str]] = {
    "clojure": "clojure clj lein boot lumo planck joker nbb", "emacs lisp": "emacs", "tcl": "expect",
    "kotlin": "kotlin kscript", "scala": "scala-cli amm scalas", "swift": "swift swift-sh", "nim": "nim nimr",
    "f#": "fsharpi fsi", "haskell": "stack cabal ghc", "ocaml": "utop", "standard ml": "sml poly", "java": "java jbang",
    "go": "gorun yaegi", "rust": "cargo-script run-cargo-script", "csharp": "dotnet-script scriptcs", "forth": "gforth",
    "common lisp": "abcl ros", "sage": "sage", "zig": "zig", "v": "v", "scheme": "mit-scheme petite scheme48",
}  # fmt: skip
"""Programs that run scripts, beside those that Linguist knows."""

NEEDS_PROOF: Final = frozenset({".lock", ".backup", ".config", ".dist", ".metadata", ".src", ".in", ".url"})
"""An extension that says little: without a matching rule the language stays unknown."""
