"""A page's text: code as code in every way that pages write it, prose and tables readable, formulas as TeX."""

from __future__ import annotations

import random
import re

import pytest

from udfs.web.depth import MOST, TooDeepError, check_depth
from udfs.web.page_text import PageContent, page_content


def content(body: str, head: str = "<title>T</title>") -> PageContent:
    """Of a page with enough prose around to be one."""
    return page_content(
        f"<html><head>{head}</head><body><div><main><p>Some text before.</p>{body}<p>After it.</p></main></div></body>"
    )


def blocks(body: str) -> list[tuple[str, str]]:
    text = content(body).text
    return [(language, code) for language, code in re.findall(r"^```(\S*)\n(.*?)\n```$", text, re.M | re.S)]


CODE = "def f(x):\n    if x:\n\n\t\treturn 1"
MARKED = CODE.replace("def", '<span class="k">def</span>').replace("1", '<span class="mi">1</span>')
LINES = CODE.split("\n")


def rows(form: str) -> str:
    return "".join(form.format(line, number=number) for number, line in enumerate(LINES, 1))


NUMBERS = "\n".join(str(n) for n in range(1, 5))

WAYS = {
    "pre": f"<pre>{MARKED}</pre>",
    "pre with code": f"<pre><code>{MARKED}</code></pre>",
    "upper case": f"<PRE>{CODE}</PRE>",
    "carriage returns": f"<pre>{CODE}</pre>".replace("\n", "\r\n"),
    "line breaks": f"<pre>{CODE.replace(chr(10), '<br>')}</pre>",
    "line breaks in code": f"<code>{CODE.replace(chr(10), '<br/>').replace('    ', '&nbsp;' * 4)}</code>",
    "breaks between lines of the source": "<code>"
    + rows("{0}<br />\n  ").replace("    if", "&nbsp;&nbsp;&nbsp;&nbsp;if").replace("\t", "&Tab;")
    + "</code>",
    "a div a line": "<pre><code>" + rows("<div class='line'>{0}</div>") + "</code></pre>",
    "a div a line, indented source": "<pre>" + rows("<div>{0}</div>\n") + "</pre>",
    "a div with its line feed": "<pre>" + rows("<div>{0}\n</div>") + "</pre>",
    "a span a line": "<pre><code>" + rows('<span class="line">{0}</span>') + "</code></pre>",
    "a code a line": "<pre>" + rows("<code>{0}</code>") + "</pre>",
    "a numbered list in pre": '<pre class="prettyprint"><ol class="linenums">' + rows("<li>{0}</li>") + "</ol></pre>",
    "a numbered list of code": "<ol>" + rows("<li><code>{0}</code></li>") + "</ol>",
    "a table of lines": '<table class="js-file-line-container"><tbody>'
    + rows('<tr><td class="blob-num" data-line-number="{number}">{number}</td><td class="blob-code">{0}</td></tr>')
    + "</tbody></table>",
    "Sphinx, numbered": '<div class="highlight-default notranslate"><table class="highlighttable"><tr>'
    f'<td class="linenos"><div class="linenodiv"><pre>{NUMBERS}</pre></div></td>'
    f'<td class="code"><div class="highlight"><pre><span></span>{MARKED}\n</pre></div></td></tr></table></div>',
    "Sphinx, numbers in the line": '<div class="highlight"><pre>'
    + rows('<span class="linenos">{number}</span>{0}\n')
    + "</pre></div>",
    "rouge": '<figure class="highlight"><pre><code><table class="rouge-table"><tbody><tr>'
    f'<td class="gutter gl"><pre class="lineno">{NUMBERS}\n</pre></td><td class="code"><pre>{MARKED}\n</pre></td>'
    "</tr></tbody></table></code></pre></figure>",
    "Hexo": '<figure class="highlight"><table><tr><td class="gutter"><pre>'
    f"{NUMBERS.replace(chr(10), '<br>')}</pre></td>"
    '<td class="code"><pre>' + rows('<span class="line">{0}</span><br>') + "</pre></td></tr></table></figure>",
    "Hugo": f'<div class="highlight"><table class="lntable"><tr><td class="lntd"><pre><code>{NUMBERS}</code></pre></td>'
    f'<td class="lntd"><pre><code>{CODE}</code></pre></td></tr></table></div>',
    "highlight.js line numbers": '<pre><code class="hljs"><table class="hljs-ln"><tbody>'
    + rows(
        '<tr><td class="hljs-ln-line hljs-ln-numbers"><div class="hljs-ln-n">{number}</div></td>'
        '<td class="hljs-ln-line hljs-ln-code">{0}</td></tr>'
    )
    + "</tbody></table></code></pre>",
    "SyntaxHighlighter": '<div class="syntaxhighlighter"><table><tbody><tr><td class="gutter">'
    + rows('<div class="line number{number}">{number}</div>')
    + '</td><td class="code"><div class="container">'
    + rows('<div class="line"><code class="plain">{0}</code></div>')
    + "</div></td></tr></tbody></table></div>",
    "old SyntaxHighlighter": '<div class="dp-highlighter"><div class="bar"><div class="tools">view plain</div></div>'
    '<ol class="dp-py">' + rows("<li><span>{0}</span></li>") + "</ol></div>",
    "Crayon": '<div class="crayon-syntax"><div class="crayon-toolbar"><span>Python</span></div>'
    f'<div class="crayon-plain-wrap"><textarea class="crayon-plain">{CODE}</textarea></div><table><tr>'
    '<td class="crayon-nums"><div>' + rows('<div class="crayon-num">{number}</div>') + "</div></td>"
    '<td class="crayon-code"><div class="crayon-pre">'
    + rows('<div class="crayon-line">{0}</div>')
    + "</div></td></tr></table></div>",
    "WP-Syntax": '<div class="wp_syntax"><table><tr><td class="line_numbers"><pre>' + NUMBERS + "</pre></td>"
    f'<td class="code"><pre>{MARKED}</pre></td></tr></table></div>',
    "a copy button": f'<div class="highlight"><button class="copy-btn">Copy</button><pre>{CODE}</pre></div>',
    "a copy button inside": f'<pre>{CODE}<div class="copy-code">Copy code</div></pre>',
    "a label below": f"<pre>{CODE}</pre><a href='/play'>Run</a>",
    "a label above": f"<div>Copy code</div><pre>{CODE}</pre>",
    "numbers without a name": f"<table><tr><td><pre>{NUMBERS}</pre></td><td><pre>{CODE}</pre></td></tr></table>",
    "Prism line numbers": f'<pre class="line-numbers"><code>{CODE}<span aria-hidden="true" class="line-numbers-rows">'
    "<span></span><span></span></span></code></pre>",
    "CSDN": f'<pre><code class="prism">{CODE}</code><ul class="pre-numbering"><li>1</li><li>2</li></ul></pre>',
    "comments": f"<pre><div><!-- x -->{CODE.replace('1', '<!-- <br> -->1')}</div></pre>",
    "xmp": f"<xmp>{CODE}</xmp>",
    "in a hidden tab": f'<div class="tab-pane" style="display:none"><pre>{CODE}</pre></div>',
    "in a list": f"<ul><li>Text of an item.<pre>{CODE}</pre></li></ul>",
    "in what looks like a side bar": f'<div class="sidebar" role="menu"><pre>{CODE}</pre></div>',
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_write_code_gives_its_lines(way: str) -> None:
    found = blocks(WAYS[way])
    assert [code for _, code in found] == [CODE]
    text = content(WAYS[way]).text
    assert not re.search(r"(?i)\bcopy\b|view plain|^run$|^\s*1\s*$", text, re.M), text


LANGUAGES = {
    '<pre class="language-rust">x</pre>': "rust",
    '<pre><code class="language-c++">x</code></pre>': "cpp",
    '<pre><code class="lang-js">x</code></pre>': "javascript",
    '<div class="highlight-python3 notranslate"><div class="highlight"><pre>x</pre></div></div>': "python",
    '<div class="highlight highlight-source-shell"><pre>x</pre></div>': "shell",
    '<div class="language-ruby highlighter-rouge"><div class="highlight"><pre><code>x</code></pre></div></div>': "ruby",
    '<pre class="brush: java; toolbar: false">x</pre>': "java",
    "<pre class='brush:php'>x</pre>": "php",
    '<pre class="prettyprint lang-go">x</pre>': "go",
    '<pre><code class="hljs kotlin">x</code></pre>': "kotlin",
    '<pre class="sourceCode haskell"><code class="sourceCode haskell">x</code></pre>': "haskell",
    '<pre data-lang="swift">x</pre>': "swift",
    '<pre><code data-language="sql">x</code></pre>': "sql",
    '<figure data-lang="lua"><pre>x</pre></figure>': "lua",
    '<pre class="EnlighterJSRAW" data-enlighter-language="css">x</pre>': "css",
    '<pre class="src src-emacs-lisp">x</pre>': "emacs-lisp",
    '<pre lang="python">x</pre>': "python",
    '<pre lang="en">x</pre>': "",
    '<pre class="crayon lang:perl decode:true">x</pre>': "perl",
    '<div class="mw-highlight mw-highlight-lang-c"><pre>x</pre></div>': "c",
    '<div class="dp-highlighter"><ol class="dp-xml"><li>x</li><li>y</li></ol></div>': "",
    '<ol class="dp-xml"><li>x</li><li>y</li></ol>': "xml",
    '<pre class="programlisting language-none">x</pre>': "",
    '<div class="highlight-default"><pre>x</pre></div>': "",
    '<pre class="wp-block-code"><code lang="typescript">x</code></pre>': "typescript",
    "<pre>x</pre>": "",
    '<code class="language-python">a = 1\nb = 2</code>': "python",
}


@pytest.mark.parametrize("body", LANGUAGES)
def test_the_language_that_a_page_names(body: str) -> None:
    assert [language for language, _ in blocks(body)] == [LANGUAGES[body]]


def test_what_is_counted() -> None:
    found = content('<pre class="language-python">é = 1</pre><pre>x</pre><pre class="lang-py">y</pre><p><code>a</code>')
    assert (found.title, found.code_blocks, found.code_bytes) == ("T", 3, len("é = 1xy".encode()))
    assert (found.languages, found.inline_marks, found.has_mathematics) == (("python",), 1, False)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<p>Call <code>f(x)</code>.</p>", "Call `f(x)`."),
        ("<p>Call <code class='x'><span>f</span> (x)</code>.</p>", "Call `f (x)`."),
        ("<p>Press <kbd>Ctrl</kbd> in <tt>vi</tt>, see <samp>ok</samp></p>", "Press `Ctrl` in `vi`, see `ok`"),
        ("<p>A tick <code>a`b</code></p>", "A tick `` a`b ``"),
        ("<p>No<code></code>thing<code> </code></p>", "Nothing"),
        ("<p>Of<code> x </code>a</p>", "Of `x` a"),
        ('<p>In <code class="language-plaintext highlighter-rouge">x</code></p>', "In `x`"),
        ("<p>Two <code><a href='#'><code>x</code></a></code></p>", "Two `x`"),
        ("<p>Less <code>a &lt; b &amp;&amp; c</code></p>", "Less `a < b && c`"),
        ("<p><CODE>upper</CODE> case</p>", "`upper` case"),
        ("<p>A script <script>var x = '<code>';</script>of <code>a</code></p>", "A script of `a`"),
    ],
)
def test_code_inside_of_a_paragraph_is_marked(body: str, text: str) -> None:
    assert content(body).text == f"Some text before.\n\n{text}\n\nAfter it."


