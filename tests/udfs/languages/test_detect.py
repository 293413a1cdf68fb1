"""The language of a file: what decides, for each family of shared extensions, and that nothing makes it fail."""

# ruff: noqa: E501 - one case a line.

from __future__ import annotations

import json
import runpy
import time
from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from udfs.languages import detect as languages
from udfs.languages.detect import KEPT, NAMES, detect, is_vendored, kind_of

# path, text, language: own snippets, each with what is typical for the language and no more.
SHARED = [
    ("a.al", 'codeunit 50100 "Sales Tools"\n{\n}\n', "al"),
    ("a.al", "package Tools::Text;\nsub trim {\n    my $s = shift;\n}\n", "perl"),
    ("a.as", "package shop.cart {\n    public class Item {\n        private var count:int = 0;\n    }\n}\n", "actionscript"),
    ("a.as", "void update(Node@ node, const string &in name)\n{\n    node.Move(name);\n}\n", "angelscript"),
    ("a.asc", "= Title of the book\n\nA paragraph.\n", "asciidoc"),
    ("a.asc", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nabcdef\n", "public key"),
    ("a.asc", "function room_Load()\n{\n  player.Say(1);\n}\n", "ags script"),
    ("a.asm", "start:\n  mov eax, 1\n  int 80h\n", "assembly"),
    ("a.asm", "start:\n  move.l d0,a1\n  movem.l d0-d7,-(sp)\n", "motorola 68k assembly"),
    ("a.b", "++++[>+++<-]>.", "brainfuck"),
    ("a.b", 'implement Hello;\ninclude "sys.m";\n', "limbo"),
    ("a.bas", '10 PRINT "HI"\n20 GOTO 10\n', "basic"),
    ("a.bas", 'Attribute VB_Name = "Tools"\nSub Run()\n  ActiveWorkbook.Save\nEnd Sub\n', "vba"),
    ("a.bas", 'Attribute VB_Name = "Tools"\nOption Explicit\nPublic Sub Run()\nEnd Sub\n', "visual basic 6.0"),
    ("a.bas", "#include once \"file.bi\"\nDim p As Integer Ptr\n", "freebasic"),
    ("a.bb", 'SUMMARY = "A tool"\ninherit cmake\n', "bitbake"),
    ("a.bb", "Graphics 640,480\nWhile Not KeyHit(1)\nWend\nFunction Draw(x)\nEnd Function\n", "blitzbasic"),
    ("a.bb", "(ns tools.core)\n(defn add [a b] (+ a b))\n", "clojure"),
    ("a.bf", "++++[>+++<-]>.", "brainfuck"),
    ("a.bf", 'using System;\nnamespace App\n{\n\tclass Program {}\n}\n', "beef"),
    ("a.bf", '"!olleH">:#,_@', "befunge"),
    ("a.bf", 'LoadFunctionLibrary ("tools");\nfprintf (stdout, "x");\n', "hyphy"),
    ("a.brd", "PCBNEW-BOARD Version 1\n", "kicad legacy layout"),
    ("a.brd", '<?xml version="1.0"?>\n<!DOCTYPE eagle SYSTEM "eagle.dtd">\n', "eagle"),
    ("a.bs", "<pre class='metadata'>\nTitle: X\n</pre>\n", "bikeshed"),
    ("a.bs", "sub Main()\n  print 1\nend sub\n", "brighterscript"),
    ("a.bs", "package Counter(mkCounter) where\n\ninterface Counter =\n    up :: Action\n", "bluespec bh"),
    ("a.cake", '#addin nuget:?package=Cake\nvar target = Argument("target");\nTask("Build");\n', "csharp"),
    ("a.cake", "fs = require 'fs'\ntask 'build', ->\n  fs.readdirSync '.'\n", "coffeescript"),
    ("a.cfg", "global\n    maxconn 100\ndefaults\n    mode http\n", "haproxy"),
    ("a.cfg", "[section]\nkey = value\n", "ini"),
    ("a.ch", "#command SAVE <x> => Save( <x> )\n", "xbase"),
    ("a.ch", "data list A -> C = nil : 1 -> C\n  | cons : A * C -> C.\ndef f(x) = x.\n", "charity"),
    ("a.cl", '(defun add (a b)\n  (+ a b))\n', "common lisp"),
    ("a.cl", "class Main inherits IO {\n  main() : Object { out_string(\"x\") };\n};\n", "cool"),
    ("a.cl", "__kernel void add(__global float *a)\n{\n}\n", "opencl"),
    ("a.cls", "public class Shop {\n    @AuraEnabled\n    public static void run() {}\n}\n", "apex"),
    ("a.cls", "Class Shop.Item Extends %Persistent\n{\nProperty Name As %String;\n}\n", "objectscript"),
    ("a.cls", "USING Progress.Lang.*.\nCLASS shop.Item:\nEND CLASS.\n", "openedge abl"),
    ("a.cls", "\\NeedsTeXFormat{LaTeX2e}\n\\ProvidesClass{shop}\n", "tex"),
    ("a.cls", "VERSION 1.0 CLASS\nBEGIN\n  MultiUse = -1\nEND\n", "vba"),
    ("a.cls", "VERSION 1.0 CLASS\nBEGIN\n  MultiUse = -1\n  Persistable = 0\nEND\n", "visual basic 6.0"),
    ("a.cp", "MODULE Shop;\nPROCEDURE Run*;\nBEGIN END Run;\nEND Shop.\n", "component pascal"),
    ("a.cp", "#include <vector>\nint main() { return 0; }\n", "cpp"),
    ("a.cs", "using System;\nnamespace Shop { class A {} }\n", "csharp"),
    ("a.cs", "!Shop methodsFor: 'sales'!\nsell\n  ^1! !\n", "smalltalk"),
    ("a.csl", "Events\n| where Level > 2\n| summarize count() by Name\n", "kusto"),
    ("a.cue", 'package shop\n\nprice: int & >0\n', "cue"),
    ("a.cue", 'FILE "disc.wav" WAVE\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\n', "cue sheet"),
    ("a.d", "module shop.cart;\nimport std.stdio;\nvoid main() { }\n", "d"),
    ("a.d", "#pragma D option quiet\nsyscall::open:entry\n{\n  trace(execname);\n}\n", "dtrace"),
    ("a.d", "obj/a.o: src/a.c src/a.h \\\n  src/b.h\n", "makefile"),
    ("a.ddl", "CREATE TABLE t (name VARCHAR2(10));\n", "plsql"),
    ("a.ddl", "CREATE TABLE t (name VARCHAR(10));\n", "sql"),
    ("a.dsc", "Format: 3.0 (quilt)\nSource: tool\n", "debian package control file"),
    ("a.dsc", "shop_task:\n  type: task\n  script:\n  - narrate hi\n", "denizenscript"),
    ("a.dsp", 'import("stdfaust.lib");\nprocess = os.osc(440);\n', "faust"),
    ("a.dsp", "# Microsoft Developer Studio Project File\n# Microsoft Developer Studio Generated Build File\n", "microsoft developer studio project"),
    ("a.e", "def add(a, b) {\n  return a + b\n}\n", "e"),
    ("a.e", "class SHOP\nfeature\n  run\n    do\n    end\nend\n", "eiffel"),
    ("a.e", "global procedure run(integer n)\n  if n then\n    ? n\n  end if\nend procedure\n", "euphoria"),
    ("a.ecl", "OUTPUT(5);\nx := 3;\n", "ecl"),
    ("a.ecl", ":- lib(ic).\nrun(X) :- X #= 1.\n", "eclipse"),
    ("a.ex", "defmodule Shop do\n  def run, do: 1\nend\n", "elixir"),
    ("a.ex", "include std/io.e\nif 1 then\n  puts(1, \"x\")\nend if\n", "euphoria"),
    ("a.f", "      PROGRAM MAIN\n      INTEGER I\n      END\n", "fortran"),
    ("a.f", ": square ( n -- n2 ) dup * ;\n", "forth"),
    ("a.f", "define process name=w {\n  flowop read name=r\n}\n", "filebench wml"),
    ("a.for", "  1.0  2.0\n  3.0  4.0\n", "formatted"),
    ("a.fr", "module Shop where\nimport Data.List\n", "frege"),
    ("a.frag", "uniform vec4 color;\nvoid main() { gl_FragColor = color; }\n", "glsl"),
    ("a.frag", "(function () {\n  var x = 1;\n}());\n", "javascript"),
    ("a.fs", "module Shop\nlet add a b = a + b\n", "f#"),
    ("a.fs", "\\ squares\n: square dup * ;\n", "forth"),
    ("a.fs", "#version 330\nout vec4 c;\nvoid main() {}\n", "glsl"),
    ("a.fs", "#pragma version(1)\n#pragma rs java_package_name(a.b)\n", "filterscript"),
    ("a.ftl", "<#if user??>\n  ${user.name}\n</#if>\n", "freemarker"),
    ("a.ftl", "# Greeting\nhello = Hello, { $name }!\n", "fluent"),
    ("a.fx", "float4 main() : COLOR { return 0; }\ntechnique T {}\n", "hlsl"),
    ("a.fx", "source Listen => Page;\nPage = ReadRequest -> Write;\n", "flux"),
    ("a.g", "DeclareGlobalFunction( \"Run\" );\nInstallGlobalFunction( Run, x -> x );\n", "gap"),
    ("a.g", "G21\nG1 X10 Y20\nM30\n", "g-code"),
    ("a.gd", "extends Node\nfunc _ready():\n    pass\n", "gdscript"),
    ("a.gd", 'DeclareOperation( "Run", [ IsInt ] );\n', "gap"),
    ("a.gml", "graph [\n  node [\n    id 1\n  ]\n]\n", "graph modeling language"),
    ("a.gml", "var i = 0;\nif (place_meeting(x, y, obj_wall)) { speed = 0; }\n", "game maker language"),
    ("a.gs", "uses java.util.List\nfunction run(a : String) : int { return 1 }\n", "gosu"),
    ("a.gs", "[indent=4]\ninit\n    print \"x\"\n", "genie"),
    ("a.gs", "#version 150\nlayout(points) in;\nvoid main() { EmitVertex(); }\n", "glsl"),
    ("a.gs", "function onOpen() {\n  var sheet = SpreadsheetApp.getActive();\n}\n", "javascript"),
    ("a.gts", "const A = <template>hi</template>;\n", "glimmer ts"),
    ("a.gts", "G04 layer*\nG01*\n", "gerber image"),
    ("a.h", "#include <stdio.h>\nint run(void);\n", "c"),
    ("a.h", "#include <vector>\nclass Shop {\npublic:\n  int run();\n};\n", "cpp"),
    ("a.h", "#import <Foundation/Foundation.h>\n@interface Shop : NSObject\n@end\n", "objective-c"),
    ("a.hh", "<?hh\nfunction run(): void {}\n", "hack"),
    ("a.hh", "#pragma once\nclass Shop {};\n", "cpp"),
    ("a.html", "<html><body></body></html>\n", "html"),
    ("a.i", "%module shop\n%{\n#include \"shop.h\"\n%}\n", "swig"),
    ("a.ice", "module Demo\n{\n  interface Hello { void say(); };\n};\n", "slice"),
    ("a.inc", "<?php\nfunction run() {}\n", "php"),
    ("a.inc", "#declare Red = rgb <1, 0, 0>;\n", "pov-ray sdl"),
    ("a.inc", "SRC_URI = \"http://x\"\ninherit cmake\n", "bitbake"),
    ("a.inc", "procedure Run;\nbegin\n  x := 1;\nend;\n", "pascal"),
    ("a.inc", "native GetMax(id);\nforward OnSpawn(id);\n#if defined _shop_included\n", "pawn"),
    ("a.inc", "methodmap Shop < Handle {\n}\nnative int Shop_Get(int client);\n", "sourcepawn"),
    ("a.inc", "--source include/have.inc\nSELECT a FROM t;\n", "sql"),
    ("a.inc", "<div>\n<p>text</p>\n</div>\n", "html"),
    ("a.inc", "%macro save 0\n  push eax\n%endmacro\n", "assembly"),
    ("a.j", ".class public Shop\n.super java/lang/Object\n", "jasmin"),
    ("a.j", "@implementation Shop : CPObject\n{\n}\n@end\n", "objective-j"),
    ("a.jq", "def total: map(.price) | add;\n", "jq"),
    ("a.jq", "for $x in (1, 2)\nlet $y := $x\nreturn $y\n", "jsoniq"),
    ("a.json", '{"openapi": "3.0.1"}', "oasv3-json"),
    ("a.ks", "lock throttle to 1.\nstage.\n", "kerboscript"),
    ("a.ks", "lang en_US\nkeyboard us\n%packages\n@core\n%end\n", "kickstart"),
    ("a.l", "%{\n#include <stdio.h>\n%}\n%%\n[0-9]+ ;\n%%\n", "lex"),
    ("a.l", "(de add (A B)\n   (+ A B) )\n", "picolisp"),
    ("a.l", "(defun add (a b)\n  (+ a b))\n", "common lisp"),
    ("a.l", ".TH X 1\n.SH NAME\nx\n", "roff"),
    ("a.lean", "import data.nat.basic\ntheorem a : 1 = 1 :=\nbegin\n  refl,\nend\n", "lean"),
    ("a.lean", "import Mathlib.Data.Nat\ntheorem a : 1 = 1 := by\n  rfl\n", "lean 4"),
    ("a.lisp", "(define (add a b)\n  (+ a b))\n(context 'MAIN)\n", "newlisp"),
    ("a.ls", "package\n{\n    public class Shop {}\n}\n", "loomscript"),
    ("a.ls", "add = (a, b) -> a + b\n", "livescript"),
    ("a.m", "function y = add(a, b)\n% ADD adds\ny = a + b;\nend\n", "matlab"),
    ("a.m", "#import <Foundation/Foundation.h>\n@implementation Shop\n@end\n", "objective-c"),
    ("a.m", ":- module shop.\n:- interface.\n", "mercury"),
    ("a.m", "implement Shop;\ninclude \"sys.m\";\n", "limbo"),
    ("a.m", "(* ::Package:: *)\nBeginPackage[\"Shop`\"]\n", "mathematica"),
    ("a.m", "shop ; a routine\n n x\n s x=$$add^math(1,2)\n q\n", "m"),
    ("a.m", ": add ( a b -- c )\n  +\n;\n", "muf"),
    ("a.m4", "AC_INIT([shop], [1])\nAC_OUTPUT\n", "m4sugar"),
    ("a.m4", "dnl macros\ndefine(`A', `b')\n", "m4"),
    ("a.mask", "div > span { 'hi' }\n", "mask"),
    ("a.mc", "using Toybox.System;\nclass Shop { function run() {} }\n", "monkey c"),
    ("a.md", "# Title\n\ntext\n", "markdown"),
    ("a.md", ';; Machine\n(define_insn "add"\n  [(set (reg) (reg))])\n', "gcc machine description"),
    ("a.ml", "let rec add a b = a + b\n", "ocaml"),
    ("a.ml", "structure Shop = struct\n  fun add (a, b) = a + b\nend\n", "standard ml"),
    ("a.mm", "#import <Foundation/Foundation.h>\n", "objective-c++"),
    ("a.mm", '<map version="1.0.1">\n</map>\n', "xml"),
    ("a.mo", "model Tank\n  Real x;\nequation\n  der(x) = 1;\nend Tank;\n", "modelica"),
    ("a.mo", 'import Debug "mo:base/Debug";\nactor { public func run() : async () {} }\n', "motoko"),
    ("a.mod", "MODULE Shop;\nFROM InOut IMPORT Write;\nEND Shop.\n", "modula-2"),
    ("a.mod", "param n;\nvar x >= 0;\nminimize cost: n * x;\n", "ampl"),
    ("a.mod", "NEURON {\n  SUFFIX k\n}\nUNITS {\n}\n", "nmodl"),
    ("a.mod", "drivers/net/a.o drivers/net/b.o\n", "linux kernel module"),
    ("a.moo", ":- module shop.\n:- interface.\n", "mercury"),
    ("a.moo", "@verb me:run none none none\nplayer:tell(1);\n.\n", "moocode"),
    ("a.mqh", "extern int n = 1;\nbool ok = OrderSelect(0, 1);\ndouble p = Ask;\n", "mql4"),
    ("a.mqh", "class CShop : public CObject\n{\n  virtual void Run();\n};\n", "mql5"),
    ("a.ms", ".TL\nTitle\n.PP\n", "roff"),
    ("a.ms", "fn add a b = (\n  a + b\n)\n", "maxscript"),
    ("a.n", "using System;\nmodule Shop { }\n", "nemerle"),
    ("a.nas", "var run = func { setprop(\"/a\", 1); }\n", "nasal"),
    ("a.nas", "section .text\n mov eax, 1\n", "assembly"),
    ("a.nb", "Notebook[{Cell[1]}]\n", "mathematica"),
    ("a.ncl", "load \"a.ncl\"\nbegin\n  x = 1\nend\n", "ncl"),
    ("a.nl", "(define (f x) x)\n", "newlisp"),
    ("a.nu", "def greet [name] { $'hi ($name)' }\n", "nushell"),
    ("a.nu", "(class Shop is NSObject\n  (- run is 1))\n", "nu"),
    ("a.odin", "package main\nmain :: proc() {}\n", "odin"),
    ("a.odin", "school = <\n  name = <\"x\">\n>\n", "object data instance notation"),
    ("a.p", "set terminal png\nplot sin(x)\n", "gnuplot"),
    ("a.p", "DEFINE VARIABLE n AS INTEGER NO-UNDO.\n", "openedge abl"),
    ("a.pbt", 'name: "x"\nitem { id: 1 }\n', "protocol buffer text format"),
    ("a.php", "<?php echo 1;\n", "php"),
    ("a.pkl", "(dp0\nS'a'\np1\nI1\ns.", "pickle"),
    ("a.pkl", 'amends "base.pkl"\nname = "x"\n', "pkl"),
    ("a.pl", "use strict;\nmy $x = 1;\n", "perl"),
    ("a.pl", "parent(a, b).\ngrand(X, Z) :- parent(X, Y), parent(Y, Z).\n", "prolog"),
    ("a.pl", "use v6;\nmy Int $x = 1;\n$x.say;\n", "raku"),
    ("a.plist", "{ a = 1; }\n", "openstep property list"),
    ("a.plt", "set xlabel 'x'\nplot 'a.dat'\n", "gnuplot"),
    ("a.pm", "/* XPM */\nstatic char *a[] = {};\n", "x pixmap"),
    ("a.pod", "=begin pod\n\ntext\n\n=end pod\n", "pod 6"),
    ("a.pp", "class shop {\n  file { '/a':\n    ensure => present,\n  }\n}\n", "puppet"),
    ("a.pp", "unit Shop;\ninterface\nimplementation\nend.\n", "pascal"),
    ("a.pro", "TEMPLATE = app\nSOURCES += a.cpp\n", "qmake"),
    ("a.pro", "-keep class a.b.** { *; }\n", "proguard"),
    ("a.pro", "pro shop, n\n  print, n\nend\n", "idl"),
    ("a.pro", "likes(a, b).\nfriend(X) :- likes(X, b).\n", "prolog"),
    ("a.properties", "# comment\na=b\n", "java properties"),
    ("a.q", "select * from t where a = 1;\n", "hiveql"),
    ("a.q", "f:{x+y}\n\\d .shop\n", "q"),
    ("a.qs", "namespace Shop {\n  operation Run() : Unit {}\n}\n", "q#"),
    ("a.qs", "var a = 1;\nShop.prototype.run = function() {};\n", "qt script"),
    ("a.r", "x <- c(1, 2)\n", "r"),
    ("a.r", 'REBOL [Title: "x"]\nprint 1\n', "rebol"),
    ("a.re", "let add = (a, b) => a + b;\nmodule type S = {};\n", "reason"),
    ("a.re", "#include <stdio.h>\n/*!re2c\n*/\n", "cpp"),
    ("a.res", "let add = (a, b) => a + b\n", "rescript"),
    ("a.rpy", "label start:\n    e \"hi\"\n", "ren'py"),
    ("a.rs", "use std::io;\nfn main() {}\n", "rust"),
    ("a.rs", "#pragma version(1)\n#pragma rs java_package_name(a)\n", "renderscript"),
    ("a.rsc", "/ip address\nadd address=1.2.3.4\n", "routeros script"),
    ("a.rsc", "module Shop\nimport IO;\n", "rascal"),
    ("a.s", "\t.globl main\nmain:\n\tmovl $1, %eax\n", "unix assembly"),
    ("a.s", "start:\n  move.w d0,d1\n  movem.l d0,-(sp)\n", "motorola 68k assembly"),
    ("a.sc", "Shop : Object {\n\tvar <a;\n\t*new { ^super.new }\n}\n", "supercollider"),
    ("a.sc", "object Shop {\n  def run(a: Int) = a\n  val x = 1\n}\n", "scala"),
    ("a.scd", "SynthDef(\\a, { Out.ar(0, SinOsc.ar) }).add;\n", "supercollider"),
    ("a.scd", "shop(1)\n\n# NAME\n\nshop - sells\n", "markdown"),
    ("a.sch", "EESchema Schematic File Version 2\n", "kicad schematic"),
    ("a.sch", "(define (f x) x)\n", "scheme"),
    ("a.shader", 'Shader "Shop/Red" {\n  SubShader { }\n}\n', "shaderlab"),
    ("a.shader", "#version 330\nvoid main() {}\n", "glsl"),
    ("a.sls", "nginx:\n  pkg.installed\n", "saltstack"),
    ("a.sls", "(library (shop)\n  (export f)\n  (import (rnrs)))\n", "scheme"),
    ("a.sol", "pragma solidity ^0.8.0;\ncontract Shop {}\n", "solidity"),
    ("a.sol", "G04 mask*\nD10*\n", "gerber image"),
    ("a.spec", "Name: shop\nVersion: 1\n%description\nx\n", "rpm spec"),
    ("a.spec", "require 'spec_helper'\ndescribe Shop do\nend\n", "ruby"),
    ("a.spec", "a = Analysis(['x.py'])\npyz = PYZ(a.pure)\n", "python"),
    ("a.sql", "SELECT a FROM t;\n", "sql"),
    ("a.sql", "DECLARE @a INT\nSELECT TOP 1 * FROM [dbo].[t]\nGO\n", "tsql"),
    ("a.sql", "CREATE FUNCTION f() RETURNS trigger AS $$\nBEGIN\nEND;\n$$ LANGUAGE plpgsql;\n", "plpgsql"),
    ("a.sql", "CREATE OR REPLACE PACKAGE p AS\n  a VARCHAR2(1);\nEND;\n/\n", "plsql"),
    ("a.sql", "CREATE PROCEDURE p LANGUAGE SQL BEGIN ATOMIC END\n", "sqlpl"),
    ("a.srt", "1\n00:00:01,000 --> 00:00:02,000\nHi\n", "subrip text"),
    ("a.srt", "set mode \"c-mode\"\ncontext file\ntemplate empty\n----\n----\n", "srecode template"),
    ("a.st", "Object subclass: #Shop\n  instanceVariableNames: 'a'\n", "smalltalk"),
    ("a.st", "$if(a)$\n$a.name$\n$endif$\n", "stringtemplate"),
    ("a.t", "use strict;\nuse Test::More;\nok(1);\n", "perl"),
    ("a.t", "use v6;\nuse Test;\nplan 1;\n", "raku"),
    ("a.t", "terra add(a : int, b : int)\n  return a + b\nend\n", "terra"),
    ("a.t", "var n : int := 1\nloop\n  put n\nend loop\n", "turing"),
    ("a.toc", "## Interface: 100000\n## Title: Shop\nshop.lua\n", "world of warcraft addon data"),
    ("a.trigger", "trigger T on Account (before insert) { }\n", "apex"),
    ("a.trigger", "echo run\n", "shell"),
    ("a.ts", "export const a: number = 1;\n", "typescript"),
    ("a.ts", '<?xml version="1.0"?>\n<!DOCTYPE TS>\n<TS version="2.1">\n</TS>\n', "xml"),
    ("a.txt", "words\n", "text"),
    ("a.typ", '#import "a.typ"\n= Title\n', "typst"),
    ("a.v", "module add(input a, output b);\nassign b = a;\nendmodule\n", "verilog"),
    ("a.v", "Require Import List.\nTheorem a : True.\nProof. trivial. Qed.\n", "coq"),
    ("a.v", "module main\nfn main() {\n\tprintln('x')\n}\n", "v"),
    ("a.vhost", "server {\n  listen 80;\n}\n", "nginx"),
    ("a.vhost", "<VirtualHost *:80>\n</VirtualHost>\n", "apacheconf"),
    ("a.w", "@* Intro.\n@c\nint main() {}\n", "cweb"),
    ("a.workflow", 'workflow "x" {\n  on = "push"\n}\n', "hcl"),
    ("a.x", "struct a { int b; };\nprogram P { version V { void A(void) = 1; } = 1; } = 2;\n", "rpc"),
    ("a.x", "%hook Shop\n- (void)run { %orig; }\n%end\n", "logos"),
    ("a.x", "OUTPUT_ARCH(riscv)\nSECTIONS\n{\n}\n", "linker script"),
    ("a.yaml", "openapi: 3.0.1\n", "oasv3-yaml"),
    ("a.yml", "a: 1\n", "yaml"),
    ("a.yy", "%%\nstart: 'a' ;\n%%\n", "yacc"),
    ("a.1", ".TH SHOP 1\n.SH NAME\nshop\n", "roff manpage"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "text", "language"), SHARED, ids=[f"{path}-{name}" for path, _, name in SHARED])
def test_a_shared_extension_is_settled_by_the_content(path: str, text: str, language: str) -> None:
    assert detect(path, text).language == language


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_the_line_ends_do_not_matter(newline: str) -> None:
    for path, text, language in SHARED:
        assert detect(path, text.replace("\n", newline)).language == language, path


@pytest.mark.parametrize(
    ("path", "text", "language", "by"),
    [
        ("src/a.py", "", "python", "extension"),
        ("src/A.PY", "", "python", "extension"),
        ("a.html.erb", "", "html+erb", "extension"),
        ("a.gradle.kts", "", "gradle kotlin dsl", "extension"),
        ("Main.C", "class A {};\n", "cpp", "content"),
        ("MAIN.C", "int main(void) { return 0; }\n", "c", "content"),
        ("CMakeLists.txt", "", "cmake", "filename"),
        ("Makefile", "", "makefile", "filename"),
        ("dockerfile", "", "dockerfile", "filename"),
        ("x/go.mod", "module a\n", "go module", "filename"),
        ("robots.txt", "User-agent: *\n", "robots.txt", "filename"),
        ("etc/hosts", "127.0.0.1 localhost\n", "hosts file", "filename"),
        ("LICENSE", "words", "text", "filename"),
        ("Changes", "words", "text", "filename"),
        ("run", "#!/usr/bin/env python3.11\n", "python", "shebang"),
        ("run", "#!/usr/bin/env -S node --harmony\n", "javascript", "shebang"),
        ("run", "#! /bin/bash -e\n", "shell", "shebang"),
        ("run", '#!/bin/sh\n# \\\nexec tclsh "$0" "$@"\n', "tcl", "shebang"),
        ("a.cgi", "#!/usr/bin/perl -w\n", "perl", "shebang"),
        ("run", "x = 1\n# vim: set ft=ruby sw=2 :\n", "ruby", "modeline"),
        ("a.inc", "// -*- mode: C++; tab-width: 4 -*-\n", "cpp", "modeline"),
        ("a.h", "/* -*- C++ -*- */\n", "cpp", "modeline"),
        ("a.webidl", "/* -*- Mode: IDL -*- */\n", "webidl", "extension"),
        ("noname", '<?xml version="1.0"?><a/>', "xml", "content"),
        ("noname", "<?php echo 1;", "php", "content"),
        ("a.sh.in", "", "shell", "extension"),
        ("a.c.in", "", "c", "extension"),
        ("a.lock", '{"a": 1}', "json", "content"),
    ],
)
def test_what_decides(path: str, text: str, language: str, by: str) -> None:
    found = detect(path, text)
    assert (found.language, found.by) == (language, by)


@pytest.mark.parametrize(
    ("path", "text"),
    [("noname", "words"), ("a.unheard", "x"), ("", ""), ("a.", "x"), ("a.lock", "words"), ("a.in", "a b")],
)
def test_without_evidence_the_language_is_unknown(path: str, text: str) -> None:
    assert (detect(path, text).language, detect(path, text).kind) == (None, "unknown")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("a.py", "code"),
        ("a.css", "data"),
        ("a.md", "text"),
        ("a.ipynb", "notebook"),
        ("a.csv", "excluded"),
        ("a.svg", "excluded"),
    ],
)
def test_the_kind_follows_the_language(path: str, kind: str) -> None:
    assert detect(path, "a").kind == kind


