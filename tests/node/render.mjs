// Reads Markdown on standard input, renders each of its formulas with KaTeX and with MathJax, and prints as JSON how many
// there were and which of them either refused: {"count": 12, "errors": [{"engine", "tex", "message"}]}.
import katex from "katex";
import { mathjax } from "mathjax-full/js/mathjax.js";
import { TeX } from "mathjax-full/js/input/tex.js";
import { SVG } from "mathjax-full/js/output/svg.js";
import { liteAdaptor } from "mathjax-full/js/adaptors/liteAdaptor.js";
import { RegisterHTMLHandler } from "mathjax-full/js/handlers/html.js";
import "mathjax-full/js/input/tex/ams/AmsConfiguration.js";
import "mathjax-full/js/input/tex/boldsymbol/BoldsymbolConfiguration.js"; // which pages load by themselves

const adaptor = liteAdaptor();
RegisterHTMLHandler(adaptor);
const page = mathjax.document("", { InputJax: new TeX({ packages: ["base", "ams", "boldsymbol"] }), OutputJax: new SVG() });

// Letters beyond KaTeX's own fonts are the words of a user, shown in a font of the browser.
const strict = (code) => (code === "unknownSymbol" || code === "unicodeTextInMathMode" ? "ignore" : "error");

function formulas(markdown) {
  const found = [];
  const take = (pattern, display) => {
    markdown = markdown.replace(pattern, (_, tex) => {
      found.push({ tex, display });
      return " ";
    });
  };
  take(/^```math\n([\s\S]*?)\n```$/gm, true);
  take(/^\$\$\n([\s\S]*?)\n\$\$$/gm, true);
  take(/\$`([^`]*)`\$/g, false);
  markdown = markdown.replace(/(?<!\\)(`+)(?!`)[\s\S]*?(?<!`)\1(?!`)/g, " "); // code
  take(/(?<!\\)\$((?:[^$\\]|\\[\s\S])+?)\$/g, false);
  if (/(?<!\\)\$/.test(markdown)) found.push({ tex: "\\unbalanced", display: false });
  return found;
}

let markdown = "";
for await (const chunk of process.stdin) markdown += chunk;
const errors = [];
const all = formulas(markdown);
for (const { tex, display } of all) {
  try {
    katex.renderToString(tex, { displayMode: display, throwOnError: true, strict });
  } catch (error) {
    errors.push({ engine: "katex", tex, message: String(error.message) });
  }
  const html = adaptor.outerHTML(page.convert(tex, { display }));
  const refused = /data-mjx-error="([^"]*)"/.exec(html) ?? /data-mml-node="merror"/.exec(html);
  if (refused) errors.push({ engine: "mathjax", tex, message: refused[1] ?? refused[0] });
}
console.log(JSON.stringify({ count: all.length, errors }));