@pytest.mark.parametrize(
    ("body", "tex"),
    [
        ('<p><script type="math/tex">x^2</script></p>', "$x^2$"),
        ('<p><script type="math/tex; mode=display">x^2</script></p>', "$$x^2$$"),
        ('<p><span class="MathJax_Preview">x2</span><script type="math/tex">x^2</script></p>', "$x^2$"),
        (
            '<p><span class="katex"><span class="katex-mathml"><math><semantics><mi>x</mi><annotation '
            'encoding="application/x-tex">x^2</annotation></semantics></math></span>'
            '<span class="katex-html">x2</span></span></p>',
            "$x^2$",
        ),
        (
            '<p><span class="katex-display"><span class="katex"><math><semantics><mi>x</mi><annotation '
            'encoding="application/x-tex">x^2</annotation></semantics></math></span></span></p>',
            "$$x^2$$",
        ),
        ('<p><math alttext="x^2"><mi>x</mi></math></p>', "$x^2$"),
        (
            '<p><math display="block" alttext="{\\displaystyle x^2}"><mi>x</mi></math>'
            '<img class="mwe-math-fallback-image-inline" alt="{x}"></p>',
            "$$x^2$$",
        ),
        ("<p>\\(x^2\\)</p>", "\\(x^2\\)"),
        ("<p>\\[x^2\\]</p>", "\\[x^2\\]"),
    ],
)
def test_mathematics_is_kept_as_tex(body: str, tex: str) -> None:
    found = content(body)
    assert found.text == f"Some text before.\n\n{tex}\n\nAfter it." and found.has_mathematics