def test_the_names_and_the_kept_ones() -> None:
    kinds = Counter(kind_of(name) for name in NAMES)
    assert (len(NAMES), len(KEPT)) == (731, 607)
    assert KEPT <= NAMES
    assert kinds["notebook"] == 1
    assert set(kinds) == {"code", "data", "text", "notebook", "excluded"}
    assert kind_of("no such language") == "unknown"


def test_every_rule_names_a_language_and_compiles() -> None:
    rules = [rule for table in (languages._FIRST, languages._THEN) for listed in table.values() for rule in listed]
    assert {rule[0] for rule in rules} | set(languages.CLUES) | set(languages.DEFAULTS.values()) <= NAMES
    for pattern in (part for rule in rules for part in rule[1:]):
        languages._finders(pattern)


def test_every_language_of_a_shared_extension_can_be_reached() -> None:
    for extension, candidates in languages._LOWER_EXTENSIONS.items():
        if len(candidates) < 2 or extension == ".c":  # Of the latter, C++ owns only the upper-case form.
            continue
        rules = languages._FIRST.get(extension, ()) + languages._THEN.get(extension, ())
        reached = {rule[0] for rule in rules} | {languages._default(extension, candidates)}
        reached |= {name for rule in languages._HEURISTICS.get(extension, []) for name in rule["languages"]}
        reached |= set(languages.CLUES) if extension in languages.CLUED else set()
        assert set(candidates) <= reached, extension


