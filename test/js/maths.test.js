// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import {hasMaths, mathPieces, plainMaths, refusedTex} from "../../static/elements/maths.js";

/** A text's pieces, formulas as ["tex"] or, on a line of their own, ["tex", true]. @param {string} words */
const pieces = (words) => mathPieces(words).map((piece) => (typeof piece === "string" ? piece : piece.display ? [piece.tex, true] : [piece.tex]));

test("formulas are found where Pandoc finds them, and prices stay prices", () => {
  for (const [words, ...want] of /** @type {[string, ...any[]][]} */ ([
    ["", ],
    ["plain", "plain"],
    ["$x$", ["x"]],
    ["so $x$ and $y^2$.", "so ", ["x"], " and ", ["y^2"], "."],
    ["设$x>0$，求$y$", "设", ["x>0"], "，求", ["y"]],
    ["it costs $5 and $6", "it costs $5 and $6"],
    ["$20,000 and $30,000", "$20,000 and $30,000"],
    ["US$5, A$6, $7", "US$5, A$6, $7"],
    ["$ x$ and $x $", "$ x$ and $x $"],
    ["$5 for $x$", "$5 for ", ["x"]],
    ["$x$5", "$x$5"],
    ["the $n$th", "the ", ["n"], "th"],
    ["\\$x\\$", "$x$"],
    ["$\\$5$", ["\\$5"]],
    ["$$x$$", ["x", true]],
    ["$$ x = 1 $$ so", ["x = 1", true], " so"],
    ["$$", "$$"], ["$$$$", "$$$$"], ["$", "$"], ["$$x", "$$x"],
    ["\\(x\\) and \\[y\\]", ["x"], " and ", ["y", true]],
    ["\\( x \\)", ["x"]],
    ["\\(x", "\\(x"], ["\\(\\)", "\\(\\)"],
    ["\\\\(x\\\\)", "\\\\(x\\\\)"],
    ["\\(a \\\\ b\\)", ["a \\\\ b"]],
    ["$$a\n\nb$$", "$$a\n\nb$$"], // an empty line ends a paragraph
    ["$a\nb$", ["a\nb"]],
    ["C:\\dir and a\\b", "C:\\dir and a\\b"],
    ["cost $HOME and $PATH", "cost $HOME and $PATH"],
  ])) assert.deepEqual(pieces(words), want, words);
});

/** Numbers in [0, 1) that are the same in each run (mulberry32). @param {number} state */
function numbers(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 4294967296;
  };
}

test("no character is lost or made, whatever is written", () => {
  const signs = ["$", "$$", "\\", "\\$", "\\(", "\\)", "\\[", "\\]", " ", "\n", "x", "5", "字", "{", "}"];
  for (let seed = 1; seed <= 3000; seed++) {
    const next = numbers(seed);
    const words = Array.from({length: Math.floor(next() * 14)}, () => signs[Math.floor(next() * signs.length)]).join("");
    const found = mathPieces(words);
    // What was written, read from the pieces: each formula by its source, and a dollar for an escaped one.
    let at = 0;
    for (const piece of found) {
      if (typeof piece !== "string") {
        assert.ok(words.startsWith(piece.source, at), `seed ${seed}: ${JSON.stringify(words)}`);
        assert.ok(piece.tex.trim() === piece.tex && piece.tex !== "" && piece.source.includes(piece.tex));
        at += piece.source.length;
        continue;
      }
      assert.notEqual(piece, "");
      for (const sign of piece) {
        if (!words.startsWith(sign, at)) at++; // the backslash of an escaped dollar
        assert.ok(words.startsWith(sign, at), `seed ${seed}: ${JSON.stringify(words)}`);
        at += sign.length;
      }
    }
    assert.equal(at, words.length, `seed ${seed}: ${JSON.stringify(words)}`);
    assert.equal(hasMaths(words), found.some((piece) => typeof piece !== "string"));
  }
});

test("a text is read aloud without its dollars", () => {
  assert.equal(plainMaths("What is $\\frac{1}{2}$ of $4 or \\$5?"), "What is \\frac{1}{2} of $4 or $5?");
  assert.equal(plainMaths("nothing"), "nothing");
});

test("a formula defines, loads and names nothing, and is not nested without end", () => {
  for (const tex of ["\\def\\a{}", "\\gdef\\a{}", "\\let\\a\\b", "\\newcommand{\\a}{}", "\\renewcommand\\a{}", "\\require{x}", "\\href{x}{y}", "\\url{x}",
    "\\includegraphics{x}", "\\htmlClass{x}{y}", "\\htmlStyle{x}{y}", "\\class{x}{y}", "\\id{x}{y}", "\\label{x}", "\\ref{x}", "\\input{x}"]) {
    assert.deepEqual(refusedTex(`x + ${tex}`)?.why, "command", tex);
  }
  for (const tex of ["\\left(x\\right)", "\\delta\\lethal", "\\defined", "\\idotsint", "\\{\\}".repeat(300), "{x}".repeat(300), "\\sqrt{x}", "\\inf", "\\classical"]) {
    assert.equal(refusedTex(tex), undefined, tex);
  }
  assert.equal(refusedTex("{".repeat(2000))?.why, "deep");
  assert.equal(refusedTex("\\left(".repeat(41))?.why, "deep");
  assert.equal(refusedTex("{".repeat(30) + "x" + "}".repeat(30)), undefined);
});

test("a text of dollars is read in the time of its length", () => {
  for (const words of ["$".repeat(100_000), "$x ".repeat(30_000), "\\(".repeat(50_000), "$$x".repeat(30_000), "$x$".repeat(30_000)]) {
    assert.ok(mathPieces(words).length < 200);
  }
});