def test_a_formula_inside_of_code_is_its_tex() -> None:
    assert blocks('<pre><pre></pre>a = <math alttext="x^2"></math></pre>') == [("", "a = $x^2$")]


def test_a_block_inside_of_a_block_is_a_part_of_it() -> None:
    assert blocks("<pre>a\n<pre>b</pre>c</pre>") == [("", "a\nb\nc")]
    inner = '<div class="CodeMirror-code"><pre>x</pre><pre>y</pre></div>'
    assert blocks(f'<div class="syntaxhighlighter"><div>a</div>{inner}</div>') == [("", "a\nx\ny")]


def test_code_is_no_mathematics() -> None:
    assert not content("<pre>echo $$ \\(x\\) $$</pre><p>5 $ and 6 $</p>").has_mathematics


def test_tables_and_lists_are_readable() -> None:
    body = "<table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td><code>2</code></td></tr></table>"
    assert re.search(r"^A\t+B\n1\t+`2`$", content(body).text, re.M)
    assert "• one\n" in content("<ul><li>one</li><li>two</li></ul>").text
    assert "1. one\n" in content("<ol><li>one</li><li>two</li></ol>").text


def test_a_list_of_links_near_the_body_is_navigation() -> None:
    page = "<body><ul><li><a href='/a'>Home</a></li><li><a href='/b'>News</a></li></ul><p>Text.</p>{}</body>"
    assert page_content(page.format("")).text == "Text."
    assert "• said" in page_content(page.format("<ul><li>said here</li></ul>")).text