def test_vendored_paths() -> None:
    assert is_vendored("web/node_modules/a/index.js")
    assert is_vendored("js/jquery-1.2.min.js")
    assert not is_vendored("src/main.py")


def test_the_derivation_gives_the_committed_data() -> None:
    shared = Path(__file__).parents[4] / "shared" / "data"
    if not shared.is_dir():
        pytest.skip("the shared data folder is not here")
    script = files("udfs") / "data" / "derive_languages.py"
    derive = runpy.run_path(str(script))["derive"]
    committed = json.loads((files("udfs") / "data" / "languages.json").read_text(encoding="utf-8"))
    assert derive(shared) == committed


_EXTENSIONS = sorted(languages._EXTENSIONS)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=30), st.sampled_from(_EXTENSIONS).map(lambda end: "a" + end)), st.text(max_size=300))
def test_nothing_makes_it_fail(path: str, text: str) -> None:
    found = detect(path, text)
    assert found.language is None or found.language in NAMES
    assert found.kind == ("unknown" if found.language is None else kind_of(found.language))
    assert detect(path, text) == found


@pytest.mark.parametrize("unit", ["a", " ", "\n", "a\n", "(", "foo bar: \n", "module class graph \n", "begin\n", "# "])
def test_no_text_takes_long(unit: str) -> None:
    text = unit * (8_000_000 // len(unit))
    for extension in (".d", ".m", ".sql", ".inc", ".service", ".pro", ".h", ".pl", ".txt"):
        start = time.perf_counter()
        detect("a" + extension, text)
        assert time.perf_counter() - start < 3, extension  # Measured under 0.8 s on a free core; room for a busy one.