def test_a_fence_is_longer_than_those_inside() -> None:
    found = content("<pre>```python\nx\n```</pre>").text
    assert "````\n```python\nx\n```\n````" in found


def test_code_that_has_our_marks_is_none_of_ours() -> None:
    found = content("<pre>a\x01b0\x04</pre><p>\x02x\x03 \x01f7\x04 <code>y</code></p>&#1;b0&#4;")
    assert found.code_blocks == 1 and not re.search("[\x01-\x04]", found.text)


@pytest.mark.parametrize(
    "markup",
    [
        "",
        "plain text",
        "<pre>never closed",
        "<pre><pre>two</pre>",
        "<code>never closed <pre>x</pre>",
        "<pre>" * 300 + "x",
        "<div>" * 500 + "<pre>x</pre>",
        "<script>document.write('<pre>');</script><p>text</p><pre>x</pre>",
        "<!-- <pre>x</pre> --><p>text</p>",
        "<textarea><pre>x</pre></textarea>",
        "<frameset><frame></frameset>",
        "<svg><pre>x</pre></svg>",
        "<pre a=\"'>x</pre><p title='\">y</p>",
        "<table><pre>x</pre><tr><td>y</table>",
        "<p><a href='<pre>'>x</a></pre>",
    ],
)
def test_broken_markup_gives_a_text(markup: str) -> None:
    found = page_content(markup)
    assert found.code_blocks == len(re.findall(r"^```$", found.text, re.M)) / 2
    assert not re.search("[\x01-\x04]", found.text)


def test_a_pre_in_a_script_takes_no_text_with_it() -> None:
    found = page_content("<script>document.write('<pre>');</script><p>text</p><pre>x</pre>")
    assert found.text == "text\n\n```\nx\n```"


PIECES = ("<pre>", "</pre>", "<code>", "</code>", '<code class="language-x">', "<br>", "<table>", "</td>", "<ol><li>")
PIECES += ("<script>", "</script>", "<!--", "-->", '"', "'", ">", "<", "&#1;b0&#4;", "\x01b1\x04", "\x02", "\x03", "\0")
PIECES += ('<span class="linenos">', '<math alttext="x">', "<textarea>", "<xmp>", "<template>", "<svg>", "é", "<ul>")


@pytest.mark.parametrize("seed", range(150))
def test_spliced_pages_give_their_blocks_and_none_of_our_marks(seed: int) -> None:
    source = random.Random(seed)
    markup = "<body>" + "<p>Text.</p>".join(source.sample(sorted(WAYS.values()), 6)) + "</body>"
    for _ in range(source.randrange(1, 20)):
        at = source.randrange(len(markup))
        markup = markup[:at] + source.choice(PIECES) + markup[at + source.randrange(6) :]
    found = page_content(markup)
    assert not re.search("[\x01-\x04]", found.title + found.text)
    assert len(re.findall(r"^`{3,}[^`\n]*$", found.text, re.M)) >= 2 * found.code_blocks
    assert all(character < "\ud800" or character > "\udfff" for character in found.text)


HOSTILE = (
    "<code ",
    "<code>",
    "<pre ",
    "<pre>",
    "<pre><code>",
    "<a ",
    '<a "',
    "<a '",
    "<span class='line",
    "</span><span ",
    "<",
)
HOSTILE += (
    "<meta ",
    "\\[",
    "\\(",
    "$$",
    "\n \n",
    "<code>\n<br>",
    "<ol><li><code>x</code></li>",
    "<ul><li>",
    "<table><td>",
)
HOSTILE += (
    "&",
    "&#",
    "<!--",
    "<script>",
    "<td class='gutter'>",
    "<pre><div>",
    "<math>",
    " rel license",
    "```\n",
    "<tt",
    "\x02",
)


@pytest.mark.parametrize("piece", HOSTILE)
def test_markup_that_is_never_closed_takes_no_time_to_speak_of(piece: str) -> None:
    """A step for each pair of pieces would be thousands of millions."""
    for before in ("<body>", "<pre>", "<p><code>"):
        markup = before + piece * (60_000 // len(piece)) + "x</code></pre>"
        try:
            assert page_content(markup).text is not None
        except TooDeepError:
            assert piece.startswith("<")


@pytest.mark.parametrize(
    ("page", "is_too_deep"),
    [
        ("<div>" * MOST, False),
        ("<div>" * (MOST + 1), True),
        ("<DIV class='x'>" * (MOST + 1), True),
        ("<b>x</b>" * 5000, False),
        ("<p>x<br>y<li>z<td><img>" * 5000, False),
        ("a < b " * 5000, False),
        ("<blockquote>" * 600 + "<clipboard-copy>" * 600, True),
        ("<div>" * 900 + "</div>" * 900 + "<div>" * 900, False),
        ("</div>" * 5000 + "<div>" * 10, False),
        ("<svg><title>x</title>" + "<path d='x'/>" * 5000 + "</svg>", False),
        ("<svg><g>" + "<path/><linearGradient/>" * 5000 + "</g></svg>" + "<b>x</b>" * 5000, False),
        ("<path/>" * 5000, True),
        ("<svg><div/>" + "<path/>" * 5000, True),
        ("<svg><foreignObject><div>x</div></foreignObject>" + "<path/>" * 5000 + "</svg>", False),
        ("<svg></svg>" + "<path/>" * 5000, True),
        ("", False),
        ("<", False),
    ],
)
def test_pages_deeper_than_any_are_refused(page: str, is_too_deep: bool) -> None:
    if is_too_deep:
        with pytest.raises(TooDeepError, match="expected at most 1000 elements"):
            check_depth(page.encode())
    else:
        check_depth(page.encode())
